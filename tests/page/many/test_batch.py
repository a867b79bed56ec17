"""Which photos a run takes, in which portions, and that none is lost or swapped."""

import io
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from gender_age.prediction import GenderAgePredictor
from gender_age.results import PhotoPrediction
from page.inputs.photo_files import GivenFile
from page.many import batch
from page.many.batch import Answer, items_of, predict_portion, run
from page.many.strips import SIDE
from page.shared.opening import SharedPredictor
from tests import fakes


def given(path) -> GivenFile:
    return GivenFile(path.name, str(path))


@pytest.fixture
def trip(tmp_path):
    """An archive of two photos, a link out of it, and a note."""
    with zipfile.ZipFile(tmp_path / "trip.zip", "w") as packed:
        for name in ("a/1.jpg", "../evil.jpg", "2.jpg", "notes.txt"):
            packed.writestr(name, name)
    return tmp_path / "trip.zip"


class Predict:
    """At most `most` photos at once; says of each what its file holds."""

    def __init__(self, most=100):
        self.most, self.portions = most, []

    def __call__(self, paths):
        self.portions.append(paths[: self.most])
        return [
            Answer(fakes.photo(photo="?", path=path, error=f"read {Path(path).read_text()}"), path.encode())
            for path in paths[: self.most]
        ]


def analysed(files, predict):
    portions = list(run(items_of(files), predict))
    found = [answer.prediction for portion in portions for answer in portion]
    assert {found.path for found in found} <= {None, *(found.photo for found in found)}, "a path of the server got out"
    return [[(answer.prediction.photo, answer.prediction.error) for answer in portion] for portion in portions]


def test_nothing():
    assert analysed([], Predict()) == []


@pytest.mark.parametrize("most", [1, 2, 100])
def test_photos_come_in_order_and_those_of_an_archive_in_its_place(tmp_path, trip, most):
    (tmp_path / "first.jpg").write_text("first")
    (tmp_path / "last.jpg").write_text("last")
    files = [
        given(tmp_path / "first.jpg"),
        GivenFile("gone.jpg", None, "“gone.jpg” could not be loaded."),
        given(trip),
        given(tmp_path / "last.jpg"),
    ]
    predict = Predict(most)
    found = [row for portion in analysed(files, predict) for row in portion]
    assert [name for name, _ in found] == ["first.jpg", "gone.jpg", "a/1.jpg", "evil.jpg", "2.jpg", "last.jpg"]
    assert found[0][1] == "read first"
    assert found[1][1] == "“gone.jpg” could not be loaded."
    assert found[2][1] == "read a/1.jpg"
    assert "leads out" in found[3][1]
    assert found[5][1] == "read last"
    assert max(map(len, predict.portions)) <= most


def test_photos_of_one_name_in_two_folders_are_told_apart(tmp_path):
    """In their names, in their paths, and in what is said of those that cannot be used."""
    with zipfile.ZipFile(tmp_path / "holiday.zip", "w") as packed:
        for folder in ("day1", "day2"):
            packed.writestr(f"holiday/{folder}/a.jpg", folder)

    def refuse(paths):
        name = "“{}” is not a photo."
        return [Answer(PhotoPrediction.unusable("a.jpg", name.format(Path(path).name), path)) for path in paths]

    (answers,) = run(items_of([given(tmp_path / "holiday.zip")]), refuse)
    portion = [answer.prediction for answer in answers]
    wanted = ["holiday/day1/a.jpg", "holiday/day2/a.jpg"]
    assert [found.photo for found in portion] == wanted
    assert [found.path for found in portion] == wanted
    assert [found.error for found in portion] == [f"“{name}” is not a photo." for name in wanted]


def test_only_files_that_cannot_be_used(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"Dear all")
    predict = Predict()
    (((name, error),),) = analysed([given(tmp_path / "a.zip")], predict)
    assert name == "a.zip"
    assert "is not a ZIP archive" in error
    assert predict.portions == []


