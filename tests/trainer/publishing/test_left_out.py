"""The card's table of sources that other models were not trained on."""

import copy
import json

import pytest

from gender_age.measurements import EvaluationRecord
from trainer.__main__ import main
from trainer.errors import TrainerError
from trainer.publishing.card_figures import left_out_table
from trainer.publishing.left_out import of_unseen_sources

ROW = "| UTKFace | 128 | stored landmarks | 100 | 6.25 | -1.50 | 79.0 % | 14.2 | 92.0 % |"


@pytest.fixture
def other(report):
    """The report of a model that was trained without UTKFace."""
    found = copy.deepcopy(report["protocols"]["landmarks"]["utkface"])
    return report | {
        "model": {"name": "without", "image_size": 128, "trained_on": {"utkface": False, "fairface": True}},
        "protocols": {"landmarks": {"utkface": found, "fairface": copy.deepcopy(found)}},
    }


def test_a_report_says_which_sources_its_model_was_trained_on(run_folder, tiny_data, tmp_path):
    command = ["evaluate", "--model", str(run_folder), "--data", str(tiny_data), "--output", str(tmp_path / "report")]
    for sources, expected in (([["utkface"]], [True, False]), (None, [None, None])):
        training = {"config": {"data": {"train": ["faces"]}}, "sources": sources}
        (run_folder / "training.json").write_text(json.dumps(training))
        assert main([*command, "--device", "cpu", "--limit", "2", "--skip-end-to-end"]) == 0
        report = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
        assert report["model"]["trained_on"] == dict(zip(["utkface", "fairface"], expected, strict=True))


def test_only_sources_that_the_model_has_not_seen_are_kept(other):
    kept = of_unseen_sources(other, "report.json")
    assert kept["protocols"]["landmarks"].keys() == {"utkface"}
    lines = left_out_table([EvaluationRecord.read(kept)]).splitlines()
    assert lines[0].startswith("| source left out | image size, px | measured | n | MAE, years | bias, years |")
    assert lines[2:] == [ROW]


@pytest.mark.parametrize("trained_on", [None, {}, {"utkface": True}, {"utkface": None}, {"other": False}])
def test_a_report_without_a_source_known_to_be_left_out_is_refused(other, trained_on):
    other["model"]["trained_on"] = trained_on
    with pytest.raises(TrainerError, match=r"report\.json has no source"):
        of_unseen_sources(other, "report.json")


def test_the_card_has_the_table_and_keeps_it(run_folder, report, other, tmp_path, capsys):
    own, without, target = tmp_path / "report.json", tmp_path / "without.json", tmp_path / "model"
    own.write_text(json.dumps(report))
    without.write_text(json.dumps(other))
    push = ["push", "--model", str(run_folder), "--to-folder", str(target)]
    with pytest.raises(SystemExit):
        main([*push, "--left-out", str(without)])
    assert "--left-out goes with a --report" in capsys.readouterr().err

    assert main([*push, "--report", str(own)]) == 0
    assert "left out" not in (target / "README.md").read_text().lower().split("## limits")[0].split("## evaluation")[1]
    assert main([*push, "--report", str(own), "--left-out", str(without)]) == 0
    card = (target / "README.md").read_text()
    assert "### Sources left out" in card
    assert ROW in card
    assert main(["push", "--model", str(target), "--to-folder", str(target)]) == 0
    assert (target / "README.md").read_text() == card
