"""The model card: rendered from what training and evaluation recorded."""

import json

import pytest
import yaml
from huggingface_hub import ModelCard
from hypothesis import given

from gender_age.checkpoint import DEFAULT_MODEL
from gender_age.configuration_gender_age import GenderAgeConfig
from gender_age.measurements import EvaluationRecord
from gender_age.records import EVALUATION_FILE, TRAINING_FILE, TrainingRecord, load_record
from tests.gender_age.any_json import damaged
from tests.robustness.searching import FEW
from trainer import push
from trainer.errors import TrainerError
from trainer.publishing.model_card import render_card

TRAINING = {**load_record(DEFAULT_MODEL / TRAINING_FILE), "history": []}
MEASURED = load_record(DEFAULT_MODEL / EVALUATION_FILE)["protocols"]["end_to_end"]["utkface"]
REPORT = {"protocols": {"end_to_end": {"utkface": {**MEASURED, "by_race": {}, "by_age_band_and_gender": {}}}}}


def test_card_shows_what_was_recorded(run_folder, report, tmp_path):
    card = ModelCard.load(push.push_to_folder(run_folder, tmp_path / "model", report) / "README.md")
    front = yaml.safe_load(card.content.split("---")[1])
    assert front["license"] == "other"
    assert front["base_model"] == "google/vit-tiny"
    assert front["datasets"] == ["owner/faces"]
    (index,) = front["model-index"]
    metrics = {each["name"]: each["value"] for each in index["results"][0]["metrics"]}
    assert metrics == {"MAE, years": 6.25, "CS@5": 0.61, "gender accuracy": 0.92}
    for shown in (
        "| overall | n | missed | MAE, years |",
        "6.25 (6.24 to 6.26)",
        "-1.50 (-1.51 to -1.49)",
        "| training images | 12,345, 21 of them without landmarks: taken whole |",
        "16 → 32 px, for 3 + 2 epochs",
        "holds 79.0 % (78.0 to 80.0) of the true ages",
        "8.0 % of the answers are marked `uncertain`",
        "Of women and girls of 0–9, 61.0 %",
        "non-commercial research",
    ):
        assert shown in card.text, shown
    assert "{{" not in card.text
    assert "None" not in card.text


def test_card_tells_how_far_the_model_was_trained(run_folder, report, tmp_path):
    record = json.loads((run_folder / "training.json").read_text())
    sizes = "| image sizes | 16 → 32 px, for 3 + 2 epochs"
    for told, shown in (
        ({"epoch": 5.0, "best_step": None}, f"{sizes} |"),
        ({"epoch": 1.25, "best_step": None}, f"{sizes}, of which this model had 1.25 |"),
        ({"epoch": 2.0, "best_step": 24}, f"{sizes}, of which this model had 2.0: those up to the best step |"),
    ):
        (run_folder / "training.json").write_text(json.dumps(record | told))
        text = (push.push_to_folder(run_folder, tmp_path / "model", report) / "README.md").read_text()
        assert shown in text
        assert ("and which chose the best step" in text) == (told["best_step"] is not None)


def test_one_epoch_and_one_process_are_no_plurals(tiny_model, run_folder):
    record = load_record(run_folder / TRAINING_FILE)
    record["config"]["stages"] = [{"image_size": 32, "epochs": 1}]
    card = render_card(tiny_model.config.to_dict(), 1, TrainingRecord.read(record))
    assert "| image sizes | 32 px, for 1 epoch |" in card
    assert "| hardware | cpu, 2 threads |" in card


def test_card_tells_what_was_changed_after_the_run(tiny_model, run_folder):
    record = load_record(run_folder / TRAINING_FILE)
    settings = {"gender_loss_weight": 2.5, "pooling": tiny_model.config.pooling, "backbone_config": {"made": 1}}
    record["config"]["model"]["config"] = settings
    record |= {"after_the_run": "the weights were blended.", "started_from": record | {"after_the_run": "Pruned."}}
    config = tiny_model.config.to_dict() | {"gender_loss_weight": 3.0}
    card = render_card(config, 1, TrainingRecord.read(record))
    above, _, below = card.partition("<summary>The whole configuration</summary>")
    assert "The run below had `gender_loss_weight` 2.5; the weights have 3.0, set after it.\n" in above
    assert card.count("set after it") == 1
    assert "After the run: the weights were blended.\n" in above
    assert "After that run: Pruned.\n" in below
    assert "fter the run" not in render_card(config, 1, TrainingRecord.read({"after_the_run": 7}))


def test_a_table_without_figures_is_left_out(run_folder, report, tmp_path):
    (result,) = report["protocols"]["end_to_end"].values()
    result["by_race"] = {}
    text = (push.push_to_folder(run_folder, tmp_path / "model", report) / "README.md").read_text()
    assert "| group, as labelled |" not in text
    assert "| true age |" in text


def test_a_source_without_genders_has_no_calibration_of_theirs(run_folder, report, tmp_path):
    (result,) = report["protocols"]["end_to_end"].values()
    result["calibration"] = None
    text = (push.push_to_folder(run_folder, tmp_path / "model", report) / "README.md").read_text()
    assert "**UTKFace.** No gender is labelled there: its probability is not measured.\n" in text
    assert "marked `uncertain`" not in text


