import json
import shutil
from pathlib import Path

import httpx
import pytest
import torch
from huggingface_hub import errors as hub_errors
from safetensors.torch import load_file, save_file

from gender_age import checkpoint
from gender_age.checkpoint import DEFAULT_MODEL, load_checkpoint
from gender_age.errors import ModelError


@pytest.fixture
def folder(tiny_model_folder, tmp_path) -> Path:
    """A copy of the tiny checkpoint, to be damaged."""
    return Path(shutil.copytree(tiny_model_folder, tmp_path / "model"))


def edit_config(folder: Path, name: str = "config.json", **changes) -> None:
    values = json.loads((folder / name).read_text()) | changes
    (folder / name).write_text(json.dumps({key: value for key, value in values.items() if value is not None}))


def edit_weights(folder: Path, change) -> None:
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def refused(id_or_folder, *args) -> str:
    with pytest.raises(ModelError) as caught:
        load_checkpoint(id_or_folder, *args, device="cpu")
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(".")
    return message


def test_a_whole_checkpoint_loads_in_float32_and_evaluation_mode(folder):
    weights = load_file(folder / "model.safetensors")
    model, image_processor = load_checkpoint(str(folder), device="cpu")
    assert not model.training
    assert model.dtype == torch.float32
    assert image_processor.size["height"] == 32
    assert len(model.state_dict()) == len(weights)
    for name in ("age_head.weight", "gender_head.bias", "backbone.embeddings.position_embeddings"):
        assert torch.equal(model.state_dict()[name], weights[name])


def test_the_names_of_weights_in_older_checkpoints_are_read(folder):
    wanted = load_checkpoint(folder, device="cpu")[0].state_dict()
    weights = load_file(folder / "model.safetensors")
    older = {name.replace("backbone.", "vit."): weight for name, weight in weights.items()}
    assert older.keys() != weights.keys()
    save_file(older, folder / "model.safetensors", metadata={"format": "pt"})
    found = load_checkpoint(folder, device="cpu")[0].state_dict()
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)


@pytest.mark.parametrize("dtype", ["float32", "float16", None])
def test_half_precision_weights_load_as_float32(folder, dtype):
    edit_weights(folder, lambda weights: weights.update({name: value.half() for name, value in weights.items()}))
    edit_config(folder, dtype=dtype)
    model, _ = load_checkpoint(folder, device="cpu")
    assert {value.dtype for value in model.parameters()} == {torch.float32}


def test_the_default_model_is_found_from_the_package():
    assert Path(checkpoint.__file__).resolve().parents[1] / "model" == DEFAULT_MODEL


def test_a_missing_folder(tmp_path):
    for name in (tmp_path / "none", str(tmp_path / "none"), "./none", "a/b/c"):
        assert "There is no model folder" in refused(name)


def test_the_folder_of_a_run_is_told_from_that_of_its_model(folder):
    assert refused(folder.parent).endswith(f"it is not a checkpoint of this project; {folder} may be one.")


def test_a_file_is_no_folder(folder):
    assert "is a file" in refused(folder / "model.safetensors")


def test_a_folder_has_no_revision(folder):
    assert "no revisions" in refused(folder, "main")


def test_a_name_no_hub_model_can_have():
    assert "neither a folder here nor a name a Hub model can have" in refused("two words")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (hub_errors.RepositoryNotFoundError, "no such model on the Hub"),
        (hub_errors.GatedRepoError, "asks for its terms"),
        (hub_errors.RevisionNotFoundError, "has no revision v9"),
        (hub_errors.LocalEntryNotFoundError, "could not be reached"),
        (hub_errors.HTTPError, "could not be fetched (it broke off)"),
        (OSError, "could not be fetched (it broke off)"),
    ],
)
def test_what_the_hub_refuses_is_one_sentence(monkeypatch, error, expected):
    def refuse(repo_id, **kwargs):
        if issubclass(error, hub_errors.HfHubHTTPError):
            raise error(
                "it broke off\nRequest ID: 1", response=httpx.Response(404, request=httpx.Request("GET", "http://x"))
            )
        raise error("it broke off\nmore")

    monkeypatch.setattr(checkpoint, "snapshot_download", refuse)
    message = refused("somebody/something", "v9")
    assert expected in message
    assert "somebody/something" in message


