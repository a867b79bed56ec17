"""The programs of docs/api.md, each run against a server on loopback: gradio_client, curl and an MCP client."""

import ast
import base64
import contextlib
import io
import json
import re
import shlex
import socket
import subprocess

import httpx
import pytest

import app
from gender_age import __main__ as command_line
from gender_age.prediction import GenderAgePredictor
from gender_age.writers import COLUMNS
from page.inputs.archive import MAX_PHOTO_BYTES
from page.inputs.unpacking import MAX_UNPACKED_BYTES
from page.many.batch import MAX_PHOTOS
from page.shared.settings import CLEAN_EVERY_S, CLEAN_OLDER_S
from tests.apart import call_apart, run_apart
from tests.conftest import REPOSITORY

TEXT = (REPOSITORY / "docs" / "api.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", TEXT, re.M | re.S)
URL = "http://localhost:7860"
PHOTO_KEYS = {"photo", "width", "height", "rotation", "faces", "error"}


@pytest.fixture(scope="module")
def url(tmp_path_factory, tiny_model_folder):
    """The whole page with the tiny model and the real detector; it may look up no name but this machine's."""
    looked_up = []
    real = socket.getaddrinfo

    def getaddrinfo(host, *arguments, **options):
        looked_up.append(host)
        if host not in ("127.0.0.1", "localhost", "0.0.0.0", None):
            raise socket.gaierror(f"{host} is elsewhere")
        return real(host, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("gradio")))
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        demo = app.build_demo(GenderAgePredictor.from_pretrained(tiny_model_folder, device="cpu"))
        options = app.LAUNCH | {"prevent_thread_lock": True, "quiet": True, "server_name": "127.0.0.1"}
        _, url, _ = demo.launch(**options)
        yield url.rstrip("/")
        demo.close()
    assert set(looked_up) <= {"127.0.0.1", "localhost", "0.0.0.0", None}


def example(language: str, word: str) -> str:
    """The block of docs/api.md in this language that holds this word."""
    (text,) = [text for kind, text in BLOCKS if kind == language and word in text]
    assert URL in text
    return text


def printed(program: str, monkeypatch) -> list[str]:
    """The lines that a Python example prints."""
    monkeypatch.chdir(REPOSITORY)
    with contextlib.redirect_stdout(io.StringIO()) as output:
        call_apart(exec, compile(program, "docs/api.md", "exec"), {"__name__": "example"})
    return output.getvalue().splitlines()


def test_gradio_client(url, monkeypatch):
    lines = printed(example("python", "gradio_client").replace(URL, url), monkeypatch)
    assert "3 faces" in lines
    answers = [line for line in lines if ".jpg" in line]
    assert [line.split(":")[0] for line in answers] == ["collins.jpg", "hopper.jpg"]
    assert all(re.search(r": (fe)?male, \d+ years, \d+ to \d+$", line) for line in answers)


