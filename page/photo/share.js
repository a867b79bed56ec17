// The dialog that shares the shown answer as a picture: saved, copied, or handed to the phone's share sheet. gradio runs
// this once; `element` is the container of the tools.
const find = (selector) => element.querySelector(selector);
const dialog = find('.ga-share-dialog'), preview = find('.ga-preview'), said = find('.ga-share-dialog .ga-said');
const what = find('[name="what"]'), only = find('[name="only"]'), open = find('[data-tool="share"]');
const send = find('[data-do="send"]');
const { drawCard, drawPhoto, shownFaces, shownPhoto } = window.gaDrawing;
const GONE = 'The photo did not come from the server. Choose it again.';
let canvas = null, file = null, asked = 0;

const fill = (select, options) => select.replaceChildren(...options.map(([value, text]) => new Option(text, value)));
const draw = async () => {
  const own = asked += 1, image = shownPhoto(), faces = shownFaces();
  const face = faces.find(({ number }) => String(number) === what.value);
  only.closest('label').hidden = Boolean(face) || faces.length < 2;
  find('.ga-blur-note').hidden = Boolean(face) || !only.value;
  said.textContent = '';
  // On a slow connection the picture is still that of the photo before.
  const isThere = await image.decode().then(() => true, () => false);
  if (own !== asked) return; // another choice was made meanwhile
  if (!isThere) return void (said.textContent = GONE);
  canvas = face ? drawCard(image, faces, face) : drawPhoto(image, faces, { only: Number(only.value) });
  const blob = await new Promise((done) => { canvas.toBlob(done, 'image/jpeg', 0.92); });
  if (own !== asked) return;
  // Made before the click: browsers open the share sheet during a click only.
  file = new File([blob], face ? `face-${face.number}.jpg` : 'faces.jpg', { type: 'image/jpeg' });
  URL.revokeObjectURL(preview.src);
  preview.src = URL.createObjectURL(file);
  preview.alt = face ? `A card of face ${face.number}: ${face.age} years` : 'The photo with boxes and ages';
  send.hidden = !navigator.canShare?.({ files: [file] });
};

open.addEventListener('click', () => {
  const faces = shownFaces();
  if (!faces.length) return;
  canvas = file = null;
  send.hidden = true;
  URL.revokeObjectURL(preview.src);
  preview.removeAttribute('src');
  preview.alt = 'The picture is on its way…';
  fill(what, [['', 'The whole photo'], ...faces.map(({ number, age }) => [number, `A card of face ${number}, ${age} years`])]);
  fill(only, [['', 'no face'], ...faces.map(({ number }) => [number, `all but face ${number}`])]);
  draw();
  dialog.showModal();
});
what.addEventListener('change', draw);
only.addEventListener('change', draw);

const actions = {
  close: () => dialog.close(),
  save: () => {
    if (!file) return;
    Object.assign(document.createElement('a'), { href: preview.src, download: file.name }).click();
    said.textContent = `Saved as ${file.name}.`;
  },
  copy: async () => {
    if (!canvas) return;
    // A promise inside the item: Safari takes nothing that is made after the click.
    const png = new Promise((done) => { canvas.toBlob(done, 'image/png'); });
    try {
      await navigator.clipboard.write([new ClipboardItem({ 'image/png': png })]);
      said.textContent = 'Copied. Paste it where you like.';
    } catch {
      said.textContent = 'The browser does not let this page copy. Save the picture instead.';
    }
  },
  send: () => navigator.share({ files: [file] }).catch(({ name }) => {
    if (name !== 'AbortError') said.textContent = 'It could not be sent. Save the picture instead.';
  }),
};
dialog.addEventListener('click', (event) => {
  if (event.target === dialog) dialog.close(); // beside the dialog
  actions[event.target.closest('[data-do]')?.dataset.do]?.();
});

// The button is there while a photo with faces is shown.
const refresh = () => { open.hidden = !document.querySelector('#faces .ga-box'); };
new MutationObserver(refresh).observe(document.querySelector('#faces'), { childList: true, subtree: true });
refresh();
