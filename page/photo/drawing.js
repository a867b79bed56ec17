// Pictures to share, drawn in the browser from the shown photo. gradio runs this once. `faces` are those of `data-faces`
// on the figure (page/photo/tools.py). Other scripts use it as `window.gaDrawing`.
const FONT = 'system-ui, sans-serif', LINE = 'Gender and age · how old faces look, guessed by a model';
// A face becomes this many blocks in width and in height, each of one colour: nothing else of it is in the picture.
const BLOCKS = 6;
const canvasOf = (width, height) => Object.assign(document.createElement('canvas'), { width, height });
const placed = (face, width, height) => face.box.map((share, index) => share * (index % 2 ? height : width));
const grown = ([x, y, w, h], by) => [x - w * by, y - h * by, w * (1 + 2 * by), h * (1 + 2 * by)];

const pixelate = (context, image, [x, y, w, h]) => {
  const left = Math.max(0, Math.floor(x)), top = Math.max(0, Math.floor(y));
  const width = Math.min(image.naturalWidth, Math.ceil(x + w)) - left;
  const height = Math.min(image.naturalHeight, Math.ceil(y + h)) - top;
  if (width <= 0 || height <= 0) return;
  const blocks = canvasOf(BLOCKS, BLOCKS), small = blocks.getContext('2d');
  small.fillRect(0, 0, BLOCKS, BLOCKS); // nothing of the face shines through
  small.imageSmoothingQuality = 'high';
  small.drawImage(image, left, top, width, height, 0, 0, BLOCKS, BLOCKS);
  context.imageSmoothingEnabled = false;
  context.drawImage(blocks, left, top, width, height);
  context.imageSmoothingEnabled = true;
};

// The photo, with all faces but number `only` pixelated where it is given, and `below` pixels more under it.
const plainPhoto = (image, faces, only, below = 0) => {
  const { naturalWidth: width, naturalHeight: height } = image;
  const canvas = canvasOf(width, height + below), context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  if (!only) return canvas;
  const others = faces.filter((face) => face.number !== only).map((face) => placed(face, width, height));
  for (const place of others) pixelate(context, image, grown(place, 0.2));
  const kept = placed(faces.find((face) => face.number === only), width, height);
  context.drawImage(image, ...kept, ...kept);
  for (const place of others) pixelate(context, image, place);
  return canvas;
};

const overlap = (a, b) => a[0] < b[0] + b[2] && b[0] < a[0] + a[2] && a[1] < b[1] + b[3] && b[1] < a[1] + a[3];
const drawBoxes = (context, faces, width, height, size) => {
  const line = Math.max(2, Math.max(width, height) * 0.004), taken = [];
  for (const face of faces) {
    for (const [lineWidth, strokeStyle] of [[line * 1.7, '#000'], [line, face.fill]]) {
      Object.assign(context, { lineWidth, strokeStyle }).strokeRect(...placed(face, width, height));
    }
  }
  Object.assign(context, { font: `600 ${size}px ${FONT}`, textAlign: 'center', textBaseline: 'middle' });
  for (const face of faces) {
    const [x, y, w, h] = placed(face, width, height);
    // The longest label that is free above, below or inside the box; else the number alone.
    const places = face.labels.flatMap((text) => {
      const wide = context.measureText(text).width + size * 0.6, high = size * 1.35;
      const left = Math.max(0, Math.min(x, width - wide));
      return [y - high, y + h, y, y + h - high].map((top) => ({ text, at: [left, top, wide, high] }));
    });
    const isInside = ([, top, wide, high]) => wide <= width && top >= 0 && top + high <= height;
    const isFree = ({ at }) => isInside(at) && !taken.some((other) => overlap(at, other));
    const { text, at } = places.find(isFree) ?? places.at(-2);
    taken.push(at);
    context.fillStyle = face.fill;
    context.fillRect(...at);
    context.fillStyle = face.ink;
    context.fillText(text, at[0] + at[2] / 2, at[1] + at[3] / 2);
  }
};

const footer = (context, width, top, height) => {
  Object.assign(context, { fillStyle: '#1f2430' }).fillRect(0, top, width, height);
  const font = `${height * 0.45}px ${FONT}`;
  Object.assign(context, { fillStyle: '#ffffff', font, textAlign: 'center', textBaseline: 'middle' });
  context.fillText(LINE, width / 2, top + height / 2, width * 0.94);
};

// `size` is that of the labels, in pixels of the photo; a line below the photo says where it comes from.
const drawPhoto = (image, faces, { only = 0, size = 0, hasFooter = true } = {}) => {
  const { naturalWidth: width, naturalHeight: height } = image;
  const high = size || Math.max(11, Math.min(width, 3 * height) * 0.034), foot = hasFooter ? Math.round(high * 1.8) : 0;
  const canvas = plainPhoto(image, faces, only, foot), context = canvas.getContext('2d');
  drawBoxes(context, only ? faces.filter((face) => face.number === only) : faces, width, height, high);
  if (hasFooter) footer(context, width, height, foot);
  return canvas;
};

// The square around a face, without what lies beyond the photo.
const cropOf = (image, face) => {
  const { naturalWidth: width, naturalHeight: height } = image;
  const [x, y, w, h] = placed(face, width, height), side = Math.min(width, height, Math.max(w, h) * 1.6);
  const inside = (middle, all) => Math.max(0, Math.min(all - side, middle - side / 2));
  return [inside(x + w / 2, width), inside(y + h / 2, height), side, side];
};

const drawCard = (image, faces, face) => {
  const canvas = canvasOf(720, 1010), context = canvas.getContext('2d');
  const text = (words, font, y, fillStyle = '#1f2430') => {
    Object.assign(context, { font: `${font} ${FONT}`, fillStyle }).fillText(words, 360, y, 640);
  };
  const bar = (from, to, y, high, fillStyle) => {
    Object.assign(context, { fillStyle }).fillRect(60 + from * 6, y - high / 2, (to - from) * 6, high);
  };
  context.fillStyle = '#ffffff';
  context.fillRect(0, 0, 720, 1010);
  context.drawImage(plainPhoto(image, faces, face.number), ...cropOf(image, face), 60, 40, 600, 600);
  context.lineWidth = 8;
  context.strokeStyle = face.fill;
  context.strokeRect(60, 40, 600, 600);
  context.textAlign = 'center';
  text(`${face.age} years`, '700 84px', 730);
  text(`most likely ${face.range} · ${face.gender}`, '34px', 792, '#4a5060');
  const [low, high] = face.interval.map((age) => Math.min(100, Math.max(0, age)));
  bar(0, 100, 850, 20, '#dfe2e8');
  bar(low, Math.max(high, low + 0.5), 850, 20, face.fill);
  bar(Math.min(99, face.years) - 0.5, Math.min(99, face.years) + 0.5, 850, 44, '#1f2430');
  context.font = `24px ${FONT}`;
  for (let age = 0; age <= 100; age += 20) context.fillText(String(age), 60 + age * 6, 905);
  footer(context, 720, 950, 60);
  return canvas;
};

const shownPhoto = () => document.querySelector('#faces .ga-photo img');
const shownFaces = () => JSON.parse(document.querySelector('#faces .ga-figure')?.dataset.faces ?? '[]');
window.gaDrawing = { canvasOf, cropOf, drawBoxes, drawCard, drawPhoto, footer, shownFaces, shownPhoto };
