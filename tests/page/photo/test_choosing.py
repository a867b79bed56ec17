"""How a photo is given on the tab Photo other than as a file: examples and addresses; and the sample."""

from dataclasses import replace
from pathlib import Path

import gradio as gr
import pytest
from PIL import Image

from page.inputs import photo_files
from page.photo.choosing import NO_ADDRESS
from page.shared.settings import EXAMPLES, STRESS_TESTS

from .built_tab import PHOTO


def test_examples_are_chosen_by_their_index(tab):
    for name, paths in (("search_example", EXAMPLES), ("search_stress_test", STRESS_TESTS)):
        for index, path in enumerate(paths):
            found, *_ = tab.events[name].fn(index).values()
            assert found.analysed.prediction.photo == path.name
        for nonsense in (-1, len(paths), "x", None):
            assert list(tab.events[name].fn(nonsense).values()) == [None]


def test_examples_are_small_pictures_of_their_own(tab):
    pictures = [block for block in tab.demo.blocks.values() if isinstance(block, gr.Dataset)]
    assert [len(each.samples) for each in pictures] == [len(EXAMPLES), len(STRESS_TESTS)]
    paths = [Path(sample["path"]) for each in pictures for (sample,) in each.samples]
    assert [path.name for path in paths] == [path.name for path in (*EXAMPLES, *STRESS_TESTS)]
    assert max(path.stat().st_size for path in paths) < 15_000
    sideways = Image.open(paths[[path.name for path in paths].index("collins-sideways-exif.jpg")])
    assert not sideways.getexif()
    kept = set().union(*(block.keep_in_cache for block in tab.demo.blocks.values()))
    assert {str(path) for path in paths} <= kept


def test_the_sample_is_an_answer_that_is_asked_for_once_and_kept(tab):
    value = tab.events["sample_answer"].fn()
    assert value is tab.events["sample_answer"].fn()
    assert len(tab.predictor.seen) == 1
    assert "An example" in value["html"]
    (sample,) = (block for block in tab.demo.blocks.values() if block.elem_id == "sample")
    assert {entry["path"] for entry in value["files"]} == sample.keep_in_cache
    assert tab.events["sample_answer"].api_visibility == "private"


@pytest.mark.parametrize("address", ["", "  ", None, "data:image/jpeg;base64,AAAA"])
def test_no_address_is_a_sentence(tab, address):
    found, *_ = tab.events["search_address"].fn(address).values()
    assert found.analysed.prediction.error == NO_ADDRESS


def test_an_address_is_fetched_as_that_of_a_program(tab, photo, monkeypatch):
    asked = []

    def fetch(address, *limits):
        asked.append(address)
        return Path(photo).read_bytes()

    monkeypatch.setattr(photo_files, "fetch", fetch)
    found, *_ = tab.events["search_address"].fn(" example.invalid/some/beach.jpg").values()
    assert asked == ["https://example.invalid/some/beach.jpg"]
    assert found.analysed.prediction == replace(PHOTO, photo="beach.jpg")
