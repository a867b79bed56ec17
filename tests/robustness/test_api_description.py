"""The page against its own description: schemathesis draws calls that it allows, and that it does not."""

from __future__ import annotations

import json
import socket
from collections import Counter

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from page.inputs import fetching

from .inputs import saved

CALLS = "/gradio_api/call/v2/"
FILE = {
    "type": "object",
    "properties": {"path": {"type": "string"}, "url": {"type": "string"}, "meta": {"type": "object"}},
    "required": ["path"],
}


@pytest.fixture(scope="module")
def operations(served):
    """Path and method -> strategy for a request."""
    text = httpx.get(f"{served.caller.url}openapi.json").text
    # gradio's own word for a file, which no schema knows.
    described = json.loads(text, object_hook=lambda part: part | FILE if part.get("type") == "filepath" else part)
    schema = schemathesis.openapi.from_dict(described)
    schema.config.update(base_url=served.url)
    found = [each.ok() for each in schema.get_all_operations()]
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    return {
        (each.path, each.method): st.one_of(*(each.as_strategy(generation_mode=mode) for mode in modes))
        for each in found
    }


def no_addresses(host):
    """In place of the resolver: nothing is asked of other machines."""
    raise socket.gaierror(f"{host} is not known")


@pytest.mark.parametrize("examples", [15, pytest.param(1_500, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])])
def test_no_call_breaks_the_page(served, operations, examples, monkeypatch, capfd):
    monkeypatch.setattr(fetching, "addresses", no_addresses)
    assert {path for path, _ in operations} >= {"/gradio_api/upload", CALLS + "predict", CALLS + "predict_batch"}
    for (path, method), cases in operations.items():
        asked = ask_all(served, path, cases, examples)
        with capfd.disabled():
            print(method.upper(), path, dict(asked))
        assert max((each for each in asked if isinstance(each, int)), default=0) < 500
    assert served.caller.predict("after.png", saved("PNG"))["error"] is None
    assert "Traceback" not in "".join(capfd.readouterr())


def ask_all(page, path, cases, examples):
    """Status, or for calls that are taken how they ended -> how often."""
    asked = Counter()

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=cases)
    def ask(case):
        response = case.call(timeout=20)
        if path.startswith(CALLS) and response.status_code == 200:
            asked[event_of(page, path.removeprefix(CALLS), response.json()["event_id"])] += 1
        else:
            asked[response.status_code] += 1

    ask()
    return asked


def event_of(served, name, event_id):
    """How a call ended."""
    lines = httpx.get(f"{served.caller.url}call/{name}/{event_id}", timeout=20).text.splitlines()
    events = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
    assert events[-1] in ("complete", "error"), lines
    return events[-1]
