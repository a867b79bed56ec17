"""The stages without Ray: items become searched photos, and these become rows."""

from functools import partial

import fsspec
import pyarrow
import pytest

from gender_age.prediction import GenderAgePredictor
from gender_age.writers import COLUMNS, NO_FACE, face_rows
from labelling import items, stages
from labelling.errors import StoreLostError
from labelling.pieces import Rows
from labelling.tables import _row_group, row_groups
from tests.fakes import FakeDetector, detected_face, noise

from .conftest import photo_bytes

SIZE = (200, 120)


@pytest.fixture
def predictor(tiny_model_folder):
    predictor = GenderAgePredictor.from_pretrained(tiny_model_folder, device="cpu")
    predictor.detector = FakeDetector({SIZE: (0, [detected_face(box=(20, 30, 80, 90)), detected_face(score=0.7)])})
    return predictor


def item(**changes):
    return {"path": "s3://bucket/a.png", "store": None, "place": b"", "data": None, "error": None} | changes


def rows_of(predictor, *given, distribution=False, min_score=None):
    searched = [stages.searched_item(predictor, each, min_score) for each in given]
    return stages.rows_of(predictor.answer(searched), distribution)


def test_rows_are_the_table_of_faces_without_the_photos_name(predictor, tmp_path):
    path = tmp_path / "two.png"
    noise(SIZE).save(path)
    here = item(path="photos/two.png", place=str(path).encode())
    table = rows_of(predictor, here, item(data=photo_bytes()), item(data=b"no photo"), item(error="Not fetched."))
    assert table.column_names == [name for name in COLUMNS if name != "photo"]
    assert table["path"].to_pylist() == ["photos/two.png"] * 2 + ["s3://bucket/a.png"] * 3
    assert table["face"].to_pylist() == [1, 2, None, None, None]
    nobody, broken, unfetched = table["error"].to_pylist()[2:]
    assert (nobody, unfetched) == (NO_FACE, "Not fetched.")
    assert broken.startswith("“a.png” is not a photo")
    (expected, *_) = face_rows([predictor.predict(noise(SIZE))])
    got = table.slice(0, 1).to_pylist()[0]
    assert {name: got[name] for name in got if name != "path"} == pytest.approx(
        {name: cell for name, cell in zip(COLUMNS, expected, strict=True) if name not in ("path", "photo")}
    )


def test_the_distribution_is_that_of_the_age(predictor):
    table = rows_of(predictor, item(data=photo_bytes(SIZE)), item(data=photo_bytes()), distribution=True)
    *faces, nobody = table["age_distribution"].to_pylist()
    assert nobody is None
    for ages, age in zip(faces, table["age"].to_pylist()[:2], strict=True):
        assert sum(ages) == pytest.approx(1, abs=1e-4)
        assert sum(year * share for year, share in enumerate(ages)) == pytest.approx(age, abs=1e-3)


def test_the_minimum_score_is_passed_on(predictor):
    assert rows_of(predictor, item(data=photo_bytes(SIZE)), min_score=0.8)["face"].to_pylist() == [1]


def test_what_nobody_foresaw_is_one_photos_error(predictor, monkeypatch):
    monkeypatch.setattr(predictor.detector, "detect_any_rotation", lambda *given: 1 / 0)
    assert rows_of(predictor, item(data=photo_bytes(SIZE)))["error"].to_pylist() == [
        "The photo could not be analysed (ZeroDivisionError)."
    ]


def test_what_is_elsewhere_is_fetched(monkeypatch):
    fs = fsspec.filesystem("memory")
    fs.pipe_file("/bucket/a.png", b"12345")
    try:
        there = item(store=fs.to_json(), place=b"/bucket/a.png")
        assert items.fetched(there) == there | {"data": b"12345"}
        missing = items.fetched(there | {"place": b"/bucket/b.png"})
        assert missing["error"].startswith("“a.png” cannot be fetched")
        monkeypatch.setattr(items, "MAX_BYTES", 4)
        assert "too large" in items.fetched(there)["error"]
    finally:
        fs.rm("/bucket", recursive=True)
    for already in (item(data=b"1"), item(place=b"/photos/a.png"), item(error="The row holds no photo.")):
        assert items.fetched(already) == already


class Store(fsspec.AbstractFileSystem):
    """One whose files cannot be read, and whose folders answer by an error, or not at all."""

    protocol, cachable = "broken", False
    of_file, of_folder, num_bytes = OSError("Broken pipe"), None, 5

    def cat_file(self, path, *given, **options):
        raise self.of_file

    _open = cat_file

    def info(self, path, **options):
        if self.of_folder is not None:
            raise self.of_folder
        return {"size": self.num_bytes}


@pytest.mark.parametrize("of_folder", [OSError("Timeout"), PermissionError("The token has expired"), ValueError("no")])
def test_a_store_that_is_gone_is_no_photos_error(monkeypatch, of_folder):
    monkeypatch.setattr(Store, "of_folder", of_folder)
    lost = r"^broken://bucket can no longer be read \(.+\)$"
    with pytest.raises(StoreLostError, match=lost):
        items.fetched(item(store=Store().to_json(), place=b"bucket/a.png"))
    with pytest.raises(StoreLostError, match=lost):
        row_groups(Store(), "bucket/shard.parquet", "bucket/shard.parquet", None)
    rows = Rows("bucket/shard.parquet", 0, 5, partial(_row_group, Store(), "bucket/shard.parquet", 0, "image"))
    with pytest.raises(StoreLostError, match=lost):
        list(rows.read())


@pytest.mark.parametrize(
    ("of_file", "of_folder"),
    [
        (PermissionError("Forbidden"), None),
        (ValueError("no"), FileNotFoundError("bucket")),
        (FileNotFoundError("a.png"), OSError("is not asked")),
    ],
)
def test_what_a_store_says_of_one_file_is_a_photos_error(monkeypatch, of_file, of_folder):
    monkeypatch.setattr(Store, "of_file", of_file)
    monkeypatch.setattr(Store, "of_folder", of_folder)
    error = f"“a.png” cannot be fetched ({of_file}): check that it is there and may be read."
    assert items.fetched(item(store=Store().to_json(), place=b"bucket/a.png"))["error"] == error


def test_an_empty_file_of_a_store_is_called_empty(monkeypatch, predictor):
    """S3 answers by an error, as it has no range from its first byte on."""
    monkeypatch.setattr(Store, "num_bytes", 0)
    fetched = items.fetched(item(store=Store().to_json(), place=b"bucket/a.png"))
    assert rows_of(predictor, fetched)["error"].to_pylist()[0].startswith("“a.png” is empty (0 bytes)")


def test_faces_are_handed_on_before_there_are_many(predictor, monkeypatch):
    monkeypatch.setattr(stages, "FACES_AT_ONCE", 4)
    finder = stages.FindFaces.__new__(stages.FindFaces)
    finder._predictor, finder._min_score = predictor, None
    given = [item(path=f"{number}.png", data=photo_bytes(SIZE)) for number in range(5)]
    batches = list(finder(pyarrow.Table.from_pylist(given, schema=items.SCHEMA)))
    assert [batch["path"].tolist() for batch in batches] == [["0.png", "1.png"], ["2.png", "3.png"], ["4.png"]]
    assert [len(photo.found) for batch in batches for photo in batch["searched"]] == [2] * 5
    assert list(finder(items.SCHEMA.empty_table())) == []
