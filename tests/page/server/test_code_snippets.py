"""The code of "Use via API". tests/test_programs.py runs it."""

import gradio as gr
import pytest
from gradio import routes
from gradio_client import snippet

from page.inputs.min_score import min_score_argument
from page.inputs.photo_files import photo_files
from page.inputs.photo_input import photo_input
from page.server.code_snippets import code_snippets, replace_code_snippets

ROOT = "https://page.invalid"


@pytest.fixture(scope="module")
def endpoints():
    """Endpoints as gradio describes them, of the inputs of this page."""
    with gr.Blocks(analytics_enabled=False) as demo:
        for name, given in (("one", photo_input(label="Photo")), ("many", photo_files(label="Photos"))):
            gr.Button().click(lambda photo, score: None, [given, min_score_argument()], gr.JSON(), api_name=name)
    return demo.get_api_info()["named_endpoints"]


def test_gradios_code_for_a_list_of_files_does_not_run(endpoints):
    gradios = snippet.generate_code_snippets("/many", endpoints["/many"], ROOT)
    assert 'fetch("")' in gradios["javascript"]
    assert '"photo": {"path"' in gradios["bash"], "one file instead of a list"
    assert "| read EVENT_ID;" in gradios["bash"], "bash reads in a subshell"


def test_files_are_files_and_lists_are_lists(endpoints):
    one = code_snippets("/one", endpoints["/one"], ROOT)["javascript"]
    assert '\tphoto: handle_file("examples/group.jpg"),\n\tscore: 0.6,\n' in one
    many = code_snippets("/many", endpoints["/many"], ROOT)
    assert '\tphoto: [handle_file("examples/group.jpg")],' in many["javascript"]
    assert '"photo": [{"path": ' in many["bash"]
    assert many["bash"].startswith(f"url={ROOT}\n")


def test_clients_take_the_spaces_id_and_curl_its_address(endpoints):
    code = code_snippets("/one", endpoints["/one"], ROOT + "/", "user/space", "/gradio_api/")
    assert 'Client.connect("user/space")' in code["javascript"]
    assert 'Client("user/space")' in code["python"]
    assert code["bash"].startswith(f"url={ROOT}/gradio_api\n")


def test_gradio_shows_this_code(monkeypatch):
    monkeypatch.setattr(routes, "generate_code_snippets", snippet.generate_code_snippets)
    replace_code_snippets()
    assert routes.generate_code_snippets is code_snippets
