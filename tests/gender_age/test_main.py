import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gender_age.__main__ import main
from gender_age.errors import ModelError
from gender_age.prediction import GenderAgePredictor
from gender_age.writers import COLUMNS
from tests.conftest import REPOSITORY

from .commands import run


def test_the_table_has_a_line_a_face_and_says_what_is_wrong(commanded, photos, capsys):
    assert main(photos) == 1
    captured = capsys.readouterr()
    header, *lines = captured.out.splitlines()
    assert header.split() == ["photo", "face", "box", "score", "gender", "prob.", "age", "interval"]
    assert [line.split()[0] for line in lines] == ["two.png"] * 2 + ["none.png", "=cmd.jpg"] + ["-last.png"] * 2
    assert "40,30,100,100" in lines[0]
    assert "0.999" in lines[0]
    assert "(80%)" in lines[0]
    assert lines[2].endswith("no face found")
    assert "is not a photo" in lines[3]
    assert captured.err == ""


def test_without_an_unusable_photo_the_status_is_0(commanded, photos, capsys):
    assert main(photos[:2]) == 0


def test_json_is_a_line_a_photo_in_input_order(commanded, photos, capsys):
    assert main([*photos, "--json"]) == 1
    values = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [value["photo"] for value in values] == ["two.png", "none.png", "=cmd.jpg", "-last.png"]
    assert [value["path"] for value in values] == photos
    assert [len(value["faces"]) for value in values] == [2, 0, 0, 2]
    assert values[2]["width"] is None
    assert values[2]["error"]
    for value, photo in ((values[0], photos[0]), (values[3], photos[3])):
        for face, expected in zip(value["faces"], commanded.predict(photo).to_dict()["faces"], strict=True):
            assert face["box"] == expected["box"]
            assert face["gender"] == expected["gender"]
            assert face["age"] == pytest.approx(expected["age"], abs=1e-4)


def test_csv_has_a_row_a_face_and_no_formula(commanded, photos, capsys):
    assert main([*photos, "--csv", "faces.csv"]) == 1
    with open("faces.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == list(COLUMNS)
    assert [row["path"] for row in rows] == ["two.png"] * 2 + ["none.png", "./=cmd.jpg"] + ["./-last.png"] * 2
    assert [row["photo"] for row in rows] == ["two.png"] * 2 + ["none.png", "'=cmd.jpg"] + ["'-last.png"] * 2
    assert [row["face"] for row in rows] == ["1", "2", "", "", "1", "2"]
    first = commanded.predict("two.png").faces[0]
    assert [int(rows[0][name]) for name in ("x1", "y1", "x2", "y2")] == list(first.box)
    assert float(rows[0]["age"]) == pytest.approx(first.age, abs=1e-4)
    assert float(rows[0]["age_low"]) <= first.age <= float(rows[0]["age_high"])
    assert rows[0]["gender"] == first.gender
    assert rows[0]["uncertain"] == str(first.uncertain).lower()
    assert rows[2]["error"] == "no face found"
    assert "is not a photo" in rows[3]["error"]
    assert rows[0]["error"] == ""


def test_the_whole_image_is_one_face(commanded, photos, capsys):
    assert main([photos[1], "--whole-image", "--json"]) == 0
    (face,) = json.loads(capsys.readouterr().out)["faces"]
    assert face["box"] == [0, 0, 80, 120]
    assert face["score"] is None
    assert main([photos[1], "--whole-image", "--csv", "faces.csv"]) == 0
    assert Path("faces.csv").read_text().splitlines()[1].startswith("none.png,none.png,1,0,0,80,120,,")


def test_a_line_is_printed_before_the_next_photo_is_opened(commanded, photos, monkeypatch, capsys):
    monkeypatch.setattr("gender_age.__main__.MAX_WAIT_S", 0.0)
    printed = []
    search = commanded._search
    monkeypatch.setattr(
        commanded, "_search", lambda *args: printed.append(capsys.readouterr().out.count("\n")) or search(*args)
    )
    main([*photos, "--json"])
    assert printed == [0, 1, 1, 1]


def test_faces_of_lower_scores_are_left_out(commanded, photos, capsys):
    assert main([photos[0], "--json", "--min-score", "0.95"]) == 0
    assert [face["score"] for face in json.loads(capsys.readouterr().out)["faces"]] == [0.9987]
    assert main([photos[0], "--json", "--min-score", "1", "--whole-image"]) == 0
    assert len(json.loads(capsys.readouterr().out)["faces"]) == 1


@pytest.mark.parametrize("score", ["1.1", "-0.1", "nan", "inf", "much", ""])
def test_what_is_no_score_is_a_usage_error(photos, capsys, score):
    with pytest.raises(SystemExit) as caught:
        main([photos[0], f"--min-score={score}"])
    assert caught.value.code == 2
    assert f"argument --min-score: '{score}' is no number from 0 to 1" in capsys.readouterr().err


def test_what_is_no_file_is_told_and_the_others_are_done(commanded, photos, capsys):
    Path("folder").mkdir()
    places = [".", "/", "folder", "https://photos.invalid/a.jpg", "file:///a.jpg", "", photos[0]]
    assert main([*places, "--json"]) == 1
    values = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [value["path"] for value in values] == places
    assert [value["photo"] for value in values] == [".", "folder", "folder", "a.jpg", "a.jpg", "image", "two.png"]
    errors = [value["error"] for value in values]
    assert errors[0] == "“.” is a folder: name the photos inside it, for example with *.jpg."
    assert errors[1].startswith("“/” is a folder")
    assert errors[2].startswith("“folder” is a folder")
    assert errors[3].endswith("download the photo first, then name its file.")
    assert errors[4].endswith("name the file by its path alone.")
    assert errors[5].startswith("There is no photo")
    assert errors[6] is None
    assert len(values[6]["faces"]) == 2


def test_a_pattern_names_its_files_where_no_shell_replaces_it(commanded, photos, capsys):
    Path("a[1].png").write_bytes(Path(photos[0]).read_bytes())
    assert main(["*.png", "a[1].png", "*.heic", "--json"]) == 1
    values = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found = sorted(path.name for path in Path().glob("*.png"))
    assert [value["path"] for value in values] == [*found, "a[1].png", "*.heic"]
    assert "does not exist" in values[-1]["error"]


def test_model_and_revision_are_handed_on(commanded, photos, capsys):
    main([photos[0], "--model", "somebody/something", "--revision", "v9"])
    main([photos[0], "--device", "cpu"])
    default = REPOSITORY / "model"
    assert commanded.asked == [("somebody/something", "v9", None), (default, None, "cpu")]


def test_a_model_that_cannot_be_used_is_a_sentence_and_status_2(photos, monkeypatch, capsys):
    def refuse(*args):
        raise ModelError("There is no such model.")

    monkeypatch.setattr(GenderAgePredictor, "from_pretrained", refuse)
    Path("old.csv").write_text("kept")
    assert main([photos[0], "--csv", "old.csv"]) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "There is no such model.\n")
    assert Path("old.csv").read_text() == "kept"


