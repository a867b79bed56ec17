"""The record of a run's config in its folder, which only the same run continues."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from transformers import TrainingArguments

from gender_age.errors import GenderAgeError

from ..errors import RunError
from ..files import NO_ROOM, write_whole_text
from .checkpoints import full_disk_as_sentence
from .config import RunConfig
from .label_cleaning import DROPPED_FILE

RUN_FILE = "run.yaml"
MOST_SHOWN = 3

WITHOUT_EFFECT_ON_THE_MODEL = (
    # What is told, and where to.
    *("disable_tqdm", "report_to", "run_name", "project", "log_level", "log_level_replica", "log_on_each_node"),
    *("skip_memory_metrics", "include_num_input_tokens_seen", "debug"),
    # How the faces are fetched, and how many are evaluated at a time.
    *("per_device_eval_batch_size", "eval_accumulation_steps", "eval_use_gather_object"),
    # When checkpoints are written, and where they lie.
    *("output_dir", "save_strategy", "save_steps", "save_total_limit", "save_on_each_node", "enable_jit_checkpoint"),
    *("push_to_hub", "ddp_timeout", "torch_empty_cache_steps"),
)
PREFIXES_WITHOUT_EFFECT = ("logging_", "hub_", "trackio_", "dataloader_")
# Of those, this one leaves faces out.
WITH_EFFECT = ("dataloader_drop_last",)


@contextmanager
def claimed(run: Path, config: RunConfig, args: TrainingArguments) -> Iterator[None]:
    """Record the config in the run's folder; where there is a record, it stays.

    A config that is refused inside the `with` block, before the training begins, leaves no record: it is corrected, and
    run again in the same folder.

    Raises:
        RunError: the folder holds a run with another config.
    """
    record = run / RUN_FILE
    is_new = not record.exists()
    with args.main_process_first(), full_disk_as_sentence(run):
        refuse_another_run(run, config)
        if not record.exists():
            make_folder(run, "training.output_dir")
            write_whole_text(record, yaml.safe_dump(_plain(config)))
    try:
        yield
    except GenderAgeError:
        if is_new and args.local_process_index == 0:
            for path in (record, run / DROPPED_FILE):
                path.unlink(missing_ok=True)
        raise


def refuse_another_run(run: Path, config: RunConfig) -> None:
    """Compare the config with the recorded one, in what changes the model.

    Compares values, not text: older runs recorded integers for some settings that are floats now.

    Raises:
        RunError: the folder holds a run with another config.
    """
    if not (run / RUN_FILE).exists():
        return
    differing = list(_differences(_of_effect(_read(run / RUN_FILE)), _of_effect(_plain(config))))
    if differing:
        more = f" and {len(differing) - MOST_SHOWN} more" if len(differing) > MOST_SHOWN else ""
        raise RunError(
            f"{run} holds a run with another config: {', '.join(differing[:MOST_SHOWN])}{more}; continue that one with "
            f"its own config ({RUN_FILE} in it), or name another training.output_dir"
        )


def make_folder(folder: Path, setting: str) -> None:
    """Make a folder that a setting names.

    Raises:
        RunError: there is something else in its place, or it may not be made.
        OSError: the disk is full.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        if error.errno in NO_ROOM:
            raise
        raise RunError(f"the folder {folder} of `{setting}` cannot be made: {error.strerror}") from error


def _plain(config: RunConfig) -> dict[str, Any]:
    return json.loads(json.dumps(config.to_dict()))


def _read(recorded: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(recorded.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise RunError(f"{recorded}, the record of the run's config, cannot be read: {error}") from error
    if not isinstance(values, dict):
        raise RunError(f"{recorded} is no record of a run's config; name another training.output_dir")
    return values


def _of_effect(values: dict[str, Any]) -> dict[str, Any]:
    """The settings that change the model, by their full name."""
    found = dict(_flat("", values))
    return {name: value for name, value in found.items() if name != "data.cache_dir" and not _is_without_effect(name)}


def _is_without_effect(name: str) -> bool:
    section, _, key = name.partition(".")
    if section != "training" or key in WITH_EFFECT:
        return False
    return key in WITHOUT_EFFECT_ON_THE_MODEL or key.startswith(PREFIXES_WITHOUT_EFFECT)


def _flat(path: str, values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        name = f"{path}.{key}" if path else str(key)
        if isinstance(value, dict) and value:
            yield from _flat(name, value)
        else:
            yield name, value


def _differences(before: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    absent = object()
    for name in dict.fromkeys((*before, *now)):
        was, is_now = (values.get(name, absent) for values in (before, now))
        if was != is_now:
            shown = ("not set" if value is absent else repr(value) for value in (was, is_now))
            yield f"`{name}` was {' and is '.join(shown)}"