def test_card_tells_of_earlier_runs_and_of_what_was_left_out(run_folder, report, tmp_path):
    record = json.loads((run_folder / "training.json").read_text())
    first = record | {"hours": 2.0}
    first["config"] = record["config"] | {"model": {"pretrained": None}}
    record |= {"started_from": record | {"hours": 1.5, "started_from": first}, "dropped": {"gender": 81, "age": 80}}
    record["config"]["data"]["drop_unlikely"] = 0.07
    record["data_revision"] = "0123456789abcdef" * 4
    (run_folder / "training.json").write_text(json.dumps(record))
    text = ModelCard.load(push.push_to_folder(run_folder, tmp_path / "model", report) / "README.md").text
    for shown in (
        "81 images for their gender, 80 for their age, some for both: the starting point finds that gender",
        "| data revision | `0123456789abcdef`, of the file names",
        "any age within five years of the label, less than 7 % likely",
        "the model of the last of 2 earlier runs, the first from random weights",
        "1.25 hours, after 3.5 hours for the starting point",
        "The starting point's own starting point's:",
    ):
        assert shown in text, shown
    first["config"]["model"]["stem_weights"] = "package/models/faceres.json"
    (run_folder / "training.json").write_text(json.dumps(record))
    text = ModelCard.load(push.push_to_folder(run_folder, tmp_path / "another", report) / "README.md").text
    assert "earlier runs, the first from HSE's MobileNet for the stem" in text
    assert "which was trained on VGGFace2, IMDB-WIKI and Adience; random weights for the rest" in text
    assert "The convolutions started from [HSE's MobileNet]" in text


def test_card_without_records_claims_nothing(tiny_model_folder, tmp_path):
    card = ModelCard.load(push.push_to_folder(tiny_model_folder, tmp_path / "model") / "README.md")
    assert "model-index" not in card.content
    assert "No evaluation came with these weights" in card.text
    assert "No record of the training" in card.text


def own_run(run_folder) -> str:
    """The card of a run on photos of the user's own, from a checkpoint in a relative folder."""
    record = json.loads((run_folder / "training.json").read_text())
    record["config"] |= {"model": {"pretrained": "runs/vit"}, "data": {"train": ["data/staff"]}}
    (run_folder / "training.json").write_text(json.dumps(record | {"hub_ids": []}))
    return (push.push_to_folder(run_folder, run_folder.parent / "own") / "README.md").read_text("utf-8")


def test_card_of_own_photos_claims_nothing_of_other_data(run_folder):
    card = own_run(run_folder)
    front = yaml.safe_load(card.split("---")[1])
    assert not {"license", "license_name", "license_link", "base_model", "datasets"} & front.keys()
    assert "| data | data/staff |" in card
    assert "**data/staff.** Provenance and licence are not recorded here." in card
    assert "annotators perceived" not in card
    assert "ages and genders may as well be those in records" in card
    assert "the validation split, which this training left out" in card, "the starting point may have seen it"
    assert "none is recorded here" in card
    for other in ("UTKFace", "FairFace", "non-commercial", "near-duplicate", "kept out", "web photos", "race labels"):
        assert other not in card, other


@pytest.mark.parametrize("mass", [None, 0.71], ids=["not fitted", "fitted"])
def test_card_says_whether_the_interval_was_fitted(run_folder, mass):
    if mass is not None:
        config = json.loads((run_folder / "config.json").read_text())
        (run_folder / "config.json").write_text(json.dumps(config | {"age_interval_mass": mass}))
    card = own_run(run_folder)
    assert ("It was not fitted" in card) == (mass is None)
    assert ("fitted to its promised" in card) == ("meant to hold" in card) == (mass is not None)


@pytest.mark.parametrize(
    ("without", "said"),
    [(0, "12,345, all with landmarks |"), (3, "12,345, 3 of them without landmarks: taken whole |")],
)
def test_card_counts_images_without_landmarks(run_folder, without, said):
    record = json.loads((run_folder / "training.json").read_text())
    (run_folder / "training.json").write_text(json.dumps(record | {"without_landmarks": without}))
    assert f"| training images | {said}" in own_run(run_folder)


def test_a_record_that_does_not_tell_folders_from_the_hub_names_neither(run_folder):
    record = json.loads((run_folder / "training.json").read_text())
    del record["hub_ids"]
    (run_folder / "training.json").write_text(json.dumps(record))
    card = (push.push_to_folder(run_folder, run_folder.parent / "old") / "README.md").read_text("utf-8")
    assert not {"base_model", "datasets"} & yaml.safe_load(card.split("---")[1]).keys()


def test_a_report_that_cannot_be_read_is_a_sentence(run_folder, tmp_path):
    with pytest.raises(TrainerError, match="no measurement that can be read"):
        push.push_to_folder(run_folder, tmp_path / "model", {"protocols": {"landmarks": {"utkface": 3}}})
    (run_folder / "evaluation.json").write_text("[]")
    with pytest.raises(TrainerError, match=r"evaluation\.json cannot be read as a JSON object"):
        push.push_to_folder(run_folder, tmp_path / "model")


@FEW
@given(damaged_training=damaged(TRAINING), damaged_report=damaged(REPORT))
def test_a_card_is_written_whatever_the_records_lack(damaged_training, damaged_report):
    config = GenderAgeConfig().to_dict()
    card = render_card(config, 10**6, TrainingRecord.read(damaged_training), EvaluationRecord.read(damaged_report))
    assert "| None" not in card
    assert "None " not in card.partition("<details>")[0].replace("None of", "")


def test_a_card_tells_of_the_protocols_that_were_measured(run_folder, report, tmp_path):
    for each in ("landmarks", "end_to_end"):
        record = report | {
            "protocols": {"landmarks": report["protocols"]["end_to_end"]}
            | ({"end_to_end": report["protocols"]["end_to_end"]} if each == "end_to_end" else {})
        }
        text = (push.push_to_folder(run_folder, tmp_path / each, record) / "README.md").read_text("utf-8")
        assert ("is measured twice" in text) == (each == "end_to_end")
        assert "stored landmarks*, which tests the model alone" in text
