"""A replica of the page dies while it analyses a visitor's photo."""

import shutil
from pathlib import Path

import pytest

from tests.robustness.replicas import NGINX, Replicas, kill

from .steps import ANSWER_MS, EXAMPLES, choose

SECONDS = 4


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_its_visitor_reads_one_sentence_and_can_send_again(browser, tmp_path):
    # No replica holds an example of this name.
    photo = Path(shutil.copy(EXAMPLES / "obama.jpg", tmp_path / "visitor.jpg"))
    with Replicas(tmp_path, 2, "--fake", "--seconds", str(SECONDS)) as replicas:
        tab = browser.new_page()
        tab.set_default_timeout(ANSWER_MS)
        tab.goto(replicas.url)
        tab.wait_for_selector("#summary .ga-welcome")
        choose(tab, photo)
        tab.wait_for_selector("#waiting .progress-text", state="attached")
        (own,) = (page for page in replicas.pages if any(page.temporary.rglob(photo.name)))
        # gradio loads the page anew as soon as the other replica answers it.
        with tab.expect_navigation():
            kill(own)
            tab.wait_for_selector("#waiting .ga-failed:visible")
        tab.wait_for_selector("#waiting .ga-failed:visible")
        assert "the connection broke. Try again" in tab.inner_text("#waiting .ga-failed")
        assert not tab.is_visible(".ga-waiting")
        tab.wait_for_selector("#summary .ga-welcome")
        choose(tab, photo)
        tab.wait_for_selector("#summary >> text=1 face found")
        assert not tab.is_visible("#waiting .ga-failed")
        tab.close()
