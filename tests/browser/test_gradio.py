"""The flaws of gradio's frontend that the page works around. Where one of these tests fails, its workaround can go."""

import gradio as gr
import pytest

from .steps import ANSWER_MS, GRADIO_RELOADS_MS

CSS = """@container (min-width: 1px) { #probe { outline: 7px solid red; } }
body { container-type: inline-size; }
#probe { @container (min-width: 1px) { border-left: 7px solid red; } }
@media (min-width: 1px) { #probe { letter-spacing: 7px; } .gradio-container { letter-spacing: 5px; } }
.gradio-container { @media (min-width: 1px) { word-spacing: 5px; } }"""


def fail() -> None:
    raise gr.Error("It fails.", print_exception=False)


@pytest.fixture(scope="module")
def plain(browser, tmp_path_factory):
    """An open page of plain gradio."""
    folder = tmp_path_factory.mktemp("gradio")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(folder))
        with gr.Blocks(analytics_enabled=False) as demo:
            button = gr.Button("Fail", elem_id="probe")
            after, after_failure = gr.Textbox(elem_id="after"), gr.Textbox(elem_id="after-failure")
            failing = button.click(fail)
            failing.then(lambda: "then", None, after)
            failing.failure(lambda: "failure", None, after_failure)
        _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", css=CSS)
        tab = browser.new_page()
        tab.set_default_timeout(ANSWER_MS)
        tab.goto(url)
        yield tab
        tab.close()
        demo.close()


def test_then_does_not_run_after_a_failure(plain):
    """page/server/endings.py"""
    plain.click("#probe")
    plain.wait_for_function("document.querySelector('#after-failure textarea').value === 'failure'")
    plain.wait_for_timeout(500)
    assert plain.input_value("#after textarea") == ""


def test_a_broken_connection_calls_no_failure(plain):
    """page/photo/waiting.js"""
    plain.eval_on_selector("#after-failure textarea", "each => { each.value = ''; }")
    plain.route("**/queue/join*", lambda route: route.abort(), times=1)
    plain.click("#probe")
    plain.wait_for_selector(".toast-body.error")
    plain.wait_for_timeout(500)
    assert plain.input_value("#after-failure textarea") == ""


def test_a_lost_connection_loads_the_page_anew(plain):
    """page/photo/waiting.js"""
    plain.route("**/queue/join*", lambda route: route.abort(), times=1)
    with plain.expect_navigation(timeout=2 * GRADIO_RELOADS_MS):
        plain.click("#probe")
    plain.wait_for_selector("#after-failure textarea")


def test_container_queries_are_dropped_outside_a_rule(plain):
    """page/photo/photo.css"""
    styles = plain.eval_on_selector(
        "#probe", "each => [getComputedStyle(each).outlineWidth, getComputedStyle(each).borderLeftWidth]"
    )
    assert styles[0] != "7px"
    assert styles[1] == "7px", "the query inside a rule does not apply: the test sees nothing"


def test_media_queries_reach_tabs_only(plain):
    """page/shared/print.css"""
    assert plain.eval_on_selector("#probe", "each => getComputedStyle(each).letterSpacing") == "7px"
    spacing = "each => [getComputedStyle(each).letterSpacing, getComputedStyle(each).wordSpacing]"
    assert plain.eval_on_selector(".gradio-container", spacing) == ["normal", "5px"]
