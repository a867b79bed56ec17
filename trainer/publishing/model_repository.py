"""Lays out a checkpoint as a Hub repository: weights, configs, code files, detector weights, records and card.

Without code and detector weights, it is the layout of this project's `model/`.
"""

from __future__ import annotations

import ast
import itertools
import json
import shutil
from collections.abc import Sequence
from pathlib import Path, PurePath

from huggingface_hub import HfApi
from safetensors.torch import save_file
from transformers import PreTrainedModel

import gender_age
from gender_age.checkpoint import load_checkpoint
from gender_age.configuration_gender_age import AUTO_MAP, CUSTOM_PIPELINES, GenderAgeConfig
from gender_age.measurements import EvaluationRecord
from gender_age.model_source import BESIDE_THE_CODE, DETECTOR_WEIGHTS
from gender_age.records import EVALUATION_FILE, TRAINING_FILE, TrainingRecord, load_record

from ..errors import TrainerError
from .hub import publish
from .model_card import is_card, render_card
from .weights import half_precision, model_digest

PACKAGE = Path(gender_age.__file__).parent
ENTRY_MODULES = ("configuration_gender_age", "modeling_gender_age", "pipeline_gender_age")

WEIGHTS, CONFIG, PREPROCESSOR = "model.safetensors", "config.json", "preprocessor_config.json"
CARD = "README.md"
RECORDS = (TRAINING_FILE, EVALUATION_FILE)
DATA_FILES = (WEIGHTS, CONFIG, PREPROCESSOR, CARD, *RECORDS)
"""All files of a repository without code."""

MESSAGE = "Gender and age model"
"""Commit message."""


def write_repository(
    source: Path, folder: Path, report: dict | None = None, repo_id: str | None = None, with_code: bool = True
) -> None:
    """Writes the repository of the checkpoint in `source` to `folder`, then loads it as a check.

    Args:
        source: folder of a checkpoint written by `train`, or of a repository written by this function.
        folder: an existing empty folder.
        report: of `python -m trainer evaluate`; default: the one in `source`, if any.
        repo_id: for the card's snippets.
        with_code: write the code files and the detector's weights too, and name the code in `config.json`.

    Raises:
        ModelError: the checkpoint cannot be used.
        TrainerError: a record in `source` cannot be read, or the report is of another model.
    """
    model, image_processor = load_checkpoint(source, device="cpu")
    save_file(half_precision(model), folder / WEIGHTS, metadata={"format": "pt"})
    # safetensors creates files with mode 600: https://github.com/safetensors/safetensors/issues/782. No test shows when
    # this can go; the closest is `test_folder_holds_the_repository_and_nothing_else`.
    (folder / WEIGHTS).chmod(0o644)
    (folder / CONFIG).write_text(json_text(repository_config(model, with_code)), encoding="utf-8")
    shutil.copyfile(source / PREPROCESSOR, folder / PREPROCESSOR)
    for path in (*code_files(), BESIDE_THE_CODE) if with_code else ():
        shutil.copyfile(path, folder / path.name)
    training = without_local_paths(read_json(source / TRAINING_FILE))
    report = report or read_json(source / EVALUATION_FILE)
    measured = EvaluationRecord.read(report)
    if measured is not None and not measured.sources:
        raise TrainerError(f"the evaluation report for {source} holds no measurement that can be read")
    if measured is not None and not _is_of(measured, model, image_processor.size["height"]):
        raise TrainerError(
            f"the evaluation report for {source} is of another model: weights, calibration or image size differ. "
            "`python -m trainer evaluate` measures this one; give its report, or delete the one beside the weights"
        )
    for name, record in ((TRAINING_FILE, training), (EVALUATION_FILE, report)):
        if record is not None:
            (folder / name).write_text(json_text(record), encoding="utf-8")
    trained = TrainingRecord.read(training)
    card = render_card(model.config.to_dict(), model.num_parameters(), trained, measured, repo_id, with_code)
    (folder / CARD).write_text(card, encoding="utf-8")
    load_checkpoint(folder, device="cpu")


