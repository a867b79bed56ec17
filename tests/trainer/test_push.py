"""A checkpoint laid out as its Hub repository, and its card."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from huggingface_hub import CommitOperationAdd, CommitOperationDelete
from safetensors.torch import load_file

from gender_age.checkpoint import load_checkpoint
from gender_age.errors import ModelError
from trainer import push
from trainer.__main__ import main
from trainer.errors import TrainerError
from trainer.publishing.model_repository import DATA_FILES, PACKAGE, code_files
from trainer.publishing.weights import half_precision

CODE = {path.name for path in code_files()}
WITH_CODE = CODE | {"mtcnn.safetensors"}

STRANGER = """
import sys, torch
from transformers import AutoConfig, AutoModel
model, loading = AutoModel.from_pretrained(sys.argv[1], trust_remote_code=True, output_loading_info=True)
assert "gender_age" not in sys.modules
print(model.dtype, {parameter.dtype for parameter in model.parameters()} == {torch.float32},
      len(loading["missing_keys"]), len(loading["unexpected_keys"]), AutoConfig.from_pretrained(
      sys.argv[1], trust_remote_code=True).dtype)
"""


def test_folder_holds_the_repository_and_nothing_else(run_folder, tmp_path):
    folder = push.push_to_folder(run_folder, tmp_path / "model")
    names = {path.name for path in folder.iterdir()}
    assert names == WITH_CODE | set(DATA_FILES) - {"evaluation.json"}
    assert {path.name for path in tmp_path.iterdir()} == {"run", "model"}
    for name in CODE:
        assert (folder / name).read_bytes() == (PACKAGE / name).read_bytes()
    assert {"modeling_gender_age.py", "pipeline_gender_age.py", "labels.py", "errors.py"} < CODE
    assert not CODE & {"__init__.py", "__main__.py"}
    everything = "".join(path.read_text() for path in folder.glob("*.[jm]*") if path.suffix != ".safetensors")
    assert str(tmp_path) not in everything
    assert "../.." not in everything


@pytest.mark.slow
def test_weights_are_stored_in_half_and_arrive_in_float32_without_this_repository(run_folder, tmp_path):
    folder = push.push_to_folder(run_folder, tmp_path / "model")
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


def test_answers_are_those_of_the_run(run_folder, tmp_path):
    pixel_values = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    before, _ = load_checkpoint(run_folder, device="cpu")
    after, _ = load_checkpoint(push.push_to_folder(run_folder, tmp_path / "model"), device="cpu")
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


def test_pushing_again_keeps_the_report_and_replaces_only_its_own_folder(run_folder, report, tmp_path):
    folder = push.push_to_folder(run_folder, tmp_path / "model", report)
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    push.push_to_folder(folder, folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first

    (folder / "notes.txt").touch()
    with pytest.raises(TrainerError, match=r"notes\.txt"):
        push.push_to_folder(run_folder, folder)
    assert (folder / "notes.txt").exists()
    for strange in (run_folder, tmp_path / "run" / "config.json"):
        before = sorted(path.name for path in run_folder.iterdir())
        with pytest.raises(TrainerError, match="not replaced"):
            push.push_to_folder(run_folder, strange)
        assert sorted(path.name for path in run_folder.iterdir()) == before


def test_without_code_it_is_data_alone_and_can_be_laid_out_again(run_folder, report, tmp_path):
    folder = push.push_to_folder(run_folder, tmp_path / "model", report, with_code=False)
    bare = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert bare.keys() == set(DATA_FILES)
    assert not {"auto_map", "custom_pipelines"} & json.loads(bare["config.json"]).keys()
    assert b"holds none of them" in bare["README.md"]

    push.push_to_folder(folder, folder)
    full = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert full.keys() == bare.keys() | WITH_CODE
    assert {"auto_map", "custom_pipelines"} < json.loads(full["config.json"]).keys()
    assert b"holds none of them" not in full["README.md"]
    assert full["model.safetensors"] == bare["model.safetensors"]

    push.push_to_folder(folder, folder, with_code=False)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == bare


@pytest.mark.parametrize(
    ("change", "strange"),
    [
        (lambda folder: (folder / "notes.txt").write_text("mine"), r"notes\.txt"),
        (lambda folder: (folder / "notes.py").write_text("mine"), r"notes\.py"),
        (lambda folder: (folder / "mtcnn.safetensors").write_text("mine"), r"mtcnn\.safetensors"),
        (lambda folder: (folder / "README.md").unlink(), r"config\.json"),
        (lambda folder: (folder / "README.md").write_text("# My results"), r"README\.md"),
        (lambda folder: (folder / "README.md").write_text("---\ntags: [face\n---\n"), r"README\.md"),
        (lambda folder: (folder / "README.md").write_bytes(b"\xff"), r"README\.md"),
        (lambda folder: (folder / "config.json").write_text('{"model_type": "vit"}'), r"config\.json"),
        (lambda folder: (folder / "config.json").unlink(), r"model\.safetensors"),
    ],
)
def test_a_folder_that_push_did_not_write_without_code_is_not_replaced(run_folder, tmp_path, change, strange):
    folder = push.push_to_folder(run_folder, tmp_path / "model", with_code=False)
    change(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(TrainerError, match=rf"not replaced, because it holds .*{strange}"):
        push.push_to_folder(run_folder, folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_the_model_folder_of_a_run_is_not_replaced(run_folder):
    """It holds nothing but names that a repository has, too."""
    (run_folder / "training_args.bin").unlink()
    with pytest.raises(TrainerError, match="not replaced"):
        push.push_to_folder(run_folder, run_folder, with_code=False)


def test_without_code_is_for_folders(run_folder, tmp_path, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["push", "--model", str(run_folder), "--to", "owner/name", "--without-code"])
    assert "--without-code goes with --to-folder only" in capsys.readouterr().err
    assert main(["push", "--model", str(run_folder), "--to-folder", str(tmp_path / "model"), "--without-code"]) == 0
    assert not list((tmp_path / "model").glob("*.py"))


def test_an_unusable_checkpoint_leaves_the_folder_as_it_was(run_folder, tmp_path):
    folder = push.push_to_folder(run_folder, tmp_path / "model")
    before = (folder / "model.safetensors").read_bytes()
    (run_folder / "model.safetensors").write_bytes(b"cut off")
    with pytest.raises(ModelError):
        push.push_to_folder(run_folder, folder)
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


@pytest.mark.parametrize("measured", [False, True], ids=["without a report", "with a report"])
def test_hub_push_is_one_commit_that_removes_only_code_no_longer_needed(run_folder, report, measured):
    """… and the report of the model before."""
    before = (".gitattributes", "labels.py", "old_module.py", "tools/keep.py", "picture.png", "evaluation.json")
    hub = FakeHub(*before, "old/training.json")
    assert push.push_to_hub(run_folder, "owner/name", report if measured else None, api=hub).endswith("/commit/1")
    ((repo_id, contents, deleted),) = hub.commits
    assert repo_id == "owner/name"
    assert contents.keys() == WITH_CODE | set(DATA_FILES) - ({"evaluation.json"} if not measured else set())
    assert deleted == {"old_module.py"} | ({"evaluation.json"} if not measured else set())
    assert b'pipeline(model="owner/name"' in contents["README.md"]


def test_a_model_without_records_takes_none_over(tiny_model_folder):
    hub = FakeHub("training.json", "evaluation.json", "other/evaluation.json")
    push.push_to_hub(tiny_model_folder, "owner/name", api=hub)
    assert hub.commits[0][2] == {"training.json", "evaluation.json"}


def test_a_hub_out_of_reach_is_a_sentence(run_folder):
    with pytest.raises(TrainerError, match="nothing was published"):
        push.push_to_hub(run_folder, "owner/name")  # the tests' environment is offline
    with pytest.raises(TrainerError, match="no name a Hub model can have"):
        push.push_to_hub(run_folder, "owner/name/more")


@pytest.mark.parametrize(("content", "sentence"), [(None, "no report"), ("{}", "is no report"), ("[", "JSON")])
def test_an_unusable_report_is_a_sentence(run_folder, tmp_path, capsys, content, sentence):
    path = tmp_path / "report.json"
    if content is not None:
        path.write_text(content)
    assert (
        main(["push", "--model", str(run_folder), "--to-folder", str(tmp_path / "model"), "--report", str(path)]) == 1
    )
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "model").exists()
