// The photo with its boxes as large as the screen; a click makes it larger still, and two fingers do as everywhere.
const dialog = document.createElement('dialog');
dialog.className = 'ga-zoomed';
dialog.setAttribute('aria-label', 'The photo, enlarged');
dialog.innerHTML = '<div class="ga-acts"><button type="button" class="ga-act" data-do="larger">Larger</button>'
  + '<button type="button" class="ga-act" data-do="close" autofocus>Close</button></div><div class="ga-zoom-room"></div>';
element.parentElement.append(dialog);
const room = dialog.querySelector('.ga-zoom-room');
// A region that has the focus is moved with the arrow keys.
const setLarge = (isLarge) => {
  room.classList.toggle('ga-large', isLarge);
  dialog.querySelector('[data-do="larger"]').textContent = isLarge ? 'Smaller' : 'Larger';
  room.role = isLarge ? 'region' : null;
  room.ariaLabel = isLarge ? 'The photo: arrow keys move it' : null;
  room.tabIndex = isLarge ? 0 : -1;
  if (isLarge) room.focus({ preventScroll: true });
};
const larger = (event) => {
  // The button enlarges the middle.
  const at = event.target.dataset.do ? [0.5, 0.5] : [event.offsetX / room.clientWidth, event.offsetY / room.clientHeight];
  const isLarge = !room.matches('.ga-large');
  setLarge(isLarge);
  if (isLarge) room.scrollTo(at[0] * room.scrollWidth - room.clientWidth / 2, at[1] * room.scrollHeight - room.clientHeight / 2);
};
const open = () => {
  const figure = element.querySelector('.ga-figure');
  const photo = figure.querySelector('.ga-photo').cloneNode(true);
  photo.inert = true;
  delete photo.querySelector('img').dataset.loading; // it has no picture before
  for (const box of photo.querySelectorAll('[data-face]')) delete box.dataset.face;
  setLarge(false);
  room.style.setProperty('--ga-ratio', figure.style.getPropertyValue('--ga-ratio'));
  room.replaceChildren(photo);
  dialog.showModal();
};
element.addEventListener('click', (event) => {
  const isPhoto = event.target.matches('.ga-photo img');
  if (isPhoto || event.target.closest('.ga-zoom')) open();
});
dialog.addEventListener('click', (event) => {
  const act = event.target.dataset.do;
  if (act === 'close' || event.target === dialog) dialog.close();
  else if (act === 'larger' || event.target.closest('.ga-zoom-room')) larger(event);
});
dialog.addEventListener('close', () => room.replaceChildren());