def upload_model(
    folder: Path, repo_id: str, message: str = MESSAGE, private: bool = False, api: HfApi | None = None
) -> str:
    """Publishes a `folder` written by `write_repository`; returns the URL of the commit.

    Deletes code files and records that the folder lacks: those of another model would pass for this one's.

    Raises:
        TrainerError: the Hub is unreachable or refuses.
    """
    return publish(
        repo_id,
        {path.name: path for path in folder.iterdir()},
        kind="model",
        message=message,
        is_stale=lambda name: name in RECORDS or (name.endswith(".py") and "/" not in name),
        private=private,
        api=api,
    )


def code_files(entry_modules: Sequence[str] = ENTRY_MODULES, package: Path = PACKAGE) -> list[Path]:
    """The code files of a Hub repository: the entry modules and their transitive relative imports, sorted by name.

    transformers' import scanner follows `from .module import name` only, and no subfolders:
    https://github.com/huggingface/transformers/issues/29714. The closest test is
    `test_imports_that_a_hub_user_would_miss_are_refused`.

    Raises:
        TrainerError: a module imports from the package in another way.
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
    """The content of `config.json`: the model's config, and with code its `auto_map` and `custom_pipelines`."""
    config = json.loads(model.config.to_json_string(use_diff=True))
    config |= {
        "architectures": [type(model).__name__],
        # Without it, `dtype="auto"` takes the file's half precision:
        # https://github.com/huggingface/transformers/pull/21524. The test that needs it is
        # `test_weights_are_stored_in_half_and_arrive_in_float32_without_this_repository`.
        "dtype": "float32",
    }
    code = {"auto_map": AUTO_MAP, "custom_pipelines": CUSTOM_PIPELINES}
    config = config | code if with_code else {key: value for key, value in config.items() if key not in code}
    return dict(sorted(config.items()))  # deterministic output


def strange_files(folder: Path) -> list[str]:
    """The files in `folder` that this module did not write, and that replacing the folder would destroy.

    Data files are its own only with a `config.json` of this model type, code files and detector weights only with one
    that names the code.
    """
    config = read_json(folder / CONFIG) or {}
    has_code = config.get("custom_pipelines", {}).keys() == CUSTOM_PIPELINES.keys()
    # A run's model folder has the config of a repository without code, but no card.
    is_repository = has_code or (config.get("model_type") == GenderAgeConfig.model_type and is_card(folder / CARD))
    return sorted(
        path.name
        for path in folder.iterdir()
        if path.name != "__pycache__"
        and not (is_repository and path.is_file() and (path.name in DATA_FILES or (has_code and _goes_with_code(path))))
    )


def read_json(path: Path) -> dict | None:
    """The JSON object in `path`; None if there is no such file.

    Raises:
        TrainerError: it cannot be read, or is not a JSON object.
    """
    if not path.exists():
        return None
    try:
        return load_record(path)
    except (OSError, ValueError) as error:
        raise TrainerError(f"{path} cannot be read as a JSON object: {error}") from error


def _is_of(report: EvaluationRecord, model: PreTrainedModel, image_size: int) -> bool:
    """Whether a report may be of the model, which takes faces of `image_size` pixels; older reports have no digest."""
    if report.model_digest is None:
        return report.image_size in (None, image_size)
    return report.model_digest == model_digest(model)


def _goes_with_code(path: Path) -> bool:
    return path.suffix == ".py" or path.name == DETECTOR_WEIGHTS


def _followed(node: ast.ImportFrom, importer: str) -> str:
    if node.level != 1 or not node.module or "." in node.module:
        raise TrainerError(
            f"{importer}.py, line {node.lineno}: transformers follows `from .module import name` only; write it so"
        )
    return node.module


def without_local_paths(value):
    """The JSON value with local paths replaced by their last component, also where they are keys."""
    if isinstance(value, dict):
        cleaned: dict = {}
        for key, each in value.items():
            last = without_local_paths(key)
            names = itertools.chain([last], (f"{last}-{number}" for number in itertools.count(2)))
            cleaned[next(name for name in names if name not in cleaned)] = without_local_paths(each)
        return cleaned
    if isinstance(value, list):
        return [without_local_paths(each) for each in value]
    if isinstance(value, str) and (PurePath(value).is_absolute() or value.startswith((".", "~"))):
        return PurePath(value).name
    return value


def json_text(value: dict) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
