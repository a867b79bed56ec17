"""A checkpoint laid out as its Hub repository: weights, configs, the code files they need, records and the card.

Without the code files it is what this project's repository keeps in `model/`.
"""

from __future__ import annotations

import ast
import json
import shutil
from collections.abc import Sequence
from pathlib import Path, PurePath

import torch
from huggingface_hub import HfApi
from safetensors.torch import save_file
from transformers import PreTrainedModel

import gender_age
from gender_age.checkpoint import load_checkpoint
from gender_age.configuration_gender_age import GenderAgeConfig
from gender_age.measurements import EvaluationRecord
from gender_age.records import EVALUATION_FILE, TRAINING_FILE, TrainingRecord, load_record

from ..errors import TrainerError
from .hub import publish
from .model_card import is_card, render_card

PACKAGE = Path(gender_age.__file__).parent
ENTRY_MODULES = ("configuration_gender_age", "modeling_gender_age", "pipeline_gender_age")
AUTO_MAP = {
    "AutoConfig": "configuration_gender_age.GenderAgeConfig",
    "AutoModel": "modeling_gender_age.ViTForGenderAge",
}
# A single entry, so that `pipeline(model=…)` infers the task.
CUSTOM_PIPELINES = {
    "gender-age": {"impl": "pipeline_gender_age.GenderAgePipeline", "pt": ["AutoModel"], "type": "image"}
}

WEIGHTS, CONFIG, PREPROCESSOR = "model.safetensors", "config.json", "preprocessor_config.json"
CARD = "README.md"
DATA_FILES = (WEIGHTS, CONFIG, PREPROCESSOR, CARD, TRAINING_FILE, EVALUATION_FILE)
"""All that a repository holds beside its code files."""

MESSAGE = "Gender and age model"
"""Of the commits."""


def write_repository(
    source: Path, folder: Path, report: dict | None = None, repo_id: str | None = None, with_code: bool = True
) -> None:
    """Lays the checkpoint in `source` out in `folder`, then loads it from there as a check.

    Args:
        source: folder of a checkpoint as `train` writes it, or of a repository as this function does.
        folder: exists, and is empty.
        report: of `python -m trainer evaluate`; without it, the one that `source` holds, if any.
        repo_id: where it is to be published, for the card's snippets.
        with_code: lay out the code files too, and name them in `config.json`.

    Raises:
        ModelError: the checkpoint cannot be used.
        TrainerError: a record in `source` cannot be read.
    """
    model, _ = load_checkpoint(source, device="cpu")
    save_file(half_precision(model), folder / WEIGHTS, metadata={"format": "pt"})
    (folder / WEIGHTS).chmod(0o644)  # safetensors writes for the owner alone, the rest is for everyone
    (folder / CONFIG).write_text(_json(repository_config(model, with_code)), encoding="utf-8")
    shutil.copyfile(source / PREPROCESSOR, folder / PREPROCESSOR)
    for path in code_files() if with_code else ():
        shutil.copyfile(path, folder / path.name)
    training = _without_local_paths(read_json(source / TRAINING_FILE))
    report = report or read_json(source / EVALUATION_FILE)
    measured = EvaluationRecord.read(report)
    if measured is not None and not measured.sources:
        raise TrainerError(f"the evaluation report for {source} holds no measurement that can be read")
    for name, record in ((TRAINING_FILE, training), (EVALUATION_FILE, report)):
        if record is not None:
            (folder / name).write_text(_json(record), encoding="utf-8")
    trained = TrainingRecord.read(training)
    card = render_card(model.config.to_dict(), model.num_parameters(), trained, measured, repo_id, with_code)
    (folder / CARD).write_text(card, encoding="utf-8")
    load_checkpoint(folder, device="cpu")


def upload_model(
    folder: Path, repo_id: str, message: str = MESSAGE, private: bool = False, api: HfApi | None = None
) -> str:
    """Publishes `folder`, as `write_repository` lays it out; returns the address of the commit.

    Raises:
        TrainerError: the Hub cannot be reached, or refuses.
    """
    return publish(
        repo_id,
        {path.name: path for path in folder.iterdir()},
        kind="model",
        message=message,
        is_stale=lambda name: name.endswith(".py") and "/" not in name,
        private=private,
        api=api,
    )


