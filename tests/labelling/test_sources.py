"""What SOURCE may be, the ids of its photos, and the pieces it is read in."""

import os

import fsspec
import pyarrow
import pytest

from labelling.errors import LabellingError
from labelling.output import Output
from labelling.pieces import Rows
from labelling.sources import MOST_PHOTOS, MOST_VIDEOS, PIECES_PER_CPU, Listing, pieces_of

from .conftest import items_of, paths_of, photo_bytes, write_table

NAMES = ["bera.jpg", "collins.jpg", "inside/broken.jpg", "inside/nobody.png"]


@pytest.mark.parametrize("end", ["", "/"])
def test_a_folder_is_read_with_all_folders_inside(photos, monkeypatch, end):
    monkeypatch.chdir(photos.parent)
    items = items_of(f"photos{end}")
    assert [item["path"] for item in items] == [f"photos/{name}" for name in NAMES]
    assert [os.fsdecode(item["place"]) for item in items] == [str(photos / name) for name in NAMES]
    assert {(item["store"], item["data"], item["error"]) for item in items} == {(None, None, None)}


def test_a_pattern_a_file_and_an_address(photos, monkeypatch, memory):
    monkeypatch.chdir(photos.parent)
    assert paths_of("photos/*.jpg") == ["photos/bera.jpg", "photos/collins.jpg"]
    assert paths_of("photos/**/*.[pj][np]g") == [f"photos/{name}" for name in NAMES]
    assert paths_of("photos/bera.jpg") == ["photos/bera.jpg"]
    assert paths_of(f"file://{photos}") == [f"file://{photos}/{name}" for name in NAMES]
    assert paths_of(memory) == [f"{memory}/{name}" for name in NAMES]
    assert paths_of(f"{memory}/*/*.png") == [f"{memory}/inside/nobody.png"]
    assert [item["place"] for item in items_of(memory)] == [f"/bucket/photos/{name}".encode() for name in NAMES]


def test_what_exists_wins_over_a_pattern(photos):
    renamed = photos.rename(photos.parent / "photos[1]")
    assert len(paths_of(renamed)) == len(NAMES)


def test_a_name_that_is_no_utf8_keeps_its_bytes(tmp_path):
    path = os.fsencode(tmp_path / "a") + b"\xff.png"
    with open(path, "wb") as file:
        file.write(photo_bytes())
    (item,) = items_of(tmp_path)
    assert item["path"].endswith("a\\udcff.png")
    assert item["place"] == path


def test_a_path_may_have_what_fsspec_chains(photos):
    renamed = photos.rename(photos.parent / "a::b")
    write_table(renamed / "shard.parquet", [photo_bytes()])
    assert paths_of(renamed) == [f"{renamed}/{name}" for name in (*NAMES, "shard.parquet/0")]


def test_links_to_photos_are_photos_and_links_to_folders_are_not_followed(photos):
    (photos / "link.jpg").symlink_to(photos / "bera.jpg")
    (photos / "inside" / "loop").symlink_to(photos)
    assert paths_of(photos) == [f"{photos}/{name}" for name in (*NAMES, "link.jpg")]


def test_a_folder_that_labelling_wrote_is_no_source(photos):
    output = Output(str(photos / "inside" / "faces"))
    output.begin({})
    (photos / "inside" / "faces" / "half.parquet").write_bytes(b"PAR1")
    (photos / "inside" / "faces_of_others").mkdir()
    (photos / "inside" / "faces_of_others" / "a.png").write_bytes(photo_bytes())
    assert paths_of(photos) == [f"{photos}/{name}" for name in sorted([*NAMES, "inside/faces_of_others/a.png"])]


def test_rows_of_tables_are_numbered_through_their_groups(tmp_path):
    cells = [photo_bytes(seed=number) for number in range(4)] + [None]
    write_table(tmp_path / "shard.parquet", cells, row_group_size=2)
    assert [piece.num_rows for piece in pieces_of(str(tmp_path), 1)] == [2, 2, 1]
    items = items_of(tmp_path)
    assert [item["path"] for item in items] == [f"{tmp_path}/shard.parquet/{row}" for row in range(5)]
    assert [item["data"] for item in items] == cells
    assert [item["error"] for item in items] == [None] * 4 + ["The row holds no photo."]


def test_a_broken_table_is_a_photo_that_is_none(photos):
    (photos / "broken.parquet").write_bytes(b"PAR1 and no more")
    assert paths_of(photos)[1] == f"{photos}/broken.parquet"


