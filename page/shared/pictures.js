// gradio changes the address of a picture that is there, and browsers show the old picture until the new one has come:
// the photo before under these boxes. It is hidden meanwhile. gradio runs this once; `element` holds the pictures.
const hide = ({ target }) => target.toggleAttribute('data-loading', target.complete === false); // a video has none
new MutationObserver((changes) => changes.forEach(hide))
  .observe(element, { subtree: true, attributeFilter: ['src', 'data-loading'] });
for (const kind of ['load', 'error']) element.addEventListener(kind, hide, true);
