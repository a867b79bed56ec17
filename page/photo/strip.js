// The last photos of this visit, in the browser's memory only: a click shows an earlier answer again, without the model
// and also once the server has deleted its files. gradio runs this once; `element` is the container of the strip.
const MOST = 12;
const host = element.closest('#strip'), section = element.querySelector('.ga-strip'), list = element.querySelector('.ga-thumbs');
const said = element.querySelector('.ga-said'), photos = host.gaPhotos = [];
let visit = 0;
const release = (photo) => photo.files.forEach(({ url }) => URL.revokeObjectURL(url));
const mark = (photo) => photos.forEach(({ button }) => { button.ariaCurrent = button === photo?.button ? 'true' : null; });
const refresh = () => {
  section.hidden = !photos.length;
  element.querySelector('[data-tool="compare"]').hidden = photos.length < 2;
  list.replaceChildren(...photos.map(({ entry }) => entry));
};

// The browser has the pictures already; `force-cache` takes them from there.
const copied = async ({ url, ...rest }) => {
  const answer = await fetch(url, { cache: 'force-cache' });
  if (!answer.ok) throw new Error('gone');
  return { ...rest, url: URL.createObjectURL(await answer.blob()) };
};
const thumbnail = async (url) => {
  const image = Object.assign(new Image(), { src: url });
  await image.decode();
  const { canvasOf, cropOf } = window.gaDrawing, canvas = canvasOf(128, 128);
  canvas.getContext('2d').drawImage(image, ...cropOf(image, { box: [0, 0, 1, 1] }), 0, 0, 128, 128);
  return canvas;
};
const name = ({ button, answer, name: photo, count }) => {
  button.querySelector('span').textContent = answer?.faces?.length ?? 0;
  button.setAttribute('aria-label', `Earlier photo ${photo}: ${count}. Show it again`);
};
// What the tab Why? shows is of another photo from now on.
const forgetWhy = () => { document.querySelector('#why-panel')?.setAttribute('data-old', ''); };
const buttonOf = async (photo) => {
  const button = Object.assign(document.createElement('button'), { type: 'button', className: 'ga-thumb' });
  button.append(await thumbnail(photo.files[0].url), Object.assign(document.createElement('span'), { ariaHidden: 'true' }));
  name({ ...photo, button });
  button.addEventListener('click', () => {
    mark(photo);
    forgetWhy();
    host.gaChosen = [photo.summary, { html: photo.html, files: photo.files }, photo.answer];
    trigger('select');
    if (window.gaPlace(document.querySelector('#summary')).top < 0) window.gaShow(document.querySelector('#result'));
  });
  return button;
};
// The same photo under other thresholds.
const again = (known, photo, current) => {
  if (current !== visit || !photos.includes(known)) return release(photo);
  const before = { files: known.files };
  Object.assign(known, photo);
  release(before);
  name(known);
  host.dispatchEvent(new CustomEvent('ga-kept', { detail: known }));
};
const keep = host.gaKeep = async (source, [summary, { html, files }, answer]) => {
  const current = visit, known = photos.find((photo) => photo.source === source);
  if (known) mark(known);
  // The page's own pictures come first.
  await new Promise((done) => { (window.requestIdleCallback ?? window.setTimeout)(done); });
  try {
    const photo = { source, summary, html, answer, files: await Promise.all(files.map(copied)) };
    const faces = answer?.faces?.length ?? 0;
    Object.assign(photo, { name: answer?.photo ?? 'photo', count: `${faces} ${faces === 1 ? 'face' : 'faces'}` });
    if (known) return again(known, photo, current);
    photo.button = await buttonOf(photo);
    photo.entry = document.createElement('li');
    photo.entry.append(photo.button);
    if (current !== visit || photos.some((each) => each.source === source)) return release(photo);
    photos.push(photo);
    if (photos.length > MOST) release(photos.shift());
    refresh();
    mark(photo);
    host.dispatchEvent(new CustomEvent('ga-kept', { detail: photo }));
  } catch { /* A picture is gone: there is nothing to go back to. */ }
};
host.addEventListener('ga-answer', ({ detail }) => {
  const source = detail[1]?.files?.[0]?.url ?? '';
  if (!source) return mark(null);
  if (source.startsWith('blob:')) return; // one of the strip's own
  said.textContent = '';
  keep(source, detail);
});

element.addEventListener('click', (event) => {
  if (!event.target.closest('[data-tool="forget"]')) return;
  visit += 1;
  photos.splice(0).forEach(release);
  refresh();
  forgetWhy();
  for (const picture of document.querySelectorAll('#waiting img')) {
    URL.revokeObjectURL(picture.src);
    picture.removeAttribute('src');
    picture.hidden = true;
  }
  said.textContent = said.dataset.text;
  host.gaChosen = [null, ...host.gaAtFirst];
  trigger('clear');
});
// Asks for what summary, figure and JSON show before the first photo.
trigger('input');