def test_rows_that_cannot_be_read_are_errors(tmp_path):
    """The job would end at the same rows whenever it goes on."""

    def broken():
        yield pyarrow.array([b"1", None])
        raise OSError("The disk is gone.\nBecause")

    (first, rest) = Rows("photos/shard.parquet", 10, 5, broken).read()
    assert first["error"].to_pylist() == [None, "The row holds no photo."]
    assert rest["path"].to_pylist() == [f"photos/shard.parquet/{row}" for row in (12, 13, 14)]
    assert rest["data"].null_count == 3
    assert set(rest["error"].to_pylist()) == {"“shard.parquet” cannot be read (The disk is gone): check the table."}

    path = tmp_path / "shard.parquet"
    write_table(path, [photo_bytes()])
    (tmp_path / "notes.txt").write_text("The disk is there.")
    (gone,) = pieces_of(str(path), 1)
    path.unlink()
    (items,) = gone.read()
    assert items["error"].to_pylist()[0].startswith("“shard.parquet” cannot be read (")


def test_which_column_holds_the_photos(tmp_path):
    path = tmp_path / "two.parquet"
    columns = {"left": [photo_bytes()], "right": [photo_bytes(seed=1)], "name": ["a"]}
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    with pytest.raises(LabellingError, match=r"several columns .* left, right \(--image\)"):
        pieces_of(str(path), 1)
    write_table(tmp_path / "other.parquet", [photo_bytes()])
    assert [item["data"] for item in items_of(tmp_path, column="right")] == columns["right"]
    with pytest.raises(LabellingError, match="No table of .* has photos in a column name: name one of binary"):
        pieces_of(str(tmp_path), 1, "name")


@pytest.mark.parametrize(
    "kind", [pyarrow.large_binary(), pyarrow.binary_view(), pyarrow.dictionary(pyarrow.int32(), pyarrow.binary())]
)
def test_columns_of_every_kind_of_bytes(tmp_path, kind):
    path, cells = tmp_path / "shard.parquet", [photo_bytes(), None, photo_bytes(seed=1)]
    pyarrow.parquet.write_table(pyarrow.table({"image": pyarrow.array(cells).cast(kind)}), path)
    assert [item["data"] for item in items_of(path)] == cells


def test_a_table_without_rows_is_nothing_to_read(tmp_path):
    write_table(tmp_path / "shard.parquet", [])
    with pytest.raises(LabellingError, match="holds no photo"):
        pieces_of(str(tmp_path), 1)


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("nowhere/at all", "There is no nowhere/at all"),
        ("memory://nothing", "There is no memory://nothing"),
        ("none/*.jpg", "holds no photo"),
        ("unknown://bucket", "cannot be read"),
        (".", "holds no photo"),
    ],
)
def test_a_place_without_photos_is_a_sentence(tmp_path, monkeypatch, source, sentence):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("no photo")
    with pytest.raises(LabellingError, match=sentence.replace(".", r"\.")):
        pieces_of(source, 1)


@pytest.mark.parametrize(("photos", "cpus", "size"), [(3, 8, 1), (320, 2, 10), (20_000, 1, MOST_PHOTOS)])
def test_every_core_gets_several_pieces(monkeypatch, photos, cpus, size):
    places = [f"/p/{number}.jpg" for number in range(photos)]
    fs = fsspec.filesystem("file")
    monkeypatch.setattr("labelling.sources._listed", lambda source: Listing(fs, source, "/p", places))
    pieces = pieces_of("/p", cpus)
    assert pieces[0].num_rows == size
    assert sum(piece.num_rows for piece in pieces) == photos
    assert len(pieces) >= min(photos, cpus * PIECES_PER_CPU)


@pytest.mark.parametrize(("videos", "cpus", "size"), [(3, 8, 1), (40, 1, 3), (20_000, 1, MOST_VIDEOS)])
def test_a_job_over_videos_that_stops_loses_few_of_them(monkeypatch, videos, cpus, size):
    """What is finished of a piece is written with the whole piece."""
    places = [f"/p/{number}.mp4" for number in range(videos)]
    fs = fsspec.filesystem("file")
    monkeypatch.setattr("labelling.sources._listed", lambda source: Listing(fs, source, "/p", places))
    pieces = pieces_of("/p", cpus, videos=True)
    assert pieces[0].num_rows == size <= 4
    assert sum(piece.num_rows for piece in pieces) == videos
