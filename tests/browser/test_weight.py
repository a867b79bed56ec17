"""What a visitor with a new phone loads before the first photo."""

from .conftest import WatchedPage

MAX_BYTES = 800_000
# Text that is not compressed; small files are not worth it.
LONG = 10_000
LOADED = "[...document.images].length > 8 && [...document.images].every((each) => each.complete)"


def test_the_first_load_is_small(browser, page_url):
    with WatchedPage(browser, page_url, (390, 844), "light", locale="en-US") as page:
        watcher = page.context.new_cdp_session(page)
        watcher.send("Network.enable")
        watcher.send("Network.setCacheDisabled", {"cacheDisabled": True})
        answers, sizes = {}, {}
        watcher.on("Network.responseReceived", lambda event: answers.update({event["requestId"]: event["response"]}))
        watcher.on(
            "Network.loadingFinished", lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]})
        )
        page.reload()
        page.wait_for_selector("#sample img")
        page.wait_for_function(LOADED)
        # Others were under way before the page was loaded again.
        largest = sorted(
            ((size, answers[name]["url"]) for name, size in sizes.items() if name in answers), reverse=True
        )
        assert len(largest) > 40, "the test sees no requests"
        assert sum(size for size, _ in largest) < MAX_BYTES, largest[:12]
        plain = [
            (size, answers[name]["url"])
            for name, size in sizes.items()
            if name in answers
            and size > LONG
            and not answers[name]["mimeType"].startswith("image/")
            and "content-encoding" not in {header.lower() for header in answers[name]["headers"]}
        ]
        assert plain == []
