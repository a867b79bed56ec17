"""Datasets that come without landmarks: they are detected, once, as `prepare` detects them."""

import io

import numpy as np
import pytest
from datasets import Dataset, Features, Image, Value
from PIL import Image as PILImage

from gender_age.alignment import align_face
from tests.conftest import REPOSITORY
from trainer import evaluate
from trainer.errors import DataError
from trainer.faces import missing_landmarks
from trainer.faces.aligned_faces import AlignedFaces
from trainer.faces.column_mapping import ColumnMapping
from trainer.faces.loading import load_split

MAPPING = ColumnMapping({"picture": "image", "years": "age", "sex": "gender"})


def in_the_corner():
    """A photo 640 × 480 with a face in it, as own photos have: the whole picture is no face."""
    photo = PILImage.new("RGB", (640, 480), "grey")
    with PILImage.open(REPOSITORY / "examples" / "hopper.jpg") as portrait:
        photo.paste(portrait.convert("RGB").resize((160, 200)), (420, 200))
    data = io.BytesIO()
    photo.save(data, "PNG")
    return data.getvalue()


def without_face():
    data = io.BytesIO()
    PILImage.new("RGB", (640, 480), "grey").save(data, "PNG")
    return data.getvalue()


def public(path, *pictures):
    """A public dataset, `train` and `test`, with columns of other names and no landmarks."""
    features = Features({"picture": Image(), "years": Value("float32"), "sex": Value("string")})
    cells = {"picture": [{"bytes": data, "path": None} for data in pictures]}
    cells |= {"years": [31.5, None][: len(pictures)], "sex": ["F"] * len(pictures)}
    (path / "data").mkdir(parents=True)
    for split in ("train", "test"):
        Dataset.from_dict(cells, features=features).to_parquet(path / "data" / f"{split}-00000-of-00001.parquet")
    return path


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_training_and_evaluation_see_the_face_and_not_the_whole_picture(tmp_path, cache):
    folder = public(tmp_path / "public", in_the_corner(), without_face())
    rows = load_split([str(folder)], "train", mapping=MAPPING)
    points = rows["landmarks"][0]
    assert all(420 <= x <= 580 and 200 <= y <= 400 for x, y in points)
    assert rows["landmarks"][1] is None
    assert rows["age_min"][:] == [32, None]
    faces = AlignedFaces(rows, [32], tmp_path / "faces")
    assert faces.num_without_landmarks == 1
    expected = np.asarray(align_face(rows[0]["image"].convert("RGB"), points, 32))
    assert np.array_equal(faces[0]["pixels"].permute(1, 2, 0).numpy(), expected)
    (evaluated,) = evaluate.load_sources([str(folder)], "test", mapping=MAPPING).values()
    assert evaluated["landmarks"][0] == points


def test_landmarks_are_detected_once_and_again_for_other_pictures(tmp_path, cache, monkeypatch):
    load_split([str(public(tmp_path / "one", in_the_corner()))], "train", mapping=MAPPING)
    monkeypatch.setattr(missing_landmarks, "FaceDetector", None)
    assert load_split([str(public(tmp_path / "copy", in_the_corner()))], "train", mapping=MAPPING)["landmarks"][0]
    with pytest.raises(TypeError):
        load_split([str(public(tmp_path / "other", without_face()))], "train", mapping=MAPPING)


def test_an_unreadable_picture_names_prepare(tmp_path, cache):
    with pytest.raises(DataError, match="split train of bad holds an image that cannot be read.*trainer prepare"):
        load_split([str(public(tmp_path / "bad", b"no picture"))], "train", mapping=MAPPING)


def test_stored_landmarks_stay(tiny_data, cache, monkeypatch):
    monkeypatch.setattr(missing_landmarks, "FaceDetector", None)
    assert load_split([str(tiny_data)], "train")["landmarks"][0] is None
