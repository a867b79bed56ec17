// Takes a photo with the camera and gives it to drop.js. The camera is on only while its window is open.
const dialog = element.querySelector('.ga-camera');
const video = dialog.querySelector('video');
const SENTENCES = {
  NotAllowedError: 'The browser does not let this page use the camera: allow it beside the address, or choose a file.',
  NotFoundError: 'No camera was found: choose a file instead.',
  NotReadableError: 'The camera is in use elsewhere: close that first, or choose a file.',
};
let stream = null;
let facing = 'user';
let turn = 0; // a camera that opens after another was asked for, or none, is closed again
const stop = () => {
  turn += 1;
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = video.srcObject = null;
};
const start = async () => {
  stop();
  const mine = turn;
  element.gaSay('');
  try {
    const wanted = { facingMode: facing, width: { ideal: 1920 }, height: { ideal: 1080 } };
    const opened = await navigator.mediaDevices.getUserMedia({ video: wanted });
    // Or the visitor has gone to another tab, where the window would block the page unseen.
    if (mine !== turn || !element.offsetParent) return opened.getTracks().forEach((track) => track.stop());
    stream = video.srcObject = opened;
    if (!dialog.open) dialog.showModal();
  } catch (error) {
    if (mine !== turn) return;
    dialog.close();
    element.gaSay(SENTENCES[error.name] ?? 'The camera cannot be used here: choose a file instead.');
  }
};
const acts = {
  take: () => {
    if (!video.videoWidth) return;
    const canvas = Object.assign(document.createElement('canvas'), { width: video.videoWidth, height: video.videoHeight });
    canvas.getContext('2d').drawImage(video, 0, 0);
    dialog.close();
    canvas.toBlob((blob) => window.gaGive([new File([blob], 'camera.jpg', { type: 'image/jpeg' })]), 'image/jpeg', 0.93);
  },
  turn: () => {
    facing = facing === 'user' ? 'environment' : 'user';
    start();
  },
  close: () => dialog.close(),
};
dialog.addEventListener('click', (event) => acts[event.target.dataset.do]?.());
dialog.addEventListener('close', stop);
document.addEventListener('click', (event) => {
  if (event.target.closest('#camera')) start();
});
