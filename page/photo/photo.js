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

// gradio's example buttons contain an image without a text alternative; no upstream issue was found. Can go when axe
// (tests/browser/test_accessibility.py) passes without it.
const nameExamples = () => {
  document.querySelectorAll('#examples .gallery-item').forEach((button, index) => {
    button.setAttribute('aria-label', `Example: ${props.example_names[index]}`);
  });
};
new MutationObserver(nameExamples).observe(element.closest('.gradio-container'), { childList: true, subtree: true });
nameExamples();
