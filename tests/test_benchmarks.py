"""The benchmark measures what it says, and says it; not how fast anything is."""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest
from datasets import Dataset
from PIL import Image

from benchmarks import __main__ as command
from benchmarks import detector as detector_alone
from benchmarks.agreement import matched, measure_agreement
from benchmarks.photos import (
    KINDS,
    PORTRAITS,
    SMALLEST_SHARE,
    PlacedFace,
    compose,
    compose_for_agreement,
    save_variants,
)
from benchmarks.report import markdown
from benchmarks.settings import QUICK
from benchmarks.targets import at_least, at_most, rows
from benchmarks.timing import STAGES, Stopwatch, interleaved
from gender_age.detection import FaceDetector
from gender_age.images import open_photo
from gender_age.prediction import GenderAgePredictor
from tests.conftest import REPOSITORY

TINY = dataclasses.replace(
    QUICK,
    phone_wh=(640, 480),
    screen_wh=(480, 270),
    repetitions=1,
    model_batches=(1, 8),
    batch_photos=2,
    portraits=2,
    server_starts=0,
    round_trips=1,
    agreement_photos=1,
)


def box_at(x: float, y: float, side: float) -> tuple[float, float, float, float]:
    return (x - side / 2, y - side / 2, x + side / 2, y + side / 2)


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return FaceDetector()


@pytest.mark.parametrize("name", PORTRAITS)
def test_the_portraits_faces_are_where_the_photos_say(detector, name):
    faces = detector.detect(open_photo(REPOSITORY / "examples" / name))
    assert matched([PlacedFace(PORTRAITS[name])], [face.box for face in faces]) == ({0}, 0)


def test_composed_faces_are_found_where_they_were_put(detector):
    photo = compose((800, 600), [0.25, 0.2, 0.15, 0.1], np.random.default_rng(0))
    assert photo.image_rgb.size == (800, 600)
    assert [face.kind for face in photo.faces] == ["plain"] * 4
    boxes = [face.box for face in detector.detect(photo.image_rgb)]
    assert matched(photo.faces, boxes)[0] == {0, 1, 2, 3}


def test_photos_of_the_series_are_fixed_and_as_described():
    photos = [compose_for_agreement(index) for index in range(24)]
    assert np.array_equal(photos[3].image_rgb, compose_for_agreement(3).image_rgb)
    for photo in photos:
        width, height = photo.image_rgb.size
        sides = []
        for x1, y1, x2, y2 in (face.box for face in photo.faces):
            assert 0 <= x1 < x2 <= width
            assert 0 <= y1 < y2 <= height
            sides.append(max(x2 - x1, y2 - y1))
        # Less a pixel: patches are of whole pixels.
        assert min(sides) >= SMALLEST_SHARE * max(width, height) - 1
    kinds = [face.kind for photo in photos for face in photo.faces]
    assert set(kinds) == {"plain", *KINDS}
    assert 0.1 < 1 - kinds.count("plain") / len(kinds) < 0.3


def test_faces_that_do_not_fit_are_told():
    with pytest.raises(ValueError, match="do not fit"):
        compose((64, 64), [0.1] * 2000, np.random.default_rng(0))


def test_no_two_variants_are_the_same_file(tmp_path):
    photo = compose((200, 150), [0.3], np.random.default_rng(0))
    paths = save_variants(photo, tmp_path, "photo", 3)
    assert len({path.read_bytes() for path in paths}) == 3
    assert all(Image.open(path).size == (200, 150) for path in paths)


def test_a_box_is_the_face_around_whose_middle_it_lies_once():
    faces = [PlacedFace(box_at(100, 100, 40)), PlacedFace(box_at(300, 100, 40), "dim")]
    assert matched(faces, []) == (set(), 0)
    assert matched(faces, [box_at(105, 95, 50)]) == ({0}, 0)
    assert matched(faces, [box_at(105, 95, 50), box_at(100, 100, 40), box_at(200, 100, 40)]) == ({0}, 2)
    assert matched(faces, [box_at(300, 100, 100), box_at(100, 100, 15)]) == (set(), 2)


def test_agreement_counts_by_way_and_kind():
    photo = compose((320, 240), [0.2, 0.2], np.random.default_rng(0))
    photo = dataclasses.replace(
        photo, faces=(PlacedFace(box_at(60, 60, 40)), PlacedFace(box_at(200, 60, 40), "hidden"))
    )
    result = measure_agreement(
        lambda index: photo, 3, lambda _: [box_at(60, 60, 40), box_at(9, 9, 9)], lambda _: [box_at(200, 60, 40)]
    )
    assert (result.photos, result.faces, result.ours, result.theirs) == (3, 6, 3, 3)
    assert (result.only_theirs, result.ours_extra, result.theirs_extra) == (3, 3, 0)
    assert result.by_kind == {"plain": (3, 3, 0), "turned": (0, 0, 0), "dim": (0, 0, 0), "hidden": (3, 0, 3)}


