"""The faces of a run as the page's table gets them, and as downloads."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from dataclasses import replace

from gender_age.results import FacePrediction, PhotoPrediction
from gender_age.video_results import VideoPrediction
from gender_age.video_writers import people_csv
from gender_age.writers import NO_FACE, write_csv

from ..shared.pictures import html_value
from ..shared.wording import shown_age, shown_probability

DECADES = tuple(range(0, 100, 10))


def decade_of(age_years: float) -> int:
    """The first year of the decade in which an age lies as it is shown: 39.6 years are shown as 40."""
    return min(round(age_years) // 10 * 10, DECADES[-1])


def photo_line(prediction: PhotoPrediction, folder: str, strip_path: str | None) -> str:
    """What table.js shows of a photo, as a line of JSON.

    Args:
        folder: the archive and folder that the photo is from, or "".
        strip_path: of the file with its small pictures, in gradio's folder, or None.
    """
    problem = prediction.error or ("" if prediction.faces else NO_FACE.capitalize())
    entry = {
        "name": prediction.photo.rpartition("/")[2] if folder else prediction.photo,
        "folder": folder,
        "problem": problem,
        "usable": prediction.error is None,
        "strip": strip_path,
        "faces": [_face_entry(face) for face in prediction.faces],
    }
    return json.dumps(entry, ensure_ascii=False, allow_nan=False) + "\n"


def table_value(lines: str = "", strip_path: str | None = None) -> dict:
    """The value of the component that table.js belongs to.

    One text, of which gradio sends what was added, and which costs the browser nothing to compare: as a list of 664
    faces with 170 files, each update took the browser a quarter of a second.

    Args:
        lines: of `photo_line`.
        strip_path: of one of their strips, by whose address the browser knows the others'.
    """
    return {"lines": lines, "files": html_value("", [strip_path] if strip_path else [])["files"]}


def as_csv(predictions: Iterable[PhotoPrediction]) -> bytes:
    """The table of faces as CSV."""
    file = io.StringIO(newline="")
    write_csv(predictions, file)
    # With a byte-order mark, without which Excel assumes another encoding.
    return file.getvalue().encode("utf-8-sig")


def as_json(predictions: Iterable[PhotoPrediction]) -> bytes:
    """A list with the JSON of every photo, as `/predict_batch` returns it."""
    photos = [photo_json(prediction) for prediction in predictions]
    return (json.dumps(photos, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode("utf-8")


def people_as_csv(prediction: VideoPrediction) -> bytes:
    """The table of a video's people as CSV."""
    file = io.StringIO(newline="")
    people_csv([prediction], file)
    return file.getvalue().encode("utf-8-sig")


def people_as_json(prediction: VideoPrediction) -> bytes:
    """The JSON of a video."""
    return (json.dumps(prediction.to_dict(), ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode("utf-8")


def photo_json(prediction: PhotoPrediction) -> dict[str, object]:
    """The JSON of a photo without `path`, which is for the command line and the library only."""
    return replace(prediction, path=None).to_dict()


def _face_entry(face: FacePrediction) -> dict[str, object]:
    low, high = face.age_interval
    return {
        "age": round(face.age, 1),
        "years": shown_age(face.age),
        "interval": f"{shown_age(low)}–{shown_age(high)}",
        "decade": decade_of(face.age),
        "gender": face.gender,
        "probability": round(face.gender_probability, 3),
        "percent": shown_probability(face.gender_probability),
        "uncertain": face.uncertain,
    }
