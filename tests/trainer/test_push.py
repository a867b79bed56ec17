"""A checkpoint laid out as its Hub repository, and its card."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import yaml
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, ModelCard
from safetensors.torch import load_file

from gender_age.checkpoint import load_checkpoint
from gender_age.errors import ModelError
from trainer import push
from trainer.card import group_table, measured, weak_spots
from trainer.errors import TrainerError
from trainer.model_repository import DATA_FILES, PACKAGE, code_files, half_precision

CODE = {path.name for path in code_files()}

STRANGER = """
import sys, torch
from transformers import AutoConfig, AutoModel
model, loading = AutoModel.from_pretrained(sys.argv[1], trust_remote_code=True, output_loading_info=True)
assert "gender_age" not in sys.modules
print(model.dtype, {parameter.dtype for parameter in model.parameters()} == {torch.float32},
      len(loading["missing_keys"]), len(loading["unexpected_keys"]), AutoConfig.from_pretrained(
      sys.argv[1], trust_remote_code=True).dtype)
"""


@pytest.fixture
def run(tiny_model_folder, tmp_path) -> Path:
    """A finished run's model folder: the tiny checkpoint with the record of a training on this machine."""
    folder = tmp_path / "run"
    folder.mkdir()
    for path in tiny_model_folder.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "training_args.bin").write_bytes(b"a pickle")
    record = {
        "config": {
            "model": {"pretrained": "google/vit-tiny", "revision": None},
            "data": {"train": [f"{tmp_path}/data/utkface", "owner/faces@main"], "limit": None},
            "stages": [{"image_size": 16, "epochs": 3}, {"image_size": 32, "epochs": 2}],
            "training": {"output_dir": "../../runs/first"},
        },
        "hours": 1.25,
        "hardware": "cpu, 2 threads",
        "versions": {"python": "3.11", "torch": "2.14"},
        "seed": 7,
        "world_size": 1,
        "train_images": 12345,
    }
    (folder / "training.json").write_text(json.dumps(record))
    return folder


def value(number: float, n: int = 50) -> dict:
    return {"value": number, "n": n, "interval": [number - 0.01, number + 0.01]}


@pytest.fixture
def report() -> dict:
    """What `evaluate` writes, of 100 faces with made numbers."""

    def group(mae: float, female: float, male: float) -> dict:
        return {
            "n": 100,
            "missed": value(0.02, 100),
            "age_mae": value(mae),
            "age_bias": value(-1.5),
            "age_cs5": value(0.61),
            "gender_accuracy": value((female + male) / 2),
            "gender_recall": {"female": value(female), "male": value(male)},
        }

    interval = {"coverage": value(0.79), "mean_width": 14.2}
    result = {
        "overall": group(6.25, 0.9, 0.94),
        "by_age_band": {"0–9": group(3.5, 0.61, 0.72), "20–39": group(5.1, 0.95, 0.97)},
        "by_gender": {"female": group(6.0, 0.9, 0.9), "male": group(6.5, 0.94, 0.94)},
        "by_age_band_and_gender": {"0–9": {"female": group(3.5, 0.61, 0.61)}},
        "by_race": {"Black": group(6.4, 0.83, 0.95)},
        "intervals": {"level": 0.8, "overall": interval, "by_age_band": {"0–9": interval}, "constant_width": 17.3},
        "calibration": {
            "ece": 0.021,
            "bins": [],
            "uncertain": {"n": 8, "share": 0.08},
            "accuracy_certain": value(0.955),
            "accuracy_uncertain": value(0.6),
        },
    }
    return {
        "date": "2026-11-24T10:00:00+00:00",
        "data": {"names": ["utkface"], "split": "test", "limit": None},
        "protocols": {"landmarks": {"utkface": result}, "end_to_end": {"utkface": result}},
    }


