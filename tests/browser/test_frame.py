"""The page as a Space: in a frame of another site that is as high as the page, so that the page around it scrolls."""

import pytest

from .steps import ALL_VIEWS, ANSWER_MS, send

SPACE = "https://huggingface.co/spaces/a/b"
# The host's half of iframe-resizer 4.3. Messages from the frame are `[iFrameSizer]id:height:width:kind`.
HOST = """<!doctype html><body style="margin: 0"><header style="height: 60px">Hugging Face</header>
<iframe src="%s" scrolling="no" style="display: block; width: 100%%; height: 500px; border: 0"></iframe>
<script>
const frame = document.querySelector('iframe');
const send = (text) => frame.contentWindow.postMessage(`[iFrameSizer]${text}`, '*');
const begin = () => send('space:8:false:false:32:true:true:null:bodyOffset:null:null:0:false:parent:scroll:false');
let isAsked = false;
const tell = () => isAsked && send('pageInfo:' + JSON.stringify({
  iframeHeight: frame.clientHeight, iframeWidth: frame.clientWidth, clientHeight: innerHeight, clientWidth: innerWidth,
  offsetTop: Math.trunc(frame.getBoundingClientRect().top - document.body.getBoundingClientRect().top), offsetLeft: 0,
  scrollTop: scrollY, scrollLeft: scrollX, documentHeight: document.documentElement.scrollHeight,
}));
const acts = {
  scrollToOffset: (height, width) => scrollTo(Number(width), Number(height) + frame.offsetTop),
  pageInfo: () => { isAsked = true; tell(); },
  pageInfoStop: () => { isAsked = false; },
};
addEventListener('message', ({ data }) => {
  if (data === '[iFrameResizerChild]Ready') begin();
  if (!String(data).startsWith('[iFrameSizer]')) return;
  const [, height, width, kind] = data.split(':');
  if (acts[kind]) acts[kind](height, width);
  else frame.style.height = `${height}px`;
});
frame.addEventListener('load', begin);
for (const kind of ['scroll', 'resize']) addEventListener(kind, tell);
</script>"""


@pytest.fixture(params=["phone-dark", pytest.param("desktop-light", marks=pytest.mark.slow)])
def space(browser, page_url, request):
    """The page of a site, and the frame in it that has this page, at least twice as high as the window."""
    (width, height), theme = ALL_VIEWS[request.param]
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme)
    # Chromium asks before a public page reaches this machine.
    context.grant_permissions(["local-network-access"])
    site = context.new_page()
    site.set_default_timeout(ANSWER_MS)
    site.route("https://huggingface.co/**", lambda route: route.fulfill(body=HOST % page_url, content_type="text/html"))
    site.goto(SPACE)
    frame = site.frame_locator("iframe").locator("body").element_handle().owner_frame()
    frame.wait_for_selector("#summary .ga-welcome")
    frame.wait_for_function("document.documentElement.style.getPropertyValue('--ga-view-height')")
    yield site, frame
    context.close()


def in_view(site, locator):
    """Whether the upper end of an element is in the window of the site."""
    locator.wait_for()
    for _ in range(40):
        box = locator.bounding_box()
        if box and box["y"] >= -1 and box["y"] + min(box["height"], 40) <= site.viewport_size["height"] + 1:
            return True
        site.wait_for_timeout(50)
    return False


def test_what_opens_and_what_is_answered_is_in_view_in_a_frame_as_high_as_the_page(space, tmp_path):
    site, frame = space
    joined = []
    site.route("**/queue/join*", lambda route: joined.append(route), times=1)
    site.evaluate("scrollTo(0, 9000)")
    frame.locator("#stress button.gallery-item").last.dispatch_event("click")
    assert in_view(site, frame.locator("#waiting p"))
    while not joined:
        site.wait_for_timeout(50)
    joined.pop().continue_()
    frame.wait_for_selector("#stage:not([data-waiting]) #faces .ga-face")
    assert in_view(site, frame.locator("#summary .ga-found"))

    for opener, dialog in (("#faces .ga-zoom", ".ga-zoomed"), ("[data-tool=share]", ".ga-share-dialog")):
        frame.locator(opener).scroll_into_view_if_needed()
        frame.dispatch_event(opener, "click")
        assert in_view(site, frame.locator(f"{dialog} [data-do=close]")), dialog
        box = frame.locator(f"{dialog} img").bounding_box()
        assert box["y"] >= 0, dialog
        assert box["y"] + box["height"] <= site.viewport_size["height"] + 1, dialog
        frame.dispatch_event(f"{dialog} [data-do=close]", "click")
    # A sentence at the upper end, said while the lower one is looked at.
    notes = tmp_path / "notes.txt"
    notes.write_text("Dear all,\n")
    site.evaluate("scrollTo(0, 9000)")
    frame.wait_for_function("parseInt(document.documentElement.style.getPropertyValue('--ga-view-top')) > 300")
    assert send(frame, "drop", "#summary", notes, "text/plain")
    assert in_view(site, frame.locator("#stage-notes .ga-given-said"))
