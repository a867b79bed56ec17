// gradio runs this once. `element` is the container of the figure and the cards, whose content changes with every photo.
const calm = window.matchMedia('(prefers-reduced-motion: reduce)');
const parts = (number) => [...element.querySelectorAll(`[data-face="${number}"]`)];
const mark = (number) => {
  for (const part of element.querySelectorAll('[data-face]')) {
    const isMarked = part.dataset.face === number;
    const button = part.matches('button') ? part : part.querySelector('button');
    button.setAttribute('aria-pressed', String(isMarked));
    if (isMarked) part.setAttribute('aria-current', 'true');
    else part.removeAttribute('aria-current');
  }
};
element.addEventListener('click', (event) => {
  const act = event.target.closest('[data-act]');
  if (act) acts[act.dataset.act](act);
  if (event.target.closest('.ga-act')) return;
  const part = event.target.closest('[data-face]');
  if (!part) {
    if (event.target.closest('.ga-photo')) mark(null);
    return;
  }
  mark(part.dataset.face);
  const other = parts(part.dataset.face).find((each) => each !== part);
  other?.scrollIntoView({ block: 'nearest', behavior: calm.matches ? 'auto' : 'smooth' });
});
// Only a click scrolls the page: with the Tab key the focused face must stay in view.
element.addEventListener('focusin', (event) => {
  const part = event.target.closest('[data-face]');
  if (part) mark(part.dataset.face);
});
element.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') mark(null);
});
// The pointer over a box shows its card, and the other way round.
element.addEventListener('pointerover', (event) => {
  const number = event.target.closest('[data-face]')?.dataset.face;
  for (const part of element.querySelectorAll('[data-face]')) {
    part.toggleAttribute('data-hot', part.dataset.face === number);
  }
});
element.addEventListener('pointerleave', () => {
  for (const part of element.querySelectorAll('[data-hot]')) delete part.dataset.hot;
});

const acts = {
  // The tab Why? reads the number when it is selected.
  why: (button) => {
    document.querySelector('#tabs').dataset.face = button.closest('[data-face]').dataset.face;
    const tabs = [...document.querySelectorAll('#tabs button')].filter((tab) => tab.textContent.trim() === 'Why?');
    (tabs.find((tab) => tab.getAttribute('role') === 'tab') ?? tabs[0]).click();
    document.querySelector('#tabs').scrollIntoView({ block: 'nearest' });
  },
  copy: async (button) => {
    const words = button.firstChild;
    try {
      await navigator.clipboard.writeText(button.dataset.text);
      words.textContent = 'Copied';
    } catch {
      words.textContent = 'Copying is not allowed here';
    }
    setTimeout(() => { words.textContent = 'Copy'; }, 2500);
  },
};
