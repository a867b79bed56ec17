"""Properties of what the page makes of names, searched by hypothesis: HTML, tables, and files out of archives."""

from __future__ import annotations

import csv
import io
import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from PIL import Image

from gender_age.images import photo_name
from gender_age.results import FacePrediction, PhotoPrediction
from gender_age.writers import FORMULA_STARTS
from page.inputs.archive import ArchiveError, list_photos
from page.inputs.archived_names import shown_path
from page.inputs.unpacking import Unpacker
from page.many import html as many_html
from page.many.table import as_csv, as_json
from page.photo import cards
from page.photo.figure import figure_value
from page.shared.analysis import AnalysedPhoto
from page.why import panel as why_panel
from tests import fakes

from .archives import named, packed
from .searching import MANY, TEXT, without_joiners


def prediction(name: str, *faces: FacePrediction, error: str | None = None) -> PhotoPrediction:
    return fakes.photo(photo=name, faces=faces, error=error)


FACE = fakes.face(gender_probability=0.93, age=41.6, age_interval=(33.2, 52.4))


class Seen(HTMLParser):
    """The tags, attributes and text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.text = [], [], ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data):
        self.text += data


MARKUP = st.text(st.sampled_from("<>\"'&;=/!-ascriptonloade img"), min_size=1, max_size=60)


@MANY
@given(MARKUP)
def test_no_name_and_no_sentence_is_markup(text):
    """The page has the same tags and attributes whatever a photo is called; figures take pictures as `<1>`."""
    pages = (
        lambda name: cards.summary_html(prediction(name)),
        lambda name: cards.summary_html(prediction(name, FACE), 2),
        lambda name: cards.summary_html(prediction("a", error=name)),
        lambda name: many_html.summary_html([prediction("a", error=name)], 1, False),
        lambda name: why_panel.nothing_html(prediction(name)),
        lambda name: why_panel.nothing_html(prediction("a", error=name)),
        figure_of,
    )
    for page in pages:
        plain, seen = Seen(page("plain")), Seen(page(text))
        assert seen.tags == plain.tags
        assert seen.attributes == plain.attributes


def figure_of(name: str) -> str:
    crop = Image.new("RGB", (32, 32), "teal")
    return figure_value(AnalysedPhoto(prediction(name, FACE), crop, (crop,)), ["/0.jpg", "/1.jpg"])["html"]


@MANY
@given(st.lists(st.tuples(TEXT, st.sampled_from(["", *FORMULA_STARTS])), max_size=5))
def test_no_cell_of_a_table_is_a_formula_and_no_row_is_lost(texts):
    predictions = [prediction(photo_name(start + text), error=start + photo_name(text)) for text, start in texts]
    found = list(csv.reader(io.StringIO(as_csv(predictions).decode("utf-8-sig"), newline="")))
    assert len(found) == 1 + len(predictions)
    assert not [cell for row in found for cell in row if cell.startswith(FORMULA_STARTS)]
    assert json.loads(as_json(predictions)) == [row.to_dict() for row in predictions]


ENTRIES = st.lists(
    st.tuples(
        st.one_of(TEXT, st.sampled_from(["../a", "/a", "C:/a", "a/b", "..", "a\\..\\b", "~/a"])),
        st.sampled_from([".png", ".jpg", ".zip", ".txt", "", "/", ".heic"]),
        st.sampled_from([0o100644, 0o120777, 0o040755, 0]),
        st.binary(max_size=50),
    ),
    max_size=6,
)


def unpacked(unpacker: Unpacker, archive: Path) -> list[tuple[str, Path | str]]:
    """Name and path of every photo, or its sentence; nothing where the archive is refused."""
    found = []
    try:
        photos = list_photos(archive)
    except ArchiveError:
        return []
    for photo in photos:
        try:
            found.append((photo.name, Path(unpacker.unpack(archive, photo))))
        except ArchiveError as error:
            found.append((photo.name, str(error)))
    return found


@MANY
@pytest.mark.filterwarnings("ignore:Duplicate name")
@given(ENTRIES)
def test_what_comes_out_of_an_archive_stays_in_its_folder(tmp_path, entries):
    try:
        data = packed(*((named(name + suffix, mode), content) for name, suffix, mode, content in entries))
    except (UnicodeEncodeError, ValueError):
        assume(False)  # a name that cannot be written
    (tmp_path / "a.zip").write_bytes(data)
    with Unpacker() as unpacker:
        for name, path in unpacked(unpacker, tmp_path / "a.zip"):
            assert shown_path(name.split("/")) == name
            assert not {"", ".", ".."} & set(name.split("/"))
            assert without_joiners(name).isprintable()
            if isinstance(path, str):
                assert path.startswith("“")
                continue
            assert path.resolve().parent.parent == Path(unpacker._folder.name).resolve()
            assert path.name == photo_name(name)
            assert path.is_file()
            assert not path.is_symlink()
    assert sorted(tmp_path.iterdir()) == [tmp_path / "a.zip"]
