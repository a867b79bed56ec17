// After a lost connection gradio loads the page anew as soon as a server answers, two seconds later at the earliest; without
// that it would send nothing more. The photos of the visit, as many as there is room for, the open tab and the sentence go
// along in sessionStorage, which is emptied at once. gradio runs this after strip.js. No upstream issue was found. Can go
// when `test_a_lost_connection_loads_the_page_anew` in tests/browser/test_gradio.py fails.
const host = element.closest('#strip'), stage = document.querySelector('#stage'), packed = new Map();
const asData = async ({ url, ...rest }) => {
  const reader = new FileReader();
  reader.readAsDataURL(await (await fetch(url)).blob());
  await new Promise((done) => { reader.onloadend = done; });
  return { ...rest, url: reader.result };
};
const pack = async (photo) => packed.set(photo, { ...photo, files: await Promise.all(photo.files.map(asData)) });
let isLost = false;
const watcher = new MutationObserver(() => {
  isLost = [...document.querySelectorAll('.toast-body.error')].some((toast) => /server was lost/.test(toast.textContent));
  if (!isLost) return;
  watcher.disconnect();
  host.gaPhotos.forEach(pack);
});
watcher.observe(document.body, { childList: true, subtree: true });
addEventListener('pagehide', () => {
  const photos = isLost ? host.gaPhotos.filter((photo) => packed.has(photo)).map((photo) => packed.get(photo)) : [];
  const shown = host.gaPhotos.find(({ button }) => button.ariaCurrent)?.source;
  const tab = document.querySelector('#tabs [role="tab"][aria-selected="true"]')?.textContent;
  const note = 'waiting' in stage.dataset || 'failed' in stage.dataset ? '.ga-failed' : '.ga-lost';
  for (let from = 0; isLost && from <= photos.length; from += 1) {
    try {
      sessionStorage.gaVisit = JSON.stringify({ note, photos: photos.slice(from), shown, tab });
      return;
    } catch { /* No room for the oldest, or the browser lets the page store nothing. */ }
  }
});
const bringBack = async ({ note, photos, shown, tab }) => {
  const sentence = document.querySelector(note);
  sentence.hidden = false;
  document.addEventListener('ga-answered', () => { sentence.hidden = true; }, { once: true });
  if (note === '.ga-failed') stage.dataset.failed = '';
  [...document.querySelectorAll('#tabs [role="tab"]')].find((each) => each.textContent === tab)?.click();
  for (const { source, summary, html, files, answer } of photos) await host.gaKeep(source, [summary, { html, files }, answer]);
  (host.gaPhotos.find(({ source }) => source === shown) ?? host.gaPhotos.at(-1))?.button.click();
  scrollTo(0, 0);
};
try {
  const visit = JSON.parse(sessionStorage.gaVisit ?? 'null');
  delete sessionStorage.gaVisit;
  if (visit) bringBack(visit);
} catch { /* The browser lets the page store nothing. */ }
