"""`push` takes the report of the model that it pushes, and of no other."""

import json

import pytest
from safetensors.torch import load_file, save_file

from gender_age.checkpoint import load_checkpoint
from gender_age.records import EVALUATION_FILE
from trainer.__main__ import main
from trainer.errors import TrainerError
from trainer.publishing.weights import model_digest
from trainer.push import push_to_folder


def digest_of(folder):
    return model_digest(load_checkpoint(folder, device="cpu")[0])


def change_weights(folder):
    weights = load_file(folder / "model.safetensors")
    save_file({name: tensor + 0.5 for name, tensor in weights.items()}, folder / "model.safetensors", {"format": "pt"})


def change_config(folder, **values):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | values))


def test_a_model_has_one_digest_wherever_it_lies(run_folder, tmp_path):
    change_config(run_folder, gender_temperature=1.13, age_interval_mass=0.754)
    digest = digest_of(run_folder)
    pushed = push_to_folder(run_folder, tmp_path / "pushed")
    assert digest_of(pushed) == digest
    assert digest_of(push_to_folder(pushed, tmp_path / "again", with_code=False)) == digest
    change_config(pushed, age_interval_mass=0.755)
    assert digest_of(pushed) != digest
    change_weights(run_folder)
    assert digest_of(run_folder) != digest


def test_the_report_of_another_model_is_refused(run_folder, tiny_data, tmp_path, capsys):
    written = tmp_path / "report"
    assert (
        main(
            [
                "evaluate",
                "--model",
                str(run_folder),
                "--data",
                str(tiny_data),
                "--output",
                str(written),
                "--limit",
                "2",
                "--device",
                "cpu",
                "--skip-end-to-end",
            ]
        )
        == 0
    )
    push = ["push", "--model", str(run_folder), "--to-folder", str(tmp_path / "model")]
    assert main([*push, "--report", str(written / "report.json")]) == 0
    again = ["push", "--model", str(tmp_path / "model"), "--to-folder", str(tmp_path / "again")]
    assert main([*again, "--report", str(written / "report.json")]) == main(again) == 0
    change_weights(run_folder)
    assert main([*push, "--report", str(written / "report.json")]) == 1
    said = capsys.readouterr().err
    assert (
        f"the evaluation report for {run_folder} is of another model: weights, calibration or image size differ" in said
    )
    assert "`python -m trainer evaluate` measures this one" in said
    assert digest_of(tmp_path / "model") != digest_of(run_folder), "what lay there stays"
    change_weights(tmp_path / "model")
    assert main(again) == 1, "its own evaluation.json is not of these weights"


@pytest.mark.parametrize(("size", "fits"), [(None, True), (32, True), (64, False)])
def test_an_older_report_is_told_by_the_image_size(run_folder, report, tmp_path, size, fits):
    report["model"] = {"name": "old", "image_size": size}
    if fits:
        assert (push_to_folder(run_folder, tmp_path / "model", report) / EVALUATION_FILE).exists()
    else:
        with pytest.raises(TrainerError, match="is of another model"):
            push_to_folder(run_folder, tmp_path / "model", report)
