"""The About tab's prose, links and snippets."""

import re

import pytest

from gender_age.measurements import FITTED_TO
from page.about import tab
from page.about import text as about_text
from page.shared.settings import KEPT_MINUTES
from tests.conftest import REPOSITORY

from .records import Reader, about_html


def test_headings_and_links_are_in_order(drawn, record):
    read = Reader(about_html(drawn, record))
    levels = [level for level, _ in read.headings]
    assert levels[0] == "h2"
    assert set(levels) == {"h2", "h3"}
    assert len(read.ids) == len(set(read.ids))
    inner = [link.removeprefix("#") for link in read.links if link.startswith("#")]
    assert levels.count("h2") == 9
    assert len(inner) == 4
    assert set(inner) <= set(read.ids)
    assert all(name.startswith("about-") for name in read.ids)


@pytest.mark.parametrize("report", [None, {}])
def test_no_link_leads_nowhere_without_measurements(report, record):
    read = Reader(about_html(report, record))
    assert "about-all" not in read.ids
    assert {link.removeprefix("#") for link in read.links if link.startswith("#")} <= set(read.ids)


def test_what_a_visitor_should_know(drawn, record):
    text = Reader(about_html(drawn, record)).text
    assert f"deleted there after {KEPT_MINUTES} minutes at most" in text
    for words in (
        "Age checks",
        "surveillance",
        "Hiring",
        "advertising",
        "Gender identity",
        "apparent age",
        "Apache-2.0",
    ):
        assert words in text
    assert "non-commercial research only, as UTKFace asks" in text
    assert 'api_name="/predict"' in text
    assert "GenderAgePredictor.from_pretrained()" in text


@pytest.fixture
def text_of(drawn, record):
    """The tab's words for a model trained on data of these names."""

    def read(*names, split="test", **more):
        record["config"]["data"]["train"] = list(names)
        drawn["data"]["split"] = split
        return Reader(about_html(drawn, {**record, "hub_ids": [], **more} if names else None)).text

    return read


KEPT_OUT = ("on pictures of a test split", "pictures kept out of the training if prepared from the same files")
JUDGED = "as people or checked algorithms judged such faces"
PERCEIVED = "how annotators read a face"
IN_RECORDS = "ages and genders may as well be those in records"
IN_UTKFACE = "in UTKFace, two nearly identical pictures"


def test_labels_and_splits_of_known_data_are_what_the_card_says(text_of):
    text = text_of("data/utkface", "data/fairface")
    for words in (*KEPT_OUT, JUDGED, PERCEIVED, IN_UTKFACE):
        assert words in text
    assert IN_RECORDS not in text
    text = text_of("data/fairface", "data/all-age-faces")
    for words in (*KEPT_OUT, PERCEIVED):
        assert words in text
    assert JUDGED not in text, "nobody says how All-Age-Faces got its ages"
    assert IN_UTKFACE not in text


@pytest.mark.parametrize(
    ("names", "start"),
    [(["data/mine"], None), (["data/utkface", "data/mine"], None), (["data/utkface"], {}), ([], None)],
    ids=["own", "one of two", "a start without a record", "no record"],
)
def test_nothing_is_claimed_of_data_that_is_not_known(text_of, names, start):
    text = text_of(*names, **({"started_from": start} if start is not None else {}))
    for words in (*KEPT_OUT, JUDGED, PERCEIVED):
        assert words not in text
    assert IN_RECORDS in text
    assert (IN_UTKFACE in text) == ("data/utkface" in names)


@pytest.mark.parametrize("split", ["validation", "train"])
def test_numbers_of_a_split_that_the_model_was_fitted_to_are_called_so(text_of, split):
    assert text_of("data/utkface", split=split).count(FITTED_TO[split]) == 1
    assert FITTED_TO[split] in text_of(split=split)
    seen = {"sources": [["fairface"]]}
    assert FITTED_TO[split] not in text_of("data/fairface", split=split, **seen), "it is measured on UTKFace"
    for other in ("test", "exam"):
        assert "what to expect of other pictures" not in text_of("data/utkface", split=other)


def test_the_citation_is_that_of_the_repository():
    lines = (REPOSITORY / "CITATION.cff").read_text(encoding="utf-8").splitlines()
    cff = {key.strip(): value.strip().strip('"') for key, _, value in (line.partition(":") for line in lines)}
    plain = re.sub(r"\s+", " ", about_text.BIBTEX)
    for key, name in (("title", "title"), ("version", "version"), ("date-released", "date"), ("license", "license")):
        assert re.search(rf"\b{name} = {{{re.escape(cff[key])}}}", plain), key
    assert cff["- name"] in plain


def test_snippets_are_python():
    compile(about_text.CLIENT_CODE.format(here=about_text.LOCAL_PAGE), "client", "exec")
    compile(about_text.LIBRARY_CODE, "library", "exec")


def test_the_script_finds_the_address_to_replace():
    assert about_text.LOCAL_PAGE in about_text.CLIENT_CODE.format(here=about_text.LOCAL_PAGE)
    assert f"'{about_text.LOCAL_PAGE}'" in tab.SCRIPT.read_text(encoding="utf-8")
