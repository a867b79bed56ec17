"""`python -m trainer push` and `deploy`, and Trainer's pushes during a run, to a Hub on loopback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
import yaml
from huggingface_hub import ModelCard
from safetensors.torch import load, load_file, save_file

from gender_age.checkpoint import load_checkpoint
from gender_age.measurements import EvaluationRecord
from tests.conftest import TINY
from tests.fake_hub.commands import Commands
from tests.fake_hub.server import OTHER_TOKEN, TOKEN, HubServer
from tests.trainer.test_deploy import files_of, front_matter
from trainer import deploy
from trainer.publishing.model_card import eval_results
from trainer.publishing.model_repository import DATA_FILES, code_files

CODE = {path.name for path in code_files()} | {"mtcnn.safetensors"}
PICKLES = (".bin", ".pt", ".pth", ".pkl", ".ckpt", ".npy")


@pytest.fixture(scope="module")
def hub():
    with HubServer() as hub:
        yield hub


@pytest.fixture(scope="module")
def trainer(hub):
    with Commands("trainer.__main__", hub.environment()) as trainer:
        yield trainer


def push(trainer: Commands, folder: Path, repo_id: str, *more: str, token: str | None = TOKEN):
    return trainer.run("push", "--model", str(folder), "--to", repo_id, *more, token=token)


def change_weights(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    save_file({name: tensor + 0.5 for name, tensor in weights.items()}, folder / "model.safetensors", {"format": "pt"})


def test_push_is_one_commit_with_all_that_a_stranger_needs(hub, trainer, run_folder, report, tmp_path):
    (tmp_path / "report.json").write_text(json.dumps(report))
    done = push(trainer, run_folder, "user/complete", "--report", str(tmp_path / "report.json"))
    assert done.status == 0, done.stderr
    _, commit = hub.commits("user/complete")
    assert done.stdout == f"{hub.url}/user/complete/commit/{commit.oid}\n"
    files = hub.files("user/complete")
    assert files.keys() == CODE | set(DATA_FILES)
    assert {tensor.dtype for tensor in load(files["model.safetensors"]).values()} == {torch.float16}
    config = json.loads(files["config.json"])
    assert config["auto_map"].keys() == {"AutoConfig", "AutoModel"}
    assert list(config["custom_pipelines"]) == ["gender-age"]
    assert config["dtype"] == "float32"

    card = ModelCard(files["README.md"].decode()).data
    assert (card.license, card.license_name) == ("other", "non-commercial-research")
    assert card.license_link.startswith("https://")
    assert (card.library_name, card.pipeline_tag) == ("transformers", "image-classification")
    assert card.base_model == "google/vit-tiny"
    assert card.datasets == ["owner/faces"]
    assert card.metrics == ["mae", "accuracy"]
    assert card.model_name == "user/complete"
    assert card.eval_results == eval_results(EvaluationRecord.read(report))
    assert "generated_from_trainer" not in files["README.md"].decode()


def test_an_unchanged_model_makes_no_commit(hub, trainer, run_folder):
    first, second = (push(trainer, run_folder, "user/unchanged") for _ in range(2))
    assert (first.status, second.status) == (0, 0), second.stderr
    assert first.stdout == second.stdout
    assert len(hub.commits("user/unchanged")) == 2


@pytest.mark.parametrize("breaks", ["refused upload", "cut commit"])
def test_a_push_that_breaks_leaves_the_last_revision_whole_and_completes_when_repeated(
    hub,
    trainer,
    run_folder,
    breaks,
):
    repo_id = f"user/{breaks.replace(' ', '-')}"
    assert push(trainer, run_folder, repo_id).status == 0
    before = hub.files(repo_id)
    change_weights(run_folder)
    if breaks == "refused upload":
        fault = hub.refuse("PUT", "/upload/", 403, "Storage is closed")
    else:
        fault = hub.cut("POST", f"{repo_id}/commit/", after=1000)
    done = push(trainer, run_folder, repo_id)
    assert fault.reached.is_set()
    assert done.status == 1
    assert done.stderr.startswith(f"python -m trainer push: The upload to {repo_id} failed (")
    assert done.stderr.count("\n") == 1, done.stderr
    assert "try again" in done.stderr
    assert len(hub.commits(repo_id)) == 2
    assert hub.files(repo_id) == before

    done = push(trainer, run_folder, repo_id)
    assert done.status == 0, done.stderr
    assert len(hub.commits(repo_id)) == 3
    assert hub.files(repo_id).keys() == before.keys()
    assert hub.files(repo_id)["model.safetensors"] != before["model.safetensors"]


@pytest.mark.parametrize(
    ("token", "sentence"),
    [
        (None, "The Hub does not know who uploads: run `hf auth login`, or set HF_TOKEN"),
        ("hf_expired", "The Hub does not know who uploads: run `hf auth login`, or set HF_TOKEN"),
        (OTHER_TOKEN, "The Hub refused the upload to user/closed: You don't have the rights"),
    ],
)
def test_who_may_not_push_is_told_so(hub, trainer, run_folder, token, sentence):
    done = push(trainer, run_folder, "user/closed", token=token)
    assert done.status == 1
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert ("model", "user/closed") not in hub.repositories


@pytest.fixture
def config(tiny_data, tmp_path) -> list[str]:
    """Arguments of `train` for a run of two epochs with a save and a push after each."""
    values = {
        "model": {"config": TINY},
        "data": {"train": [str(tiny_data)], "limit": 24},  # with fewer ages, a calibrated model is the one before
        "stages": [{"image_size": 16, "epochs": 2}],
        "ema_decay": 0.5,
        "training": {
            "output_dir": str(tmp_path / "run"),
            "per_device_train_batch_size": 8,
            "use_cpu": True,
            "disable_tqdm": True,
            "save_strategy": "epoch",
            "push_to_hub": True,
            "hub_always_push": True,
        },
    }
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(values))
    return ["train", str(tmp_path / "config.yaml")]


def test_a_run_pushes_whole_models_and_outlives_a_push_that_fails(hub, trainer, config, tmp_path):
    hub.refuse("POST", "/api/models/user/run/commit/", 500, "Internal error")
    done = trainer.run(*config, "training.hub_model_id=user/run", "training.hub_private_repo=true", token=TOKEN)
    assert done.status == 0, done.stderr
    assert "The Hub refused the upload to user/run: " in done.stderr
    assert "The training goes on." in done.stderr
    assert hub.repo("user/run").private
    titles = [commit.title for commit in hub.commits("user/run")]
    assert titles == ["initial commit", "Training in progress, epoch 2", "Gender and age model"]
    for number, commit in enumerate(hub.commits("user/run")[1:]):
        files = hub.files("user/run", commit.oid)
        assert files.keys() == CODE | set(DATA_FILES) - {"evaluation.json"}
        assert not [path for path in files if path.endswith(PICKLES)]
        card = ModelCard(files["README.md"].decode())
        assert card.data.pipeline_tag == "image-classification"
        assert "generated_from_trainer" not in card.content
        folder = tmp_path / f"pushed-{number}"
        folder.mkdir()
        for path, content in files.items():
            (folder / path).write_bytes(content)
        pushed = load_checkpoint(folder, device="cpu")[0]
    ours = load_checkpoint(tmp_path / "run" / "model", device="cpu")[0]
    for name, weight in ours.state_dict().items():
        torch.testing.assert_close(pushed.state_dict()[name], weight, rtol=1e-3, atol=1e-4)
    assert pushed.config.age_interval_mass == ours.config.age_interval_mass != 0.8
    assert pushed.config.gender_temperature == ours.config.gender_temperature


def test_a_last_push_that_fails_tells_how_to_repeat_it(hub, trainer, config, tmp_path):
    hub.refuse("POST", "/api/models/user/late/commit/", 500, "Internal error")
    done = trainer.run(*config, "training.hub_model_id=user/late", "training.hub_strategy=end", token=TOKEN)
    assert done.status == 1
    model = tmp_path / "run" / "model"
    assert f"`python -m trainer push --model {model} --to user/late` publishes it" in done.stderr
    assert len(hub.commits("user/late")) == 1
    assert push(trainer, model, "user/late").status == 0
    assert [commit.title for commit in hub.commits("user/late")] == ["initial commit", "Gender and age model"]


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("hub_token=hf_secret", "`training.hub_token` would be kept in the run's records: set HF_TOKEN"),
        ("hub_strategy=checkpoint", "checkpoints are not pushed, they hold pickles"),
        ("hub_revision=dev", "a run is pushed to its repository's main branch"),
    ],
)
def test_what_a_run_does_not_push_is_refused_before_it_starts(trainer, config, tmp_path, setting, sentence):
    done = trainer.run(*config, f"training.{setting}", token=TOKEN)
    assert done.status == 1
    assert sentence in done.stderr
    assert not (tmp_path / "run").exists()


def test_a_run_whose_repository_cannot_be_made_does_not_start(trainer, config):
    done = trainer.run(*config, "training.hub_model_id=user/run2")
    assert done.status == 1
    assert "The Hub does not know who uploads" in done.stderr
    assert "Traceback" not in done.stderr


def test_deploying_is_one_commit_that_carries_and_names_a_hub_model(hub, trainer, tiny_model_folder):
    model = files_of(tiny_model_folder) | {"training_args.bin": b"a pickle", "modeling_gender_age.py": b"raise"}
    hub.add_repo("user/model", "model", model)
    stale = {"page/old.py": b"", "model/model-00001-of-00002.safetensors": b"", "notes.md": b"the owner's"}
    hub.add_repo("user/space", "space", stale)
    before = len(hub.commits("user/space", "space"))
    for _ in range(2):
        done = trainer.run("deploy", "--to", "user/space", "--model", "user/model", token=TOKEN)
        assert done.status == 0, done.stderr
    assert len(hub.commits("user/space", "space")) == before + 1
    files = hub.files("user/space", type="space")
    assert files.pop("notes.md") == b"the owner's"
    assert all(deploy.belongs_to_space(name) for name in files)
    assert not {"page/old.py", "model/model-00001-of-00002.safetensors", "model/training_args.bin"} & files.keys()
    assert files["model/model.safetensors"] == model["model.safetensors"]
    assert files["app.py"] == (deploy.ROOT / "app.py").read_bytes()
    front = front_matter(files["README.md"].decode())
    assert (front["models"], front["thumbnail"][-22:]) == (["user/model"], "/main/page/preview.jpg")


def test_the_space_of_a_hub_model_has_the_card_of_its_commit(hub, trainer, tiny_model_folder, tmp_path):
    cards, space = [b"---\nlicense: cc-by-nc-4.0\n---\n# One\n", b"# Two\n"], tmp_path / "space"
    repository = hub.add_repo("user/mine", files=files_of(tiny_model_folder) | {"README.md": cards[0]})
    first = repository.commits[-1]
    repository.commit("another card", first.files | {"README.md": cards[1]})
    command = ["deploy", "--to-folder", str(space), "--model", "user/mine"]
    done = trainer.run(*command, "--revision", first.oid)
    assert done.status == 0, done.stderr
    assert (space / "model" / "README.md").read_bytes() == cards[0]
    assert "[The model's card](model/README.md)" in (space / "README.md").read_text("utf-8")

    hub.refuse("GET", "user/mine/resolve/.*/README.md", 500, "Internal error", times=-1)
    done = trainer.run(*command)
    assert "The Hub model user/mine could not be fetched" in done.stderr
    assert (done.status, done.stderr.count("\n")) == (1, 1), done.stderr
    hub.clear_faults()
    assert trainer.run(*command).status == 0  # all but the card is in the cache
    assert (space / "model" / "README.md").read_bytes() == cards[1]
