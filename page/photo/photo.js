// gradio runs this once. `element` is the container of the figure and the cards, whose content changes with every photo.
const calm = window.matchMedia('(prefers-reduced-motion: reduce)');
const parts = (number) => [...element.querySelectorAll(`[data-face="${number}"]`)];
const mark = (number) => {
  for (const part of element.querySelectorAll('[data-face]')) {
    const isMarked = part.dataset.face === number;
    const button = part.matches('button') ? part : part.querySelector('button');
    button.ariaPressed = String(isMarked);
    part.ariaCurrent = isMarked ? 'true' : null;
  }
};
element.addEventListener('click', (event) => {
  const act = event.target.closest('[data-act]');
  if (act) acts[act.dataset.act](act);
  if (event.target.closest('.ga-act')) return;
  const part = event.target.closest('[data-face]');
  if (!part) return event.target.closest('.ga-photo') && mark(null);
  mark(part.dataset.face);
  const other = parts(part.dataset.face).find((each) => each !== part);
  if (other) window.gaShow(other, { block: 'nearest', behavior: calm.matches ? 'auto' : 'smooth' });
});
// Only a click scrolls the page: with the Tab key the focused face must stay in view.
element.addEventListener('focusin', ({ target }) => {
  const part = target.closest('[data-face]');
  if (part) mark(part.dataset.face);
});
element.addEventListener('keydown', ({ key }) => { if (key === 'Escape') mark(null); });
// The pointer over a box shows its card, and the other way round.
const heat = (number) => element.querySelectorAll('[data-face]')
  .forEach((part) => part.toggleAttribute('data-hot', part.dataset.face === number));
element.addEventListener('pointerover', ({ target }) => heat(target.closest('[data-face]')?.dataset.face));
element.addEventListener('pointerleave', () => heat());

const acts = {
  // The tab Why? reads the number when it is selected.
  why: (button) => {
    document.querySelector('#tabs').dataset.face = button.closest('[data-face]').dataset.face;
    [...document.querySelectorAll('#tabs [role="tab"]')].find((tab) => tab.textContent.trim() === 'Why?').click();
    window.gaShow(document.querySelector('#tabs'));
  },
  copy: async (button) => {
    const words = button.firstElementChild, { text } = button.dataset;
    const isCopied = await navigator.clipboard?.writeText(text).then(() => true, () => false);
    words.textContent = isCopied ? 'Copied' : 'Copying is not allowed here';
    setTimeout(() => { words.textContent = 'Copy'; }, 2500);
  },
};