def code_files(entry_modules: Sequence[str] = ENTRY_MODULES, package: Path = PACKAGE) -> list[Path]:
    """The package's files that a Hub user needs: the entry modules and all they import relatively, sorted by name.

    transformers copies what `from .module import name` names, and follows nothing else.

    Raises:
        TrainerError: a module imports from the package in a way that transformers would not follow.
    """
    found: dict[str, Path] = {}
    waiting = list(entry_modules)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found[name] = package / f"{name}.py"
        for node in ast.walk(ast.parse(found[name].read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                absolute = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                absolute = [node.module or ""] if not node.level else []
                if node.level:
                    waiting.append(_followed(node, name))
            else:
                continue
            if any(each.partition(".")[0] == package.name for each in absolute):
                raise TrainerError(f"{name}.py imports {package.name} by its name, which a Hub user does not have")
    return [found[name] for name in sorted(found)]


def repository_config(model: PreTrainedModel, with_code: bool = True) -> dict:
    """The content of `config.json`: the model's, and with code what lets auto classes and `pipeline` find it."""
    config = json.loads(model.config.to_json_string(use_diff=True))
    config |= {
        "architectures": [type(model).__name__],
        # Without it, transformers loads the model in the half precision of the file.
        "dtype": "float32",
    }
    code = {"auto_map": AUTO_MAP, "custom_pipelines": CUSTOM_PIPELINES}
    config = config | code if with_code else {key: value for key, value in config.items() if key not in code}
    return dict(sorted(config.items()))  # so that laying a repository out again gives the same bytes


def half_precision(model: PreTrainedModel) -> dict[str, torch.Tensor]:
    """The weights in fp16; integers, and the rare tensor whose values fp16 cannot hold, as they are."""
    weights = {}
    for name, tensor in model.state_dict().items():
        half = tensor.half() if tensor.is_floating_point() else tensor
        weights[name] = (half if half.isfinite().all() else tensor).contiguous()
    return weights


def strange_files(folder: Path) -> list[str]:
    """What in `folder` is not of a repository that this module wrote: what replacing the folder would destroy.

    Data files count as its own only beside a `config.json` of this kind of model, code files only beside one that names
    them.
    """
    config = read_json(folder / CONFIG) or {}
    has_code = config.get("custom_pipelines", {}).keys() == CUSTOM_PIPELINES.keys()
    # The model folder of a run has the same config as a repository without code, but no card.
    is_repository = has_code or (config.get("model_type") == GenderAgeConfig.model_type and is_card(folder / CARD))
    return sorted(
        path.name
        for path in folder.iterdir()
        if path.name != "__pycache__"
        and not (is_repository and path.is_file() and (path.name in DATA_FILES or (has_code and path.suffix == ".py")))
    )


def read_json(path: Path) -> dict | None:
    """The JSON object in `path`; None if there is no such file.

    Raises:
        TrainerError: it cannot be read, or holds something else.
    """
    if not path.exists():
        return None
    try:
        return load_record(path)
    except (OSError, ValueError) as error:
        raise TrainerError(f"{path} cannot be read as a JSON object: {error}") from error


def _followed(node: ast.ImportFrom, importer: str) -> str:
    if node.level != 1 or not node.module or "." in node.module:
        raise TrainerError(
            f"{importer}.py, line {node.lineno}: transformers follows `from .module import name` only; write it so"
        )
    return node.module


def _without_local_paths(value):
    """The same plain value, with paths of the machine that trained cut to their last part."""
    if isinstance(value, dict):
        return {key: _without_local_paths(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_local_paths(each) for each in value]
    if isinstance(value, str) and (PurePath(value).is_absolute() or value.startswith((".", "~"))):
        return PurePath(value).name
    return value


def _json(value: dict) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
