// A photo that is answered while this tab is open is explained by itself; until then nothing of the earlier one shows.
const panel = document.querySelector('#why-panel');
let isAsked = false;
document.addEventListener('ga-answered', () => {
  panel.dataset.old = '';
  if (panel.offsetParent) document.querySelector('#why-again').click();
});
new MutationObserver(() => {
  const isPending = Boolean(panel.querySelector('.pending'));
  if (isAsked && !isPending) delete panel.dataset.old;
  isAsked = isPending;
}).observe(panel, { subtree: true, childList: true, attributeFilter: ['class'] });
