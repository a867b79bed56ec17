// The visit is there again after a reload, after Back, on a tab that a phone had dropped, and after a lost connection, when
// gradio loads the page anew: its photos, as many as there is room for, the open tab, and what broke. sessionStorage, which
// is this tab's alone, holds them only while the page is away or hidden. Browsers bring it back with a closed tab, even days
// later: what is older than the server's copies may be is discarded. gradio runs this after strip.js. No upstream issue was
// found. `isLost` can go when `test_a_lost_connection_loads_the_page_anew` in tests/browser/test_gradio.py fails.
const host = element.closest('#strip'), stage = document.querySelector('#stage');
let isLost = false, isBack = false;
new MutationObserver((_, watcher) => {
  isLost = [...document.querySelectorAll('.toast-body.error')].some((toast) => /server was lost/.test(toast.textContent));
  if (isLost) watcher.disconnect();
}).observe(document.body, { childList: true, subtree: true });

const asData = async ({ url }) => {
  const reader = new FileReader();
  reader.readAsDataURL(await (await fetch(url)).blob());
  await new Promise((done) => { reader.onloadend = done; });
  return reader.result;
};
host.addEventListener('ga-kept', async ({ detail: photo }) => {
  photo.data = await Promise.all(photo.files.map(asData)).catch(() => null); // forgotten meanwhile
});
// Where the browser lets the page store nothing, an object stands in.
const storage = (() => { try { return sessionStorage; } catch { return {}; } })();
const store = () => {
  const photos = host.gaPhotos.filter(({ data }) => data).map(({ button, entry, ...photo }) => photo);
  if (!isBack || !(isLost || photos.length)) return;
  const shown = host.gaPhotos.find(({ button }) => button.ariaCurrent)?.source;
  const tab = document.querySelector('#tabs [role="tab"][aria-selected="true"]')?.textContent;
  const note = isLost && ('waiting' in stage.dataset || 'failed' in stage.dataset ? '.ga-failed' : '.ga-lost');
  for (let from = 0; from <= photos.length; from += 1) {
    try {
      storage.gaVisit = JSON.stringify({ at: Date.now(), note, photos: photos.slice(from), shown, tab });
      return;
    } catch { /* No room for the oldest. */ }
  }
};
addEventListener('pagehide', store);
document.addEventListener('visibilitychange', () => (document.hidden ? store() : isBack && delete storage.gaVisit));

const bringBack = async ({ at, note, photos, shown, tab }) => {
  if (Date.now() - at > element.querySelector('.ga-strip').dataset.minutes * 60_000) return;
  const sentence = note && document.querySelector(note);
  if (sentence) {
    sentence.hidden = false;
    document.addEventListener('ga-answered', () => { sentence.hidden = true; }, { once: true });
  }
  if (note === '.ga-failed') stage.dataset.failed = '';
  [...document.querySelectorAll('#tabs [role="tab"]')].find((each) => each.textContent === tab)?.click();
  for (const { source, summary, html, files, answer, data } of photos) {
    await host.gaKeep(source, [summary, { html, files: files.map((file, index) => ({ ...file, url: data[index] })) }, answer]);
  }
  (host.gaPhotos.find(({ source }) => source === shown) ?? host.gaPhotos.at(-1))?.button.click();
  scrollTo(0, 0);
};
Promise.resolve(storage.gaVisit && bringBack(JSON.parse(storage.gaVisit))).finally(() => {
  delete storage.gaVisit;
  isBack = true;
});
