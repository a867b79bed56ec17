"""What visitors leave is forgotten in time, whatever happens to gradio's own cleaning."""

import os
import time
from datetime import datetime, timedelta
from types import SimpleNamespace

import gradio as gr
import pytest
from gradio_client import Client

from page.server import janitor
from page.server.janitor import Janitor, delete_old_files, forget_sessions


def age(path, seconds):
    os.utime(path, (time.time() - seconds,) * 2)


def test_old_files_and_folders_go_and_others_stay(tmp_path):
    for name in ("old/photo.jpg", "mixed/old.jpg", "mixed/new.jpg", "page/example.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("a face")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "mixed" / "new.jpg")
    for name in ("old/photo.jpg", "mixed/old.jpg", "page/example.jpg", "old", "mixed", "page"):
        age(tmp_path / name, 100)
    delete_old_files(tmp_path, {tmp_path / "page" / "example.jpg"}, 50)
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")}
    assert left - {"old"} == {"mixed", "mixed/new.jpg", "page", "page/example.jpg", "elsewhere", "link"}
    if "old" in left:  # written when its photo was deleted: the next round's
        age(tmp_path / "old", 100)
        delete_old_files(tmp_path, set(), 50)
        assert not (tmp_path / "old").exists()


@pytest.fixture
def demo():
    with gr.Blocks(analytics_enabled=False) as demo:
        text, answer = gr.Textbox(), gr.Textbox()
        text.submit(lambda given: given, text, answer, api_name="echo")
    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1")
    yield demo, url
    demo.close()


def held(demo):
    return [
        session for session, state in demo.state_holder.session_data.items() if "secret" in str(state.config_values)
    ]


def test_what_a_session_said_is_forgotten_and_the_visitor_goes_on(demo):
    demo, url = demo
    client = Client(url, verbose=False)
    assert client.predict("secret", api_name="/echo") == "secret"
    (session,) = held(demo)
    forget_sessions(demo, 50)
    assert held(demo) == [session]
    demo.state_holder.time_last_used[session] = datetime.now() - timedelta(seconds=100)
    forget_sessions(demo, 50)
    assert held(demo) == []
    assert client.predict("again", api_name="/echo") == "again"


def test_it_works_on_its_own(demo, tmp_path, monkeypatch):
    demo, _ = demo
    monkeypatch.setattr(janitor, "CLEAN_EVERY_S", 0.05)
    monkeypatch.setattr(janitor, "CLEAN_OLDER_S", 0.5)
    example = tmp_path / "example.jpg"
    next(iter(demo.blocks.values())).keep_in_cache.add(str(example))
    for path in (example, tmp_path / "photo.jpg"):
        path.write_text("a face")
        age(path, 100)
    Janitor(demo, tmp_path).start()
    deadline = time.monotonic() + 10
    while (tmp_path / "photo.jpg").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [path.name for path in tmp_path.iterdir()] == ["example.jpg"]


def test_a_folder_that_goes_while_it_is_searched_is_passed_over(tmp_path, monkeypatch):
    """Archives are unpacked into folders that come and go."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "photo.jpg").write_text("a face")
        age(tmp_path / name / "photo.jpg", 100)
    scan = os.scandir

    def scan_late(path):
        if str(path) == str(tmp_path / "a"):
            (tmp_path / "a" / "photo.jpg").unlink(missing_ok=True)
            (tmp_path / "a").rmdir()
        return scan(path)

    monkeypatch.setattr(os, "scandir", scan_late)
    delete_old_files(tmp_path, set(), 50)
    assert not list(tmp_path.rglob("photo.jpg"))


@pytest.mark.parametrize("failing", ["forget_sessions", "delete_old_files"])
def test_a_round_that_fails_is_a_line_and_the_next_one_deletes(tmp_path, monkeypatch, caplog, failing):
    done = []
    whole = getattr(janitor, failing)

    def fails_once(*arguments):
        done.append(failing)
        if len(done) == 1:
            raise ValueError(str(tmp_path))
        whole(*arguments)

    monkeypatch.setattr(janitor, "CLEAN_EVERY_S", 0.02)
    monkeypatch.setattr(janitor, "CLEAN_OLDER_S", 50)
    monkeypatch.setattr(janitor, failing, fails_once)
    (tmp_path / "photo.jpg").write_text("a face")
    age(tmp_path / "photo.jpg", 100)
    sessions = SimpleNamespace(session_data={"old": 1}, time_last_used={"old": datetime.now() - timedelta(seconds=100)})
    thread = Janitor(SimpleNamespace(state_holder=sessions, blocks={}), tmp_path)
    thread.start()
    deadline = time.monotonic() + 10
    while ((tmp_path / "photo.jpg").exists() or sessions.session_data) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert thread.is_alive()
    assert not (tmp_path / "photo.jpg").exists()
    assert not sessions.session_data
    (line,) = [record.getMessage() for record in caplog.records if record.name == janitor.__name__]
    assert "ValueError" in line
    assert str(tmp_path) not in line
