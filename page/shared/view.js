// huggingface.co shows a Space in a frame that is as high as the page (iframe-resizer, whose part in here is gradio's
// `parentIFrame`). The window is the whole page then, and the page around it scrolls: what is seen of it is in
// `--ga-view-top` and `--ga-view-height`, for dialogs. gradio runs this once.
const LEAST = 320, MARGIN = 10; // pixels
const { style } = document.documentElement;
let view = null;
const take = ({ scrollTop, clientHeight, offsetTop }) => {
  const top = Math.max(0, scrollTop - offsetTop);
  view = { top, height: Math.max(LEAST, scrollTop + clientHeight - offsetTop - top) };
  style.setProperty('--ga-view-top', `${top}px`);
  style.setProperty('--ga-view-height', `min(${view.height}px, 100dvh - ${top}px)`);
};
const follow = () => window.parentIFrame.getPageInfo(take);
if (window.parentIFrame) follow();
else addEventListener('gradio:iframe-resizer-ready', follow, { once: true });

// Where a place is in what is seen, in pixels.
window.gaPlace = (place) => {
  const { top, bottom } = place.getBoundingClientRect(), { top: from, height } = view ?? { top: 0, height: innerHeight };
  return { top: top - from, bottom: bottom - from, height };
};
// `scrollIntoView`, also where another page scrolls.
window.gaShow = (place, options = {}) => {
  if (!view) return place.scrollIntoView(options);
  const { top, bottom, height } = window.gaPlace(place), isFitting = bottom - top < height - 2 * MARGIN;
  const isNearest = options.block === 'nearest', isBelow = isNearest && bottom > height && isFitting;
  if (isNearest && top >= 0 && bottom <= height) return;
  window.parentIFrame.scrollToOffset(0, Math.round(view.top + (isBelow ? bottom - height + MARGIN : top - MARGIN)));
};
