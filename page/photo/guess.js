// "Guess first": a new photo comes without its answers, the visitor guesses every age, then sees the model's and, where it
// is known, the truth. gradio runs this once; `element` is the container of the game. The guesses and errors of this visit
// are kept in memory only. `#faces` is inert meanwhile, so that a screen reader does not tell either.
const panel = element.querySelector('.ga-guess'), told = element.querySelector('[role="status"]');
const faces = document.querySelector('#faces');
const NEXT = 'The next photo comes without its answers: guess the ages first.';
const errors = { yours: [], models: [] };
let isOn = false, isGuessing = false, seen = '';
const make = (tag, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};
const years = (number) => `${number} ${number === 1 ? 'year' : 'years'}`;
const shownAge = (face) => parseInt(face.age, 10); // of "100+", 100
const mean = (numbers) => (numbers.reduce((sum, each) => sum + each, 0) / numbers.length).toFixed(1);
const hide = (isHidden) => {
  isGuessing = faces.inert = isHidden;
  document.documentElement.toggleAttribute('data-ga-guessing', isHidden);
};
const show = (...children) => {
  panel.replaceChildren(...children);
  panel.hidden = !children.length;
  // Of a photo that is awaited, waiting.js tells.
  told.textContent = document.querySelector('#stage[data-waiting]') ? '' : children[0]?.textContent ?? '';
};
const rest = () => {
  hide(false);
  show(...(isOn ? [make('p', { textContent: NEXT })] : []));
};

const crop = (face) => {
  const { canvasOf, cropOf, shownPhoto } = window.gaDrawing, image = shownPhoto(), canvas = canvasOf(112, 112);
  const draw = () => canvas.getContext('2d').drawImage(image, ...cropOf(image, face), 0, 0, 112, 112);
  if (image.complete && image.naturalWidth) draw();
  else image.addEventListener('load', draw, { once: true });
  return canvas;
};
const row = (face) => {
  const name = `Age of face ${face.number}, in years`;
  const number = make('input', { type: 'number', min: 0, max: 100, inputMode: 'numeric', ariaLabel: name });
  const slider = make('input', { type: 'range', min: 0, max: 100, value: 30, ariaLabel: `${name}: slider` });
  number.dataset.guess = face.number;
  slider.addEventListener('input', () => { number.value = slider.value; });
  number.addEventListener('input', () => { slider.value = number.value || 30; });
  const entry = make('li', {}, crop(face), make('b', { textContent: `Face ${face.number}` }), slider, number);
  entry.style.setProperty('--ga-fill', face.fill);
  return entry;
};
const ask = (shown) => {
  hide(true);
  const tell = make('button', { type: 'button', className: 'ga-tool ga-main', textContent: 'Show the answers' });
  tell.addEventListener('click', () => reveal(shown));
  const title = make('p', {}, make('b', { textContent: 'How old do they look?' }), ' Skip anyone you like.');
  show(title, make('ol', {}, ...shown.map(row)), tell);
};

const result = (face, guess) => {
  const parts = [`Face ${face.number}: `, Number.isNaN(guess) ? 'no guess' : `you ${guess}`, `, the model ${face.age}`];
  if (face.truth !== null) parts.push(`, really ${face.truth}`);
  else if (!Number.isNaN(guess)) parts.push(`, ${years(Math.abs(Math.round(guess) - shownAge(face)))} apart`);
  return make('li', { textContent: parts.join('') });
};
const score = () => {
  const count = errors.yours.length;
  if (!count) return 'Nobody’s true age is known here. It is for Hopper and Obama among the examples.';
  return `This visit, with ${count} known ${count === 1 ? 'age' : 'ages'}: you were off by ${mean(errors.yours)} years on average, `
    + `the model by ${mean(errors.models)}.`;
};
const reveal = (shown) => {
  const guesses = shown.map((face) => panel.querySelector(`[data-guess="${face.number}"]`).valueAsNumber);
  shown.forEach((face, index) => {
    if (face.truth === null || Number.isNaN(guesses[index])) return;
    errors.yours.push(Math.abs(guesses[index] - face.truth));
    errors.models.push(Math.abs(shownAge(face) - face.truth));
  });
  hide(false);
  const title = make('p', { tabIndex: -1 }, make('b', { textContent: 'The answers' }));
  show(title, make('ul', {}, ...shown.map((face, index) => result(face, guesses[index]))), make('p', { textContent: score() }));
  title.focus();
};

// Runs before the browser paints: no answer is seen for a moment. A photo of the strip has a `blob:` address, and is known.
const look = () => {
  const photo = window.gaDrawing.shownPhoto(), address = photo?.getAttribute('src') ?? '';
  const shown = window.gaDrawing.shownFaces(), key = `${address} ${JSON.stringify(shown)}`;
  if (key === seen) return;
  const isSame = seen.split(' ')[0] === address;
  seen = key;
  if (isSame && !isGuessing) return; // other thresholds
  if (isOn && shown.length && !address.startsWith('blob:')) ask(shown);
  else rest();
};
new MutationObserver(look).observe(faces, {
  childList: true, subtree: true, attributes: true, attributeFilter: ['src', 'data-faces'],
});
document.addEventListener('click', (event) => {
  const button = event.target.closest('[data-tool="guess"]');
  if (!button) return;
  isOn = !isOn;
  button.setAttribute('aria-pressed', String(isOn));
  rest();
  if (isOn) window.gaShow(panel, { block: 'nearest' });
});
