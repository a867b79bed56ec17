// A photo that is dropped or pasted anywhere on the tabs Photo and Many photos goes to their file input, as does what
// the buttons choose. Nothing that is dropped replaces the page.
const root = document.documentElement;
const said = element.querySelector('.ga-said');
const inputOf = (id) => document.querySelector(`${id} input[type="file"]`);
const isOpen = (id) => Boolean(document.querySelector(id)?.offsetParent);
const target = () => (isOpen('#stage') ? '#photo' : isOpen('#many-files') ? '#many-files' : null);
const say = (text) => { said.textContent = text; };
const give = (files) => {
  const id = target();
  const input = id && inputOf(id);
  if (!input || !files.length) return false;
  const bag = new DataTransfer();
  const chosen = files.find((file) => file.type.startsWith('image/')) ?? files[0];
  for (const file of id === '#photo' ? [chosen] : files) bag.items.add(file);
  input.files = bag.files;
  input.dispatchEvent(new Event('change', { bubbles: true }));
  say(id === '#photo' && files.length > 1 ? 'One photo at a time here. The tab “Many photos” takes all of them.' : '');
  return true;
};
element.gaGive = give;
element.gaSay = say;

const holdsFiles = (event) => event.dataTransfer?.types.includes('Files');
for (const kind of ['dragenter', 'dragover']) {
  window.addEventListener(kind, (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    root.classList.toggle('ga-dragging', target() !== null);
  }, true);
}
window.addEventListener('dragleave', (event) => {
  if (!event.relatedTarget) root.classList.remove('ga-dragging');
}, true);
window.addEventListener('drop', (event) => {
  root.classList.remove('ga-dragging');
  if (!holdsFiles(event)) return;
  event.preventDefault();
  if (give([...event.dataTransfer.files])) event.stopPropagation();
}, true);
window.addEventListener('paste', (event) => {
  const files = [...(event.clipboardData?.files ?? [])];
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
  if (event.target.closest('#choose')) inputOf('#photo').click();
  if (event.target.closest('#paste')) paste();
});
