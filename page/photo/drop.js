// A photo that is dropped or pasted anywhere on the tabs Photo and Many photos goes to their file input, as does what
// the buttons choose. Nothing that is dropped replaces the page.
const root = document.documentElement;
const inputOf = (id) => document.querySelector(`${id} input[type="file"]`);
const TARGETS = { Photo: '#photo', 'Many photos': '#many-files' };
const target = () => TARGETS[document.querySelector('#tabs [role="tab"][aria-selected="true"]')?.textContent.trim()];
const say = (text) => document.querySelectorAll('.ga-given-said').forEach((each) => {
  each.textContent = text;
  if (text) window.gaShow(each, { block: 'nearest' });
});
const listed = (files) => {
  const bag = new DataTransfer();
  for (const file of files) bag.items.add(file);
  return bag.files;
};
// gradio puts its inputs on the page one by one, and takes one away while it uploads: the latest files wait for theirs.
const late = new Map();
const put = () => late.forEach((files, id) => {
  const input = inputOf(id);
  if (!input) return;
  late.delete(id);
  Object.assign(input, { files }).dispatchEvent(new Event('change', { bubbles: true }));
  if (id === '#video-file') window.gaShow(input.closest('#many-video'));
});
new MutationObserver(put).observe(document.body, { childList: true, subtree: true });
const isVideo = ({ type }) => type.startsWith('video/');
const give = (files, id = target()) => {
  const isOne = id === '#photo', part = id === '#many-files' && document.querySelector('#many-video');
  if (!id || !files.length) return false;
  say(isOne && files.length > 1 ? 'One photo at a time here. The tab “Many photos” takes all of them.' : '');
  // Many photos has a part for one video, which is opened and emptied for it.
  if (part && files.filter(isVideo).length > 1) say('One video at a time here.');
  const video = part && files.find(isVideo), photos = video ? files.filter((file) => !isVideo(file)) : files;
  if (video) {
    part.querySelectorAll('.label-wrap:not(.open), [aria-label="Clear"]').forEach((button) => button.click());
    late.set('#video-file', listed([video]));
  }
  if (photos.length) late.set(id, listed(isOne ? [photos.find(({ type }) => type.startsWith('image/')) ?? photos[0]] : photos));
  put();
  return true;
};
window.gaGive = give;
element.gaSay = say;

// Most browsers do not offer HEIC, JPEG XL and RAW photos as pictures, and give them no type, without which gradio refuses
// them. No upstream issue was found. Can go when tests/browser/test_heic.py passes without it.
const OTHERS = '.heic,.heif,.hif,.jxl,.dng,.nef,.cr2,.arw';
const INPUTS = '#photo input[type="file"], #many-files input[type="file"]';
// gradio's own input is away while it uploads, and is replaced after each answer: a photo chosen meanwhile waits.
const chosen = element.querySelector('.ga-chosen');
chosen.accept = `image/*,${OTHERS}`;
chosen.addEventListener('click', () => { chosen.value = ''; });
chosen.addEventListener('change', () => give([...chosen.files], '#photo'));
document.addEventListener('click', ({ target: input }) => {
  if (input.matches?.(INPUTS) && !input.accept.includes(OTHERS)) input.accept += `,${OTHERS}`;
}, true);
window.addEventListener('change', (event) => {
  const input = event.target;
  if (!input.matches(INPUTS)) return;
  const wrong = input.matches('#photo input') && [...input.files].find(({ type }) => type && !type.startsWith('image/'));
  if (wrong) {
    event.stopImmediatePropagation();
    return say(`“${wrong.name}” is not a photo.`);
  }
  input.files = listed([...input.files].map((file) => (file.type ? file : new File([file], file.name, { type: 'image/x' }))));
}, true);

// Chromium puts a file into the drag of a picture as well, also of the page's own: that is no photo that was given.
const OWN = 'text/x-ga-own';
window.addEventListener('dragstart', ({ dataTransfer }) => dataTransfer?.setData(OWN, '1'), true);
const holds = (event, type) => event.dataTransfer?.types.includes(type);
for (const kind of ['dragenter', 'dragover']) {
  window.addEventListener(kind, (event) => {
    if (!holds(event, 'Files')) return;
    event.preventDefault();
    root.classList.toggle('ga-dragging', !holds(event, OWN) && Boolean(target()));
  }, true);
}
window.addEventListener('dragleave', (event) => { if (!event.relatedTarget) root.classList.remove('ga-dragging'); }, true);
window.addEventListener('drop', (event) => {
  root.classList.remove('ga-dragging');
  if (!holds(event, 'Files')) return;
  event.preventDefault();
  event.stopPropagation();
  if (holds(event, OWN)) return;
  const isFolder = [...event.dataTransfer.items].some((item) => item.webkitGetAsEntry()?.isDirectory);
  if (isFolder) say('A folder cannot be dropped: choose the photos in it, or put them into a .zip archive.');
  else give([...event.dataTransfer.files]);
}, true);
window.addEventListener('paste', (event) => {
  const files = [...(event.clipboardData?.files ?? [])];
  // Spreadsheets copy a picture of the text as well.
  if (event.target.matches?.('input, textarea') && event.clipboardData?.types.includes('text/plain')) return;
  if (files.length && give(files)) event.preventDefault();
}, true);

const NOTHING = 'There is no picture on the clipboard: copy one first.';
const REFUSED = 'The browser does not let this page read the clipboard: press Ctrl+V (⌘V on a Mac), or choose a file.';
const paste = async () => {
  say('');
  try {
    for (const item of await navigator.clipboard.read()) {
      const type = item.types.find((each) => each.startsWith('image/'));
      if (type) return give([new File([await item.getType(type)], `pasted.${type.slice(6)}`, { type })]);
    }
    say(NOTHING);
  } catch {
    say(REFUSED);
  }
};
document.addEventListener('click', (event) => {
  if (event.target.closest('#choose, #stage-examples')) say('');
  if (event.target.closest('#choose')) chosen.click();
  if (event.target.closest('#paste')) paste();
});