def test_too_many_photos(tmp_path, trip, monkeypatch):
    monkeypatch.setattr(batch, "MAX_PHOTOS", 4)
    items = items_of([given(trip), given(trip), given(trip)])
    assert [item.name for item in items] == ["a/1.jpg", "evil.jpg", "2.jpg", "a/1.jpg", "evil.jpg"]
    assert items[-1].path is None
    assert "From “evil.jpg” on, photos were left out: 4 are the limit" in items[-1].error


def test_an_unpacked_photo_is_gone_when_its_portion_is_done(trip):
    predict = Predict(1)
    portions = run(items_of([given(trip)]), predict)
    next(portions)
    assert not Path(predict.portions[0][0]).exists()
    next(portions)
    portions.close()
    assert not Path(predict.portions[1][0]).exists()


def test_a_model_that_answers_for_nothing_ends_the_run(tmp_path):
    (tmp_path / "1.jpg").write_text("?")
    with pytest.raises(RuntimeError, match="answered for no photo"):
        analysed([given(tmp_path / "1.jpg")], lambda paths: [])


@pytest.mark.parametrize(("seconds", "num_done"), [(-1.0, 1), (60.0, 3)])
def test_a_portion_ends_in_time_but_never_without_a_photo(monkeypatch, seconds, num_done):
    monkeypatch.setattr(batch, "PORTION_S", seconds)
    predictor = SimpleNamespace(predict_batch=lambda paths, min_score: [fakes.photo(path=path) for path in paths])
    answers = predict_portion(predictor, ["1", "2", "3"])
    assert [answer.prediction.path for answer in answers] == ["1", "2", "3"][:num_done]


def test_a_portion_has_no_faces_of_a_lower_score(tmp_path):
    fakes.noise((60, 50)).save(tmp_path / "1.png")
    predictor = fakes.FakePredictor({(60, 50): (0, [fakes.face(score=0.7), fakes.face(score=0.9)])})
    paths = [str(tmp_path / "1.png")]
    assert [face.score for face in predict_portion(predictor, paths)[0].prediction.faces] == [0.7, 0.9]
    assert [face.score for face in predict_portion(predictor, paths, 0.8)[0].prediction.faces] == [0.9]


def test_photos_know_the_folder_of_their_archive(trip, tmp_path):
    (tmp_path / "a.zip").write_bytes(trip.read_bytes())
    items = items_of([given(trip), given(tmp_path / "a.zip"), GivenFile("1.jpg", "1.jpg")])
    assert [item.folder for item in items] == ["trip.zip › a", *["trip.zip"] * 2, "a.zip › a", *["a.zip"] * 2, ""]


def test_strips_stay_with_their_photos(trip):
    """Those of unusable photos in between have none."""
    answers = [answer for portion in run(items_of([given(trip)]), Predict(1)) for answer in portion]
    assert [answer.strip and Path(answer.strip.decode()).name for answer in answers] == ["1.jpg", None, "2.jpg"]


def test_the_pages_predictor_makes_strips_when_asked(tiny_model_folder, tmp_path):
    fakes.noise((60, 50)).save(tmp_path / "1.png")
    (tmp_path / "2.png").write_text("?")
    model = GenderAgePredictor.from_pretrained(tiny_model_folder)
    detector = fakes.FakeDetector({(60, 50): (0, [fakes.detected_face(box=(5, 5, 30, 40))] * 2)})
    predictor = SharedPredictor(GenderAgePredictor(model.model, model.image_processor, detector))
    paths = [str(tmp_path / "1.png"), str(tmp_path / "2.png")]
    first, second = predict_portion(predictor, paths, strips=True)
    assert Image.open(io.BytesIO(first.strip)).size == (2 * SIDE, SIDE)
    assert second.strip is None
    assert [answer.strip for answer in predict_portion(predictor, paths)] == [None, None]
