"""Renders the model card: the template `model_card.md`, filled from the training and evaluation records."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml
from huggingface_hub import EvalResult, ModelCardData, metadata_load
from jinja2 import Environment, StrictUndefined

from gender_age.configuration_gender_age import GenderAgeConfig
from gender_age.families import FAMILIES
from gender_age.json_values import members, part
from gender_age.measurements import EvaluationRecord
from gender_age.records import SOURCE_NAMES, TrainingRecord

from ..preparation.origins import LICENCE, PROVENANCE, REMOVAL
from ..training.calibration import HIGHEST_THRESHOLD, LABELS
from .card_figures import (
    COLUMNS,
    PROTOCOL_NAMES,
    count,
    figures_in_short,
    group_table,
    left_out_table,
    measured,
    part_used,
    recorded,
    share,
    sources_table,
    weak_spots,
    years,
)

TEMPLATE = Path(__file__).resolve().parents[2] / "model_card.md"
PLACEHOLDER_ID = "owner/name"
"""Repository id in the snippets of an unpublished card."""

UTKFACE_LICENCE = {
    "license": "other",
    "license_name": "non-commercial-research",
    "license_link": "https://susanqq.github.io/UTKFace/",
}
"""Front matter of weights that were trained on UTKFace, whose terms ask for it; for others nothing is claimed."""

TAGS = ["vit", "age-estimation", "gender-classification", "face"]


def render_card(
    config: Mapping,
    num_parameters: int,
    training: TrainingRecord | None = None,
    report: EvaluationRecord | None = None,
    repo_id: str | None = None,
    with_code: bool = True,
) -> str:
    """The whole text of README.md.

    Args:
        config: of the model, as plain values.
        num_parameters: of the model.
        training: record of `train`, if any.
        report: record of `evaluate`, if any.
        repo_id: id of the Hub repository.
        with_code: whether the repository holds the code files.
    """
    environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"measured": measured, "share": share, "years": years, "count": count}
    environment.filters |= {"recorded": recorded, "yaml": _yaml}
    trained_on = training.all_sources if training else ()
    known_sources = [source for source in SOURCE_NAMES if source in trained_on]
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    text = template.render(
        card_data=card_data(config, training, report, repo_id).to_yaml(),
        config=config,
        backbone=_backbone(config),
        num_parameters=num_parameters,
        training=training,
        report=report,
        repo_id=repo_id or PLACEHOLDER_ID,
        with_code=with_code,
        trained_on=trained_on,
        known_sources=known_sources,
        all_known=training is not None and training.are_all_known,
        interval_from=_calibrated_by(training, "exact_ages", config, "age_interval_mass"),
        gender_from=_calibrated_by(training, "genders", config, "gender_temperature", "gender_uncertain_below"),
        highest_threshold=HIGHEST_THRESHOLD,
        source_names=SOURCE_NAMES,
        protocol_names=PROTOCOL_NAMES,
        provenance=PROVENANCE,
        licence=LICENCE,
        removal=REMOVAL,
        table=group_table,
        weak_spots=weak_spots,
        figures_in_short=figures_in_short,
        sources_table=sources_table,
        left_out_table=left_out_table,
        part_used=part_used,
        changed_after_run=_changed_after_run(training, config),
        has_unseen=training is not None
        and report is not None
        and any(training.has_seen(source) is False for source in report.sources),
    )
    return text.rstrip() + "\n"


def _calibrated_by(training: TrainingRecord | None, labels: str, config: Mapping, *names: str) -> str | None:
    """Where the values `names` of the config were fitted: in this `"run"`, for its `"start"`, None for nowhere.

    Args:
        labels: key of `TrainingRecord.calibrated_on`; of a record without it, this run fitted what is not the default.
    """
    number = training.calibrated_on.get(labels) if training else None
    if number:
        return "run"
    if all(config.get(name) == getattr(GenderAgeConfig(), name) for name in names):
        return None
    return "run" if number is None else "start"


def _changed_after_run(training: TrainingRecord | None, config: Mapping) -> dict[str, tuple[object, object]]:
    """Plain settings of the run's `model.config` that the weights have another value of: name -> run's, weights'.

    A level that nothing was fitted to in the run is the start's: nobody set it.
    """
    if training is None:
        return {}
    kept = {level for level, labels in LABELS.items() if not training.calibrated_on.get(labels)}
    return {
        name: (value, config[name])
        for name, value in members(part(training.config, "model", "config")).items()
        if name in config and name not in kept and not isinstance(value, (dict, list)) and config[name] != value
    }


def _backbone(config: Mapping) -> str | None:
    """The family of the backbone; None for this project's own network."""
    backbone = config.get("backbone_config")
    return None if backbone is None else FAMILIES[backbone["model_type"]].title


def card_data(
    config: Mapping, training: TrainingRecord | None, report: EvaluationRecord | None, repo_id: str | None = None
) -> ModelCardData:
    """The card's YAML front matter."""
    training = training or TrainingRecord()
    licence = UTKFACE_LICENCE if "utkface" in training.all_sources else {}
    return ModelCardData(
        **licence,
        language="en",
        library_name="transformers",
        pipeline_tag="image-classification",
        base_model=training.hub_checkpoint,
        tags=TAGS,
        datasets=list(training.hub_datasets) or None,
        metrics=["mae", "accuracy"],
        model_name=repo_id or "gender-age",
        eval_results=eval_results(report) or None,
    )


def is_card(path: Path) -> bool:
    """Whether the file is a card written by `render_card`, judged by its tags."""
    try:
        return path.is_file() and (metadata_load(path) or {}).get("tags") == TAGS
    except (ValueError, yaml.YAMLError):  # not UTF-8, no mapping, no YAML
        return False


def eval_results(report: EvaluationRecord | None) -> list[EvalResult]:
    """The overall metrics of the headline protocol, for the front matter's `model-index`."""
    if report is None:
        return []
    types = {"age_mae": "mae", "age_cs5": "accuracy", "range_accuracy": "accuracy", "gender_accuracy": "accuracy"}
    return [
        EvalResult(
            task_type="image-classification",
            task_name="Apparent age and perceived gender",
            dataset_type=source,
            dataset_name=SOURCE_NAMES.get(source, source),
            dataset_split=report.split,
            metric_type=kind,
            metric_name=COLUMNS[key],
            metric_value=round(found.value, 4),
        )
        for source, result in report.sources.items()
        for key, kind in types.items()
        if (found := getattr(result.overall, key))
    ]


def _yaml(value: Mapping) -> str:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True).rstrip()