def test_folder_holds_the_repository_and_nothing_else(run, tmp_path):
    folder = push.push_to_folder(run, tmp_path / "model")
    names = {path.name for path in folder.iterdir()}
    assert names == CODE | set(DATA_FILES) - {"evaluation.json"}
    assert {path.name for path in tmp_path.iterdir()} == {"run", "model"}
    for name in CODE:
        assert (folder / name).read_bytes() == (PACKAGE / name).read_bytes()
    assert {"modeling_gender_age.py", "pipeline_gender_age.py", "labels.py", "errors.py"} < CODE
    assert not CODE & {"__init__.py", "__main__.py"}
    everything = "".join(path.read_text() for path in folder.glob("*.[jm]*") if path.suffix != ".safetensors")
    assert str(tmp_path) not in everything
    assert "../.." not in everything


def test_weights_are_stored_in_half_and_arrive_in_float32_without_this_repository(run, tmp_path):
    folder = push.push_to_folder(run, tmp_path / "model")
    assert {tensor.dtype for tensor in load_file(folder / "model.safetensors").values()} == {torch.float16}
    environment = {key: text for key, text in os.environ.items() if key != "PYTHONPATH"}
    environment["HF_MODULES_CACHE"] = str(tmp_path / "modules")
    done = subprocess.run(
        [sys.executable, "-c", STRANGER, str(folder)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["torch.float32", "True", "0", "0", "torch.float32"], done.stderr[-2000:]


def test_answers_are_those_of_the_run(run, tmp_path):
    pixel_values = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    before, _ = load_checkpoint(run, device="cpu")
    after, _ = load_checkpoint(push.push_to_folder(run, tmp_path / "model"), device="cpu")
    with torch.no_grad():
        torch.testing.assert_close(
            after(pixel_values).age_logits, before(pixel_values).age_logits, atol=2e-3, rtol=2e-2
        )


def test_values_that_fp16_cannot_hold_stay_as_they_are(tiny_model):
    with torch.no_grad():
        tiny_model.age_head.bias[0] = 1e6
    weights = half_precision(tiny_model)
    assert weights["age_head.bias"].dtype == torch.float32
    assert weights["age_head.weight"].dtype == torch.float16


def test_pushing_again_keeps_the_report_and_replaces_only_its_own_folder(run, report, tmp_path):
    folder = push.push_to_folder(run, tmp_path / "model", report)
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    push.push_to_folder(folder, folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first

    (folder / "notes.txt").touch()
    with pytest.raises(TrainerError, match=r"notes\.txt"):
        push.push_to_folder(run, folder)
    assert (folder / "notes.txt").exists()
    for strange in (run, tmp_path / "run" / "config.json"):
        before = sorted(path.name for path in run.iterdir())
        with pytest.raises(TrainerError, match="not replaced"):
            push.push_to_folder(run, strange)
        assert sorted(path.name for path in run.iterdir()) == before


def test_an_unusable_checkpoint_leaves_the_folder_as_it_was(run, tmp_path):
    folder = push.push_to_folder(run, tmp_path / "model")
    before = (folder / "model.safetensors").read_bytes()
    (run / "model.safetensors").write_bytes(b"cut off")
    with pytest.raises(ModelError):
        push.push_to_folder(run, folder)
    assert (folder / "model.safetensors").read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"run", "model"}


@pytest.mark.parametrize("line", ["from . import other", "from .sub.other import name", "import package.other"])
def test_imports_that_a_hub_user_would_miss_are_refused(tmp_path, line):
    package = tmp_path / "package"
    package.mkdir()
    (package / "entry.py").write_text(f"{line}\n")
    with pytest.raises(TrainerError, match=r"entry\.py"):
        code_files(["entry"], package)
    (package / "entry.py").write_text("import os\n\ndef late():\n    from .other import name\n")
    (package / "other.py").write_text("from .entry import late\n")
    assert [path.name for path in code_files(["entry"], package)] == ["entry.py", "other.py"]


def test_card_shows_what_was_recorded(run, report, tmp_path):
    card = ModelCard.load(push.push_to_folder(run, tmp_path / "model", report) / "README.md")
    front = yaml.safe_load(card.content.split("---")[1])
    assert front["license"] == "other"
    assert front["base_model"] == "google/vit-tiny"
    assert front["datasets"] == ["utkface", "owner/faces"]
    (index,) = front["model-index"]
    metrics = {each["name"]: each["value"] for each in index["results"][0]["metrics"]}
    assert metrics == {"MAE, years": 6.25, "CS@5": 0.61, "gender accuracy": 0.92}
    for shown in (
        "| overall | n | missed | MAE, years |",
        "6.25 (6.24 to 6.26)",
        "-1.50 (-1.51 to -1.49)",
        "| training images | 12,345 |",
        "16 → 32 px, for 3 + 2 epochs",
        "holds 79.0 % (78.0 to 80.0) of the true ages",
        "8.0 % of the answers are marked `uncertain`",
        "Of women and girls of 0–9, 61.0 %",
        "non-commercial research",
    ):
        assert shown in card.text, shown
    assert "{{" not in card.text
    assert "None" not in card.text


def test_card_without_records_claims_nothing(tiny_model_folder, tmp_path):
    card = ModelCard.load(push.push_to_folder(tiny_model_folder, tmp_path / "model") / "README.md")
    assert "model-index" not in card.content
    assert "No evaluation came with these weights" in card.text
    assert "No record of the training" in card.text


def test_measured_values_and_tables(report):
    assert measured({"value": 0.899, "interval": [0.886, 0.911]}, "share") == "89.9 % (88.6 to 91.1)"
    assert measured(None, "years") == "–"
    bands = report["protocols"]["landmarks"]["utkface"]["by_age_band"]
    lines = group_table("true age", bands, ["age_mae", "range_accuracy", "recall_female"]).splitlines()
    assert lines[0] == "| true age | n | MAE, years | women found |"
    assert lines[2] == "| 0–9 | 100 | 3.50 (3.49 to 3.51) | 61.0 % (60.0 to 62.0) |"


def test_weak_spots_leave_out_small_groups(report):
    result = report["protocols"]["landmarks"]["utkface"]
    assert "0–9" in " ".join(weak_spots(result))
    result["by_age_band"]["0–9"]["n"] = 5
    assert "0–9" not in " ".join(weak_spots(result))


class FakeHub:
    """Holds the names in a Hub repository and counts the commits."""

    def __init__(self, *names: str) -> None:
        self.names, self.commits = names, []

    def create_repo(self, repo_id, private, exist_ok):
        assert exist_ok

    def list_repo_files(self, repo_id):
        return list(self.names)

    def create_commit(self, repo_id, operations, commit_message):
        contents = {
            each.path_in_repo: Path(each.path_or_fileobj).read_bytes()
            for each in operations
            if isinstance(each, CommitOperationAdd)
        }
        deleted = {each.path_in_repo for each in operations if isinstance(each, CommitOperationDelete)}
        self.commits.append((repo_id, contents, deleted))
        return SimpleNamespace(commit_url="https://hub.invalid/owner/name/commit/1")


def test_hub_push_is_one_commit_that_removes_only_code_no_longer_needed(run):
    hub = FakeHub(".gitattributes", "labels.py", "old_module.py", "tools/keep.py", "picture.png")
    assert push.push_to_hub(run, "owner/name", api=hub).endswith("/commit/1")
    ((repo_id, contents, deleted),) = hub.commits
    assert repo_id == "owner/name"
    assert contents.keys() == CODE | set(DATA_FILES) - {"evaluation.json"}
    assert deleted == {"old_module.py"}
    assert b'pipeline(model="owner/name"' in contents["README.md"]


def test_a_hub_out_of_reach_is_a_sentence(run):
    with pytest.raises(TrainerError, match="nothing was published"):
        push.push_to_hub(run, "owner/name")  # the tests' environment is offline
    with pytest.raises(TrainerError, match="no name a Hub model can have"):
        push.push_to_hub(run, "owner/name/more")


@pytest.mark.parametrize(("content", "sentence"), [(None, "no report"), ("{}", "is no report"), ("[", "JSON")])
def test_an_unusable_report_is_a_sentence(run, tmp_path, content, sentence):
    path = tmp_path / "report.json"
    if content is not None:
        path.write_text(content)
    args = SimpleNamespace(report=str(path), model=str(run), revision=None, to_folder=str(tmp_path / "model"), to=None)
    with pytest.raises(TrainerError, match=sentence):
        push.main(args)
    assert not (tmp_path / "model").exists()
