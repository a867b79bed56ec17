// About: code names the address that this page has and is copied; links, and the address, open the fold they lead to.
// gradio's <base href> turns "#name" into the page without its query, which the browser would load anew.
const ROOT = 'http://localhost:7860';

for (const code of element.querySelectorAll('code'))
  code.textContent = code.textContent.replace(ROOT, location.origin + location.pathname);
if (!navigator.clipboard) element.querySelectorAll('.ga-copy').forEach((button) => (button.hidden = true));

const reveal = (hash) => {
  const part = hash.length > 1 && element.querySelector('#' + CSS.escape(hash.slice(1)));
  if (!part) return;
  part.open = true;
  window.gaShow(part);
  part.querySelector('summary, h2').focus({ preventScroll: true });
};

reveal(location.hash);
addEventListener('hashchange', () => reveal(location.hash));

element.addEventListener('click', async (event) => {
  const link = event.target.closest('a[href^="#"]');
  if (link) {
    event.preventDefault();
    reveal(link.getAttribute('href'));
  }
  const button = event.target.closest('.ga-copy');
  if (!button) return;
  const { textContent } = button.parentElement.querySelector('code');
  const isCopied = await navigator.clipboard?.writeText(textContent).then(() => true, () => false);
  button.firstElementChild.textContent = isCopied ? 'Copied' : 'Copying is not allowed here';
  setTimeout(() => (button.firstElementChild.textContent = 'Copy'), 2000);
});
