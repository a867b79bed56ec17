"""OUT: what belongs together, what is refused, and what goes on."""

import errno
import json
import re
from collections import Counter

import pandas as pd
import pyarrow
import pyarrow.parquet
import pytest

from gender_age.writers import NO_FACE, face_table
from labelling.errors import LabellingError
from labelling.output import README, RECORD, Counts, Output
from labelling.report import report
from labelling.tally import COLUMNS, Tally
from tests import fakes

IDENTITY = {"source": "photos", "model": "aa", "minimum score": None}
FACTS = {"name": "model", "revision": None, "finished": "2026-11-01", "versions": {"gender-age": "1.0"}}


@pytest.fixture(params=["folder", "address"])
def output(request, tmp_path):
    output = Output(str(tmp_path / "out") if request.param == "folder" else "memory://bucket/out")
    yield output
    if output.fs.exists(output.root):
        output.fs.rm(output.root, recursive=True)


def predictions():
    faces = [fakes.face(age=age, gender_probability=p, uncertain=p < 0.7) for age, p in ((5, 0.6), (34, 0.95))]
    return [
        fakes.photo(path="photos/a.jpg", faces=(*faces, fakes.face(age=100, gender="male"))),
        fakes.photo(path="photos/b.jpg", faces=faces[1:]),
        fakes.photo(path="photos/c.jpg"),
        fakes.photo(path="photos/d.jpg", error="“d.jpg” is too large (9 × 9 pixels): save it smaller."),
        fakes.photo(path="photos/e.jpg", error="“e.jpg” is too large (8 × 8 pixels): save it smaller."),
    ]


def write_rows(output, name="rows.parquet"):
    with output.arrow_fs.open_output_stream(f"{output.root}/{name}") as file:
        pyarrow.parquet.write_table(face_table(predictions()).drop_columns(["photo"]), file)


def test_a_finished_folder_is_parquet_with_its_record(output):
    output.begin(IDENTITY)
    assert output.counts() == Counts()
    write_rows(output)
    output.fs.makedirs(output.checkpoint, exist_ok=True)
    output.finish(IDENTITY, "# Faces", counts=output.counts())
    assert output.counts() == Counts(photos=5, faces=4, without_face=1, errors=2)
    record = json.loads(output.fs.cat_file(f"{output.root}/{RECORD}"))
    assert record == {
        "complete": True,
        "identity": IDENTITY,
        "counts": {"photos": 5, "faces": 4, "without_face": 1, "errors": 2},
    }
    assert output.fs.cat_file(f"{output.root}/{README}") == b"# Faces"
    assert not output.fs.exists(output.checkpoint)


def test_readers_of_parquet_folders_see_rows_alone(tmp_path):
    output = Output(str(tmp_path))
    output.begin(IDENTITY)
    write_rows(output)
    output.finish(IDENTITY, "# Faces")
    output.begin(IDENTITY)  # with a checkpoint beside the rows
    assert len(pd.read_parquet(tmp_path)) == 7


def test_another_job_in_the_same_folder_is_refused(output):
    output.begin(IDENTITY)
    with pytest.raises(LabellingError, match="labelled with another model and minimum score: choose a new folder"):
        output.check(IDENTITY | {"model": "bb", "minimum score": 0.9})
    output.check(IDENTITY)


def test_a_folder_may_be_named_like_a_pattern(tmp_path):
    output = Output(str(tmp_path / "faces [1]*"))
    output.begin(IDENTITY)
    write_rows(output)
    assert output.counts().photos == 5


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"identity": {}}', '{"identity": [], "complete": true}'])
def test_a_record_of_something_else_is_a_sentence(output, text):
    output.fs.makedirs(output.root)
    output.write(RECORD, text)
    with pytest.raises(LabellingError, match=r"holds a _labelling.json that is none of labelling's"):
        output.check(IDENTITY)


@pytest.mark.parametrize("name", ["rows.parquet", "photo.jpg"])
def test_a_folder_with_other_files_is_refused(output, name):
    """Photos too: a reader of OUT would take them for tables, and it might be SOURCE."""
    output.fs.makedirs(output.root)
    output.fs.pipe_file(f"{output.root}/.hidden", b"")
    output.check(IDENTITY)
    write_rows(output, name)
    with pytest.raises(LabellingError, match="holds other files: choose a new folder"):
        output.check(IDENTITY)


@pytest.mark.parametrize("address", ["file", "file/inside", "nowhere://x", "\udcff", "n" * 300])
def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path, address):
    (tmp_path / "file").write_text("")

    def begin():
        output = Output(address if "://" in address else str(tmp_path / address))
        output.check(IDENTITY)
        output.begin(IDENTITY)

    with pytest.raises(LabellingError, match=r"cannot be used as OUT \(.*\): check the name"):
        begin()


