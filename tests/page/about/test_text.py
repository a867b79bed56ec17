"""The About tab's prose, links and snippets."""

import re

import pytest

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