def test_a_hub_model_is_fetched_without_code_and_pickles(monkeypatch, folder):
    asked = {}
    monkeypatch.setattr(checkpoint, "snapshot_download", lambda repo_id, **kwargs: asked.update(kwargs) or str(folder))
    load_checkpoint("somebody/something", "v9", device="cpu")
    assert asked["revision"] == "v9"
    assert not any(pattern.endswith((".py", ".bin", "*")) for pattern in asked["allow_patterns"])


def test_a_fetched_hub_model_loads_without_network(monkeypatch, folder, tmp_path):
    commit = "0123456789abcdef0123456789abcdef01234567"
    repository = tmp_path / "hub" / "models--somebody--something"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(commit)
    shutil.copytree(folder, repository / "snapshots" / commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub._snapshot_download.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    model, _ = load_checkpoint("somebody/something", device="cpu")
    assert model.config.hidden_size == 16
    assert "could not be reached" in refused("somebody/else")


@pytest.mark.parametrize("name", ["config.json", "preprocessor_config.json", "model.safetensors"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    assert name.removeprefix("model") in refused(folder)


def test_a_pickle_is_not_read(folder):
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    assert "the only kind read here" in refused(folder)


def test_another_kind_of_model(folder):
    edit_config(folder, model_type="vit")
    assert "of type 'vit', not 'gender_age'" in refused(folder)


@pytest.mark.parametrize("text", ["{not json", "[]", '"gender_age"'])
def test_a_config_that_is_none(folder, text):
    (folder / "config.json").write_text(text)
    refused(folder)


@pytest.mark.parametrize("changes", [{"hidden_size": "wide"}, {"stem": "cubist"}, {"patch_size": 0}])
def test_a_config_that_makes_no_model(folder, changes):
    edit_config(folder, **changes)
    assert "cannot be read" in refused(folder)


@pytest.mark.parametrize("content", [b"", b"\xff" * 64])
def test_damaged_weights(folder, content):
    (folder / "model.safetensors").write_bytes(content)
    assert "cannot be read" in refused(folder)


def test_cut_off_weights(folder):
    weights = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(weights[: len(weights) // 2])
    assert "cannot be read" in refused(folder)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda weights: weights.pop("age_head.bias"), "1 missing: age_head.bias"),
        (lambda weights: weights.update(extra=torch.zeros(1)), "1 unexpected: extra"),
        (lambda weights: weights.update({"age_head.bias": torch.zeros(7)}), "1 mismatched: age_head.bias"),
    ],
)
def test_weights_that_do_not_fit_are_not_drawn_at_random(folder, change, expected):
    edit_weights(folder, change)
    assert expected in refused(folder)


@pytest.mark.parametrize("alignment", [None, {}, "upright", {"template": [[1]]}])
def test_without_its_alignment_a_checkpoint_is_refused(folder, alignment):
    edit_config(folder, "preprocessor_config.json", alignment=alignment)
    assert "alignment" in refused(folder)


def test_code_in_the_folder_is_not_run(folder):
    edit_config(folder, auto_map={"AutoConfig": "evil.Config", "AutoModel": "evil.Model"})
    (folder / "evil.py").write_text("raise SystemExit('this code was run')")
    model, _ = load_checkpoint(folder, device="cpu")
    assert type(model).__module__ == "gender_age.modeling_gender_age"


@pytest.mark.parametrize("device", ["abacus", "cuda:99"])
def test_a_device_that_is_not_there_is_a_sentence(tiny_model_folder, device):
    with pytest.raises(ModelError, match=f"The device {device} cannot be used here"):
        load_checkpoint(tiny_model_folder, device=device)
