// Two photos of the strip in one picture, with their boxes and ages. gradio runs this once, after strip.js; `element` is
// the container of the strip.
const HIGH = 900, WIDE = 1200, GAP = 12, LABEL = 36, FOOT = 58;
const find = (selector) => element.querySelector(selector);
const dialog = find('.ga-compare-dialog'), preview = find('.ga-compare-dialog .ga-preview');
const selects = [find('[name="first"]'), find('[name="second"]')], photos = element.closest('#strip').gaPhotos;

const loaded = async ({ html, files }) => {
  const image = Object.assign(new Image(), { src: files[0].url });
  await image.decode();
  const figure = new DOMParser().parseFromString(html, 'text/html').querySelector('.ga-figure');
  return { image, faces: JSON.parse(figure.dataset.faces) };
};
// On a phone, one above the other where both would be small side by side; with labels of one size.
const together = (photos) => {
  const { canvasOf, drawPhoto, footer } = window.gaDrawing;
  const ratios = photos.map(({ image }) => image.naturalWidth / image.naturalHeight);
  const isStacked = ratios[0] + ratios[1] > 2 && window.matchMedia('(max-width: 640px)').matches;
  const sizes = ratios.map((ratio) => (isStacked ? [WIDE, Math.round(WIDE / ratio)] : [Math.round(HIGH * ratio), HIGH]));
  const [[w, h], [width, height]] = sizes, all = isStacked ? WIDE : w + GAP + width;
  const below = isStacked ? h + GAP + height : HIGH;
  const canvas = canvasOf(all, below + FOOT), context = canvas.getContext('2d');
  context.fillStyle = '#ffffff';
  context.fillRect(0, 0, all, below);
  photos.forEach(({ image, faces }, index) => {
    const size = LABEL * image.naturalWidth / sizes[index][0];
    const picture = drawPhoto(image, faces, { size, hasFooter: false });
    context.drawImage(picture, index && !isStacked ? w + GAP : 0, index && isStacked ? h + GAP : 0, ...sizes[index]);
  });
  footer(context, all, below, FOOT);
  return canvas;
};
let drawing = 0;
const draw = async () => {
  drawing += 1;
  const own = drawing;
  const chosen = selects.map(({ value }) => photos[value]);
  const canvas = together(await Promise.all(chosen.map(loaded)));
  const blob = await new Promise((done) => { canvas.toBlob(done, 'image/jpeg', 0.92); });
  if (own !== drawing) return; // others were chosen while a large photo was being decoded
  URL.revokeObjectURL(preview.src);
  preview.src = URL.createObjectURL(blob);
  preview.alt = `${chosen.map(({ name }) => name).join(' and ')}, with boxes and ages`;
};
for (const select of selects) select.addEventListener('change', draw);
element.addEventListener('click', (event) => {
  if (event.target === dialog || event.target.closest('.ga-compare-dialog [data-do="close"]')) dialog.close();
  if (event.target.closest('.ga-compare-dialog [data-do="save"]')) {
    Object.assign(document.createElement('a'), { href: preview.src, download: 'two-photos.jpg' }).click();
  }
  if (!event.target.closest('[data-tool="compare"]')) return;
  selects.forEach((select, index) => {
    select.replaceChildren(...photos.map(({ name, count }, at) => new Option(`${at + 1} · ${name}, ${count}`, at)));
    select.value = photos.length - 2 + index;
  });
  draw();
  dialog.showModal();
});