def test_curl(url):
    script = "set -euo pipefail\n" + example("bash", "curl").replace(URL, url)
    ran = subprocess.run(["bash", "-c", script], cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    lines = ran.stdout.splitlines()
    assert lines.count("event: complete") == 2
    (photo,), (photos,) = (json.loads(line[5:]) for line in lines if line.startswith("data: ["))
    assert set(photo) == PHOTO_KEYS
    assert (photo["photo"], len(photo["faces"]), photo["error"]) == ("group.jpg", 3, None)
    assert photos == [photo]


@pytest.mark.parametrize("name", ["/predict", "/predict_batch"])
def test_the_code_of_use_via_api(url, name, monkeypatch):
    """As it is pasted, in the repository."""
    endpoint = httpx.get(f"{url}/gradio_api/info").json()["named_endpoints"][name]
    assert not re.search(r"(value|parameter)_\d|gradio-app", json.dumps(endpoint))
    code = endpoint["code_snippets"]
    *_, answer = printed(code["python"], monkeypatch)
    assert answer.count("'group.jpg'") == 1
    ran = subprocess.run(["bash", "-c", code["bash"]], cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
    (data,) = [json.loads(line[5:]) for line in ran.stdout.splitlines() if line.startswith("data: ")]
    assert data == [ast.literal_eval(answer)]


def test_mcp(url, monkeypatch):
    names, one, many = printed(example("python", "streamable_http").replace(URL, url), monkeypatch)
    assert ast.literal_eval(names) == ["predict", "predict_batch"]
    assert one == "3 faces"
    assert many == "[1, 1]"


def test_the_configuration_of_assistants_names_the_server():
    (server,) = json.loads(example("json", "mcpServers"))["mcpServers"].values()
    assert server["url"] == f"{URL}/gradio_api/mcp/"


def with_session(url, use):
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    async def main():
        async with (
            streamable_http_client(f"{url}/gradio_api/mcp/") as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            return await use(session)

    return run_apart(main())


def descriptions(schema):
    """The words on every parameter, and on each form that it may have."""
    for each in schema["properties"].values():
        forms = each.get("anyOf") or each.get("items", {}).get("anyOf", [])
        yield from (form["description"] for form in (each, *forms))


def test_tools_are_described_for_assistants(url):
    tools = {tool.name: tool for tool in with_session(url, lambda session: session.list_tools()).tools}
    assert list(tools) == ["predict", "predict_batch"], "an event of the page is a tool"
    for name, parameter in (("predict", "photo"), ("predict_batch", "photos")):
        description = tools[name].description
        for word in ("face", "apparent age", "perceived gender", "error", "pixels", "years"):
            assert word in description, f"{name} says nothing of {word}"
        schema = tools[name].inputSchema
        assert next(iter(schema["properties"])) == parameter
        for sentence in (description, *descriptions(schema)):
            # gradio's own last sentence has no full stop. It joins the lines of "Returns:" with commas.
            assert re.match(r"[A-Z]", sentence)
            assert re.search(r"\.( If a user passes a file.*)?$", sentence), sentence
            assert "Returns:" not in sentence
            assert "{" not in sentence, "code in place of words"
        assert schema.get("required", []) in ([], [parameter])


def test_what_a_tool_cannot_have_is_an_answer_in_its_place(url):
    photo = (
        "data:image/jpeg;base64," + base64.b64encode((REPOSITORY / "examples" / "collins.jpg").read_bytes()).decode()
    )
    photos = {"photos": [f"{url}/a.jpg", "/etc/passwd", "data:image/png;base64,RGVhciBhbGw=", photo]}
    answer = with_session(url, lambda session: session.call_tool("predict_batch", photos))
    assert not answer.isError
    first, second, third, fourth = ast.literal_eval(answer.content[0].text)
    assert "not a public one" in first["error"]
    assert "neither a web address nor a data: address" in second["error"]
    assert "holds text" in third["error"]
    assert fourth["error"] is None
    assert len(fourth["faces"]) == 1


def test_the_readme_leads_here_and_shows_the_same_json():
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert "](docs/api.md)" in readme
    (shown,) = re.findall(r"^```json\n(.*?)^```$", readme, re.M | re.S)
    assert ("json", shown) in BLOCKS


def test_the_limits_are_those_of_the_code():
    for limit in (
        f"at most {MAX_PHOTOS} photos",
        f"From the {MAX_PHOTOS + 1}st photo",
        f"may have {MAX_PHOTO_BYTES // 2**20} MB",
        f"{MAX_UNPACKED_BYTES // 2**30} GB unpacked",
        f"a queue of {app.QUEUE_SIZE}",
        f"may have {app.LAUNCH['max_file_size'].removesuffix('mb')} MB",
        f"after {(CLEAN_EVERY_S + CLEAN_OLDER_S) // 60} minutes",
    ):
        assert limit in TEXT, limit


def test_the_columns_are_those_of_the_table_of_faces():
    section = TEXT.partition("## The table of faces")[2].partition("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert re.findall(r"`(\w+)`", " ".join(cells)) == list(COLUMNS)


def test_the_command_and_its_exit_statuses_are_those_of_the_code():
    command, piped, video = [text for kind, text in BLOCKS if kind == "bash" and URL not in text]
    assert command_line.parse_arguments(shlex.split(piped.split("|")[1].split(">")[0])[3:]).csv == "-"
    assert command.startswith("python -m gender_age ")
    arguments = command_line.parse_arguments(shlex.split(command)[3:])
    assert all((REPOSITORY / photo).is_file() for photo in arguments.photos)
    of_a_video = command_line.parse_arguments(shlex.split(video)[3:])
    assert all((of_a_video.csv, of_a_video.frames, of_a_video.crops, of_a_video.annotate))
    for status in (command_line.UNUSABLE_PHOTO, command_line.UNUSABLE_COMMAND):
        assert f"\n| {status} |" in TEXT
    assert f"\n| {command_line.INTERRUPTED}, {command_line.BROKEN_PIPE} |" in TEXT


def test_every_program_of_the_document_is_run():
    programs = [kind for kind, text in BLOCKS if URL in text and kind != "json"]
    assert programs == ["python", "bash", "python"]
    (photo,) = [json.loads(text) for kind, text in BLOCKS if kind == "json" and "mcpServers" not in text]
    assert set(photo) == PHOTO_KEYS
