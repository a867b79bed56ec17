// gradio runs this once; `element` holds the buttons. They work gradio's camera, whose own buttons are hidden: those need
// two steps, flicker, stay on when the tab is left, and never end the camera's track. No upstream issues were found; each
// part can go when tests/browser/test_live.py passes without it. Pictures are dropped while two requests are in flight, as
// they would pile up on a slow connection.
const row = element.closest('#live-row'), view = row.querySelector('#live-view'), media = navigator.mediaDevices;
const find = (selector) => element.querySelector(selector);
const start = find('.ga-live-start'), stop = find('.ga-live-stop'), freeze = find('.ga-live-freeze');
const save = find('.ga-live-save'), other = find('.ga-live-other'), said = find('.ga-live-said');
const still = Object.assign(document.createElement('canvas'), { className: 'ga-live-still', role: 'img' });
still.setAttribute('aria-label', 'The frozen picture, with its faces marked');
view.append(still);
const sentences = {
  NotAllowedError: 'The browser may not use the camera: allow it in the address bar, then press Start again.',
  NotFoundError: 'No camera was found: connect one, then press Start again.',
  NotReadableError: 'The camera is in use by another program: close that, then press Start again.',
};
const STOPPED = 'The camera is off. No pictures are sent.';
let state = '', stream = null, facing = 'user', cameras = [], isSending = false, back = false;
let turn = 0; // a camera that opens after Stop is closed again, also where another was asked for

const say = (sentence) => { said.textContent = sentence; };
// off: nothing is sent; starting: no answer yet; live; frozen: as off, with a picture.
const enter = (next) => {
  row.dataset.live = state = next;
  const isOn = next === 'starting' || next === 'live';
  start.hidden = isOn;
  start.textContent = next === 'frozen' ? 'Live again' : 'Start the camera';
  stop.hidden = !isOn;
  freeze.hidden = next !== 'live';
  other.hidden = next !== 'live' || cameras.length < 2;
  save.hidden = next !== 'frozen';
};
const video = () => view.querySelector('video');
const send = (wanted) => {
  if (isSending === wanted) return;
  isSending = wanted;
  view.querySelector('.capture-button')?.click();
};
const end = (next, sentence) => {
  // The focus goes where the pressed button was.
  const hadFocus = element.contains(document.activeElement);
  turn += 1;
  send(false);
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  if (video()) video().srcObject = null;
  enter(next);
  say(sentence);
  if (hadFocus) start.focus();
};

const settingsOf = (opened) => opened.getVideoTracks()[0].getSettings();
// gradio uses the stream that it asks for on a press of its first button, and later whatever its video shows.
const show = async (opened) => {
  stream = opened;
  back = settingsOf(opened).facingMode === 'environment';
  row.classList.toggle('ga-live-back', back);
  const ask = view.querySelector('[title="grant webcam access"] button');
  if (ask) {
    const { getUserMedia } = media;
    media.getUserMedia = () => Promise.resolve(opened);
    ask.click();
    media.getUserMedia = getUserMedia;
    while (stream === opened && !view.querySelector('.capture-button')) await new Promise(requestAnimationFrame);
  } else {
    video().srcObject = opened;
    await video().play();
  }
};
const open = (wanted) => media.getUserMedia({ video: { ...props.video, ...wanted } });
const begin = async (findCamera) => {
  if (state === 'starting') return;
  const mine = turn;
  enter('starting');
  say('Starting …');
  stop.focus();
  try {
    const opened = await findCamera();
    // Meanwhile the visitor may have left.
    if (mine !== turn) return opened.getTracks().forEach((track) => track.stop());
    await show(opened);
    cameras = (await media.enumerateDevices()).filter((each) => each.kind === 'videoinput');
    if (stream !== opened) return;
    opened.getVideoTracks()[0].addEventListener('ended', () => {
      if (stream === opened) end('off', 'The camera was disconnected. No pictures are sent.');
    });
    send(true);
  } catch (error) {
    if (mine !== turn) return;
    end('off', sentences[error.name] ?? 'The camera could not be opened. Close what else uses it, then press Start again.');
  }
};
const openOther = async (used) => {
  const opened = await open({ facingMode: facing });
  if (settingsOf(opened).deviceId !== used || cameras.length < 2) return opened;
  // Cameras that face nowhere, as those of a desktop.
  opened.getTracks().forEach((track) => track.stop());
  const next = cameras[(cameras.findIndex((each) => each.deviceId === used) + 1) % cameras.length];
  return open({ facingMode: undefined, deviceId: { exact: next.deviceId } });
};

const draw = () => {
  const { videoWidth: width, videoHeight: height } = video(), pen = still.getContext('2d');
  Object.assign(still, { width, height });
  if (!back) pen.setTransform(-1, 0, 0, 1, width, 0);
  pen.drawImage(video(), 0, 0);
  pen.resetTransform();
  const faces = [...view.querySelectorAll('.ga-live-box')].map(({ style, textContent: text }) => {
    const box = ['left', 'top', 'width', 'height'].map((side) => parseFloat(style[side]) / 100);
    if (back) box[0] = 1 - box[0] - box[2];
    const [fill, ink] = ['--ga-fill', '--ga-ink'].map((name) => style.getPropertyValue(name));
    return { box, fill, ink, labels: [text, text.split(' ')[0]] };
  });
  window.gaDrawing.drawBoxes(pen, faces, width, height, width / 28);
};

start.addEventListener('click', () => begin(() => open({ facingMode: facing })));
stop.addEventListener('click', () => end('off', STOPPED));
freeze.addEventListener('click', () => { draw(); end('frozen', STOPPED); });
other.addEventListener('click', () => {
  const used = settingsOf(stream).deviceId;
  facing = back ? 'user' : 'environment';
  end('off', '');
  begin(() => openOther(used));
});
save.addEventListener('click', () => still.toBlob((blob) => {
  const link = Object.assign(document.createElement('a'), { href: URL.createObjectURL(blob), download: 'live.jpg' });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}, 'image/jpeg', 0.92));

// Off means off: also when the tab, or the page, is left.
const leave = () => { if (state === 'starting' || state === 'live') end('off', STOPPED); };
new ResizeObserver(() => { if (!row.offsetParent) leave(); }).observe(row);
document.addEventListener('visibilitychange', () => { if (document.hidden) leave(); });
window.addEventListener('pagehide', leave);
row.addEventListener('ga-live-refused', () => {
  end('off', 'Stopped: too many people are asking at this moment, or something broke. Press Start again in a minute.');
});
// The first answer; boxes are numbered, so that each answer differs.
new MutationObserver((records) => {
  if (state !== 'starting' || !isSending || !records.some((each) => each.target.closest?.('#live-boxes'))) return;
  enter('live');
  say('');
  if (document.activeElement === document.body) stop.focus();
}).observe(view, { childList: true, subtree: true, attributes: true });

enter('off');
if (!media) {
  start.disabled = true;
  say('The browser gives pages its camera only over https or on the same machine.');
}
if (!window.gaLiveFetch) {
  const post = window.gaLiveFetch = window.fetch.bind(window);
  let underway = 0;
  window.fetch = async (address, options) => {
    if (!/\/stream\/[0-9a-f]+$/.test(String(address?.url ?? address))) return post(address, options);
    if (underway >= 2) return new Response('{}');
    underway += 1;
    try { return await post(address, options); } finally { underway -= 1; }
  };
}
