// gradio runs this once; `element` is the container of the notes. Works around gradio's camera, for which no upstream
// issues were found: it shows a message where there is no camera; it removes the label “capture photo” from the button,
// whose text says more; it drops pictures while two requests are in flight, as they would pile up on a slow connection;
// and it presses Stop when the queue is full. Each can go when tests/browser/test_live.py passes without it.
const row = element.closest('#live-row'), problem = element.querySelector('.ga-live-problem');
const say = (sentence) => { problem.textContent = sentence; problem.hidden = !sentence; };
const sentences = {
  NotAllowedError: 'The browser may not use the camera: allow it in the address bar, then click on the picture again.',
  NotFoundError: 'No camera was found: connect one, then click on the picture again.',
  NotReadableError: 'The camera is in use by another program: close that, then click on the picture again.',
};
if (!navigator.mediaDevices) say('The browser gives pages its camera only over https or on the same machine.');
window.addEventListener('unhandledrejection', (event) => {
  const sentence = sentences[event.reason?.name];
  if (!sentence || !row.offsetParent) return;
  say(sentence);
  event.preventDefault();
});
// The button's text is unreliable: gradio changes it with every picture.
let isRecording = false;
new MutationObserver(() => {
  const button = row.querySelector('.capture-button');
  if (!button?.hasAttribute('aria-label')) return;
  button.removeAttribute('aria-label');
  isRecording = false;
  say('');
}).observe(row, { childList: true, subtree: true });
row.addEventListener('click', (event) => {
  if (!event.target.closest('.capture-button')) return;
  isRecording = !isRecording;
  say('');
});
row.addEventListener('ga-live-refused', () => {
  if (isRecording) row.querySelector('.capture-button').click();
  say('Stopped: too many people are asking at this moment, or something broke. Press Record again in a minute.');
});
if (!window.gaLiveFetch) {
  const send = window.gaLiveFetch = window.fetch.bind(window);
  let underway = 0;
  window.fetch = async (address, options) => {
    if (!/\/stream\/[0-9a-f]+$/.test(String(address?.url ?? address))) return send(address, options);
    if (underway >= 2) return new Response('{}');
    underway += 1;
    try { return await send(address, options); } finally { underway -= 1; }
  };
}