def test_ways_take_turns_and_warm_ups_do_not_count():
    calls = []

    def way(name):
        def run(repetition, watch):
            calls.append((name, repetition))
            with watch.stage("model"):
                return len(calls)

        return run

    times = interleaved({"a": way("a"), "b": way("b")}, 2)
    assert [name for name, _ in calls] == ["a", "b"] * 3
    assert [repetition for name, repetition in calls if name == "a"][1:] == [0, 1]
    assert times["a"].answers == (3, 5)
    assert len(times["b"].seconds) == 2
    assert 0 < times["a"].stage_median("model") <= times["a"].median
    assert times["a"].stage_median("decode") == 0


def test_stages_are_those_of_the_predictor_and_nearly_all_of_its_time(tiny_model_folder):
    predictor = GenderAgePredictor.from_pretrained(tiny_model_folder, device="cpu")
    before, watch = FaceDetector.detect_any_rotation, Stopwatch()
    (times,) = interleaved({"ours": lambda *_: _predicted(predictor, watch)}, 1, warm_ups=0).values()
    assert times.answers == (3,)
    assert set(watch.seconds) == set(STAGES)
    assert 0.8 * times.median < sum(watch.seconds.values()) <= times.median
    assert FaceDetector.detect_any_rotation is before


def _predicted(predictor: GenderAgePredictor, watch: Stopwatch) -> int:
    with watch.inside_predictor():
        return len(predictor.predict(REPOSITORY / "examples" / "group.jpg").faces)


@pytest.mark.parametrize(
    ("target", "marks"),
    [
        (at_most("", 0.4, 0.5, 0.2, str), (True, False)),
        (at_most("", 0.6, 0.5, 0.2, str), (False, False)),
        (at_most("", 0.2, 0.5, 0.2, str), (True, True)),
        (at_least("", 1.5, 1.5, 3, str), (True, False)),
        (at_least("", 1.4, 1.5, 3, str), (False, False)),
        (at_least("", None, 1.5, 3, str), (False, False)),
    ],
)
def test_marks(target, marks):
    assert (target.meets_required, target.meets_aim) == marks


def test_a_small_run_is_reported_whole(tiny_model_folder, tiny_data, monkeypatch):
    smallest = dict(list(detector_alone.PICTURES.items())[:2])
    monkeypatch.setattr(detector_alone, "PICTURES", smallest)
    steps = []
    results = command.measure(str(tiny_model_folder), TINY, str(tiny_data), steps.append)
    assert steps
    assert results.page is None
    assert results.accuracy.faces == 12
    text = markdown(results, "the command")
    assert text.count("not measured") == 2
    for row in rows(results):
        assert f"| {row.what} | {row.required} | {row.aim} |" in text
    for name, ways in results.detectors.items():
        placed = int(name.split(", ")[1].split()[0])
        ours, theirs = (times.answers for times in ways.values())
        assert ours == (placed,)
        assert placed <= theirs[0] <= placed + 1, "it may find a face twice"
    assert "| 640 × 480, 1 face |" in text.partition("## The detector alone")[2]
    for part in ("the command", "12 Mpx, 20 faces", "1080p", "640 × 480", "Machine: ", "| 8 |"):
        assert part in text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--output", "missing/x.md"], "missing/x.md cannot be written, as its folder does not exist"),
        (["--output", "."], "is a folder"),
        (["--data", "./wrong"], "./wrong is no prepared dataset with a test split"),
        (["--data", "other"], "other is no prepared dataset with a test split"),
        (["--model", "./wrong"], "./wrong"),
    ],
)
def test_what_cannot_be_is_a_sentence_before_anything_is_measured(
    tiny_model_folder, tmp_path, monkeypatch, capsys, options, said
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other").mkdir()
    Dataset.from_dict({"text": ["a"]}).to_parquet(tmp_path / "other" / "test.parquet")
    monkeypatch.setattr(command, "phone_photos", lambda *given: pytest.fail("it is measured"))
    assert command.main(["--quick", "--model", str(tiny_model_folder), *options]) == 2
    captured = capsys.readouterr()
    assert said in captured.err.splitlines()[-1]
    assert "Traceback" not in captured.err
    assert captured.out == ""


def test_a_report_that_cannot_be_written_after_all_is_printed(tmp_path, monkeypatch, capsys):
    output = tmp_path / "x.md"
    monkeypatch.setattr(command, "measure", lambda *given: output.mkdir())
    monkeypatch.setattr(command, "markdown", lambda *given: "the report")
    assert command.main(["--output", str(output)]) == 2
    captured = capsys.readouterr()
    assert captured.out == "the report\n"
    assert "x.md" in captured.err


@pytest.mark.slow
def test_the_quick_command_measures_everything_within_a_minute(tmp_path):
    output = tmp_path / "performance.md"
    quick = [sys.executable, "-m", "benchmarks", "--quick", "--output", str(output)]
    subprocess.run(quick, cwd=REPOSITORY, check=True, timeout=200)
    text = output.read_text(encoding="utf-8")
    assert text.count("not measured") == 1, "accuracy alone needs data"
    assert "MB at its peak" in text