def test_without_photos_the_usage_is_shown(capsys):
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 2
    assert "PHOTO" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["-beach.jpg"], ["a.jpg", "-beach.jpg"]])
def test_a_photo_that_looks_like_an_option_is_told(tmp_path, monkeypatch, capsys, arguments):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "-beach.jpg").touch()
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "-beach.jpg looks like an option: write ./-beach.jpg" in capsys.readouterr().err


def test_arguments_are_read_before_torch_is_loaded():
    code = "import sys, gender_age.__main__ as m; m.parse_arguments(['x']); print('torch' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert result.stdout == "False\n"


def test_the_command_on_a_real_photo_from_elsewhere(tiny_model_folder, tmp_path):
    example = REPOSITORY / "examples" / "collins.jpg"
    given = (str(example), "-", "--json", "--model", str(tiny_model_folder))
    result = run(*given, cwd=tmp_path, text=False, input=example.read_bytes())
    assert (result.returncode, result.stderr) == (0, b"")
    value, piped = map(json.loads, result.stdout.splitlines())
    assert (value["photo"], value["width"], value["height"], value["rotation"]) == ("collins.jpg", 512, 512, 0)
    assert len(value["faces"]) == 1
    assert piped == value | {"photo": "-", "path": "-"}


@pytest.fixture
def printed(monkeypatch):
    """What is printed on a stream as Python makes it, of an encoding, as bytes."""

    def printed(encoding: str, name: str = "stdout") -> io.BytesIO:
        stream, errors = io.BytesIO(), {"stdout": "strict", "stderr": "backslashreplace"}[name]
        monkeypatch.setattr(f"sys.{name}", io.TextIOWrapper(stream, encoding, errors, write_through=True))
        return stream

    return printed


def test_a_name_that_is_no_utf8(commanded, photos, printed):
    os.rename("two.png", b"\xff.png")
    name, table = os.fsdecode(b"\xff.png"), os.fsdecode(b"\xfe.csv")
    out = printed("utf-8")
    assert main([name, "--json", "--csv", table]) == 0
    value = json.loads(out.getvalue())
    assert (value["photo"], os.fsencode(value["path"]), len(value["faces"])) == ("?.png", b"\xff.png", 2)
    out = printed("utf-8")
    assert main([name, "--csv", "-"]) == 0
    assert out.getvalue().splitlines()[1].startswith(rb"\udcff.png,?.png,1,")
    assert out.getvalue() == Path(table).read_bytes()
    out, error = printed("utf-8"), printed("utf-8", "stderr")
    assert main([name, "--csv", os.fsdecode(b"./\xff.png")]) == 2
    assert (out.getvalue(), error.getvalue().count(b"\n")) == (b"", 1)
    assert b"would overwrite a photo" in error.getvalue()


def test_a_name_the_terminal_has_no_letters_for_is_no_error(commanded, photos, printed, capsys):
    os.rename("none.png", "имя.png")
    out = printed("ascii")
    assert main(["имя.png"]) == 0
    assert b"???.png" in out.getvalue()
    assert capsys.readouterr().err == ""


@pytest.mark.slow
def test_a_reader_that_leaves_causes_no_traceback(tiny_model_folder, photos, tmp_path):
    command = [sys.executable, "-m", "gender_age", photos[1], photos[1], "--json", "--model", str(tiny_model_folder)]
    read, write = os.pipe()
    os.close(read)
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    result = subprocess.run(command, env=environment, stdout=write, stderr=subprocess.PIPE, cwd=tmp_path, check=False)
    os.close(write)
    assert (result.returncode, result.stderr) == (141, b"")
