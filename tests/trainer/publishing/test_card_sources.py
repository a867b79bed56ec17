"""Which sources of a report the model was trained on, as its card says."""

import json

import pytest

from trainer import push

NAMED = {"sources": [["utkface"], ["club"]]}


@pytest.fixture
def card_of(run_folder, report, tmp_path):
    """The card of a model measured on `utkface`, `club` and `others`, with these values in its training record."""
    record = json.loads((run_folder / "training.json").read_text())
    measured = report["protocols"]["end_to_end"]

    def render(values, sources=("utkface", "club", "others")):
        (run_folder / "training.json").write_text(json.dumps(record | values))
        report["protocols"]["end_to_end"] = {name: measured["utkface"] for name in sources}
        return (push.push_to_folder(run_folder, tmp_path / "model", report) / "README.md").read_text("utf-8")

    return render


def test_sources_are_called_as_the_rows_call_them(card_of):
    assert "has never seen" not in card_of(NAMED, ["utkface", "club"])
    card = card_of(NAMED)
    assert "| club | yes |" in card
    assert "| others | **no** |" in card
    assert "has never seen" in card


def test_older_records_do_not_say_what_the_rows_name(card_of):
    card = card_of({})
    assert "| club | – |" in card
    assert "has never seen" not in card


def test_nothing_is_known_of_a_start_without_a_record(card_of):
    card = card_of(NAMED | {"started_from": {}})
    assert "| others | – |" in card
    assert "has never seen" not in card
    assert "from weights that are not recorded" in card
    assert "after 0" not in card
