"""The command line opens photos in a worker process, from the first photo on."""

import json
import sys
import zlib

import pytest

from gender_age import __main__ as command
from gender_age.guarded_opener import GuardedOpener
from gender_age.prediction import GenderAgePredictor
from tests import fakes

from .greedy_files import known_files, unknown_files
from .pictures import picture, rgb_tags, tiff

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the workers need Linux")


def test_it_starts_a_worker_at_its_first_photo(checkpoint, monkeypatch, tmp_path, capsys):
    predictor = GenderAgePredictor(*checkpoint, fakes.FakeDetector({}))
    monkeypatch.setattr(GenderAgePredictor, "from_pretrained", lambda *_: predictor)
    picture().save(tmp_path / "a.png")
    status = command.main([str(tmp_path / "a.png"), str(tmp_path / "none.png"), "--json"])
    assert isinstance(predictor.opener, GuardedOpener)
    assert len(predictor.opener.worker_pids()) == 1
    predictor.opener.close()
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (status, first["width"], second["width"]) == (1, 60, None)


def test_hostile_files_are_answered_and_the_photo_behind_them_too(tiny_model_folder, monkeypatch, tmp_path, capfd):
    predictor = GenderAgePredictor.from_pretrained(tiny_model_folder)
    monkeypatch.setattr(GenderAgePredictor, "from_pretrained", lambda *_: predictor)
    pixels = zlib.compress(b"short")  # of which libtiff would tell on stderr
    short = tiff(rgb_tags((60, 40), 8) | {259: 8, 279: len(pixels)}, data=pixels)
    files = known_files() | unknown_files() | {"short.tif": short}
    names = ["one large JPEG tile.tif", "900 tags of type 1.tif", "delta.bmp", "just not blank.webp", "short.tif"]
    for name in names:
        (tmp_path / name).write_bytes(files[name])
    picture().save(tmp_path / "last.png")
    photos = [*(str(tmp_path / name) for name in names), str(tmp_path / "last.png")]
    command.main([*photos, "--json", "--model", str(tiny_model_folder)])
    predictor.opener.close()
    out, err = capfd.readouterr()
    answers = [json.loads(line) for line in out.splitlines()]
    assert [answer["error"] is None for answer in answers] == [False] * 5 + [True]
    assert err == ""
