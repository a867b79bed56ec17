import argparse

import pytest
import yaml

from tests.trainer.drawn_sources import (
    DrawnFaces,
    run,
    write_fairface,
)
from trainer import prepare as command
from trainer.errors import DataError


def test_the_card_counts_and_gates(source, out):
    report, _ = run(source, out)
    text = (out / "README.md").read_text()
    front = yaml.safe_load(text.split("---\n")[1])
    assert front["license"] == "other"
    assert front["task_categories"] == ["image-classification"]
    assert front["size_categories"] == ["n<1K"]
    assert "non-commercial" in front["extra_gated_prompt"]
    counts = {split["name"]: split["num_examples"] for split in front["dataset_info"]["splits"]}
    assert counts == report["images"]
    assert "| 20–39 | 10 | 10 | 20 |" in text
    assert "| Others | 20 |" in text
    assert "10 images have no landmarks" in text
    assert "4 images are in 2 groups" in text
    assert "1 left out (malformed name): `39_1_20170116174525125.jpg.chip.jpg`" in text


def test_the_fairface_card_names_its_licence(tmp_path, out):
    run(write_fairface(tmp_path / "fairface"), out)
    front = yaml.safe_load((out / "README.md").read_text().split("---\n")[1])
    assert front["license"] == "cc-by-4.0"
    assert "non-commercial" not in (out / "README.md").read_text()


def test_no_path_of_this_machine_is_published(source, out, tmp_path):
    run(source, out)
    for path in (*out.glob("*.*"), *out.glob("splits/*")):
        assert str(tmp_path) not in path.read_text()


def parse(*arguments):
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args([str(argument) for argument in arguments])


def test_the_command_prints_what_it_did(source, out, monkeypatch, capsys):
    monkeypatch.setattr(command, "FaceDetector", lambda device: DrawnFaces())
    assert command.main(parse(source, out)) == 0
    first = capsys.readouterr().out
    assert "is prepared: 8" in first
    assert "left out, malformed name: 1 (39_1_20170116174525125.jpg.chip.jpg)" in first
    assert command.main(parse(source, out)) == 0
    assert "already prepared" in capsys.readouterr().out


def test_the_command_takes_source_limit_and_overwrite(source, out):
    args = parse(source, out, "--source", "fairface", "--limit", "5", "--overwrite")
    assert (args.source, args.source_name, args.limit, args.overwrite) == (source, "fairface", 5, True)
    with pytest.raises(DataError, match="neither FairFace's"):
        command.main(args)


def test_a_folder_that_cannot_be_written_is_told(source, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(DataError, match="cannot be used"):
        command.main(parse(source, tmp_path / "file" / "out"))