@pytest.mark.parametrize("name", ["who?/faces", "path=1/faces"])
def test_a_name_that_ray_data_misreads_is_refused(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    for address in (name, str(tmp_path / name), f"memory://bucket/{name}"):
        with pytest.raises(LabellingError, match="in its name, which Ray misreads"):
            Output(address)
    assert Output("a_path=1").root == str(tmp_path / "a_path=1")


def test_a_record_that_cannot_be_written_leaves_the_one_before(tmp_path, monkeypatch):
    output = Output(str(tmp_path / "out"))
    output.begin(IDENTITY)

    def full(path, data):
        with open(path, "wb") as file:
            file.write(data[:5])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(output.fs, "pipe_file", full)
        with pytest.raises(LabellingError, match="No space left on device"):
            output.finish(IDENTITY, "# Faces")
        with pytest.raises(LabellingError, match="No space left on device"):
            output.begin(IDENTITY)
    output.check(IDENTITY)


def test_a_broken_table_of_rows_is_a_sentence(output):
    output.begin(IDENTITY)
    output.fs.pipe_file(f"{output.root}/rows.parquet", b"PAR1")
    with pytest.raises(LabellingError, match="cannot be used as OUT"):
        output.counts()


def test_a_path_may_have_what_fsspec_chains(tmp_path):
    output = Output(str(tmp_path / "a::b" / "out"))
    output.begin(IDENTITY)
    assert (tmp_path / "a::b" / "out" / RECORD).is_file()


def test_a_finished_job_that_begins_again_knows_its_photos(output):
    output.begin(IDENTITY)
    write_rows(output)
    output.finish(IDENTITY, "# Faces")
    # A checkpoint that was deleted in part, as the job was killed at its very end.
    output.fs.makedirs(output.checkpoint)
    output.fs.pipe_file(f"{output.checkpoint}/half.parquet", b"")
    output.begin(IDENTITY)
    (table,) = output.fs.glob(f"{output.checkpoint}/*")
    with output.arrow_fs.open_input_file(table) as file:
        ids = pyarrow.parquet.read_table(file)
    assert ids.to_pydict() == {"path": [f"photos/{name}.jpg" for name in "abcde"]}
    output.begin(IDENTITY)
    assert output.fs.exists(table)  # not finished: the checkpoint is Ray Data's now


def test_the_tally_of_batches_is_that_of_the_whole():
    rows = face_table(predictions()).select(COLUMNS)
    for batches in (rows.to_batches(), rows.to_batches(max_chunksize=2)):
        tally = Tally.of(batches)
        assert tally.ages.tolist()[0][:4] == [1, 0, 0, 2]
        assert tally.ages.tolist()[1][-1] == 1
        assert (tally.certain.tolist(), tally.uncertain.tolist()) == ([2, 1], [1, 0])
        assert tally.probabilities.sum() == 4
        assert tally.probabilities[4] == 1
        assert tally.faces.tolist() == [1, 1, 0, 1] + [0] * 7
        assert dict(tally.errors) == {"is too large": 2}


def test_many_faces_are_counted_together():
    crowd = fakes.photo(faces=(fakes.face(),) * 30)
    tally = Tally.of(face_table([crowd, fakes.photo(faces=(fakes.face(),) * 10)]).select(COLUMNS).to_batches())
    assert tally.faces.tolist() == [0] * 10 + [2]


def test_the_report_is_one_page_that_shows_no_markup_of_others():
    tally = Tally.of(face_table(predictions()).select(COLUMNS).to_batches())
    page = report(tally, "<script>photos", FACTS | {"counts": Counts(5, 4, 1, 2)})
    assert page.count("<svg") == page.count("</svg>") == 5
    assert "Faces of &lt;script&gt;photos" in page
    assert "<script>" not in page
    assert "5 photos, 4 faces; no face was found in 1 photos" in page
    assert "with the model model on 2026-11-01." in page
    assert "Is too large" in page
    assert not re.search(r"""(src|href)=["']?(?!["']?#)""", page)
    assert NO_FACE not in page


@pytest.mark.parametrize("errors", [{}, {"cannot be fetched in $\\frac$": 3}])
def test_the_report_of_a_set_without_faces_has_no_chart_of_faces(errors):
    tally = Tally(errors=Counter(errors))
    page = report(tally, "photos", FACTS | {"counts": Counts(photos=3, errors=3)})
    assert page.count("<svg") == 1 + len(errors)
