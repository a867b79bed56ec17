"""Renders the model card: the template `model_card.md`, filled from the training and evaluation records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml
from huggingface_hub import EvalResult, ModelCardData, metadata_load
from jinja2 import Environment, StrictUndefined

from gender_age.labels import GENDERS
from gender_age.measurements import FEWEST_NAMED, KINDS, EvaluationRecord, GroupReport, Measured, SourceReport
from gender_age.records import SOURCE_NAMES, TrainingRecord

from ..preparation.origins import LICENCE, PROVENANCE, REMOVAL

TEMPLATE = Path(__file__).resolve().parents[2] / "model_card.md"
PLACEHOLDER_ID = "owner/name"
"""Repository id in the snippets of an unpublished card."""

TAGS = ["vit", "age-estimation", "gender-classification", "face"]

COLUMNS = {
    "missed": "missed",
    "age_mae": "MAE, years",
    "age_bias": "bias, years",
    "age_cs5": "CS@5",
    "range_accuracy": "right range",
    "range_within_one": "within one range",
    "gender_accuracy": "gender accuracy",
    "gender_accuracy_from_10": "gender accuracy from 10 years",
    "recall_female": "women found",
    "recall_male": "men found",
}
"""Metric of a group -> column title."""

MISSING = "–"
"""Shown for missing values."""


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
    trained_on = training.sources if training else ()
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    text = template.render(
        card_data=card_data(config, training, report, repo_id).to_yaml(),
        config=config,
        num_parameters=num_parameters,
        training=training,
        report=report,
        repo_id=repo_id or PLACEHOLDER_ID,
        with_code=with_code,
        trained_on=trained_on,
        known_sources=[source for source in SOURCE_NAMES if source in trained_on],
        source_names=SOURCE_NAMES,
        provenance=PROVENANCE,
        licence=LICENCE,
        removal=REMOVAL,
        table=group_table,
        weak_spots=weak_spots,
    )
    return text.rstrip() + "\n"


def card_data(
    config: Mapping, training: TrainingRecord | None, report: EvaluationRecord | None, repo_id: str | None = None
) -> ModelCardData:
    """The card's YAML front matter."""
    training = training or TrainingRecord()
    # A local folder that the run started from is no model that the Hub could link to.
    on_hub = training.pretrained is not None and "/" in training.pretrained and training.started_from is None
    return ModelCardData(
        language="en",
        license="other",
        license_name="non-commercial-research",
        license_link="https://susanqq.github.io/UTKFace/",
        library_name="transformers",
        pipeline_tag="image-classification",
        base_model=training.pretrained if on_hub else None,
        tags=TAGS,
        datasets=list(training.sources) or None,
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


def group_table(first: str, groups: Mapping[str, GroupReport], keys: Sequence[str]) -> str:
    """A Markdown table with one row per group: n, then the metrics with 95 % intervals.

    Args:
        first: title of the first column.
        groups: by name.
        keys: of `COLUMNS`; empty columns are left out.
    """
    shown = [key for key in keys if any(getattr(group, key) for group in groups.values())]
    rows = [[first, "n", *(COLUMNS[key] for key in shown)], ["---"] + ["---:"] * (len(shown) + 1)]
    rows += [
        [name, count(group.n), *(measured(getattr(group, key), KINDS[key]) for key in shown)]
        for name, group in groups.items()
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def weak_spots(result: SourceReport) -> list[str]:
    """Sentences on the groups with the worst metrics."""
    sentences = []
    errors = {name: group.age_mae for name, group in result.by_age_band.items() if _named(group.age_mae)}
    if len(errors) > 1:
        name = max(errors, key=lambda name: errors[name].value)
        sentences.append(
            f"The age is furthest off in the band {name}: MAE {measured(errors[name], 'years')} years, "
            f"bias {measured(result.by_age_band[name].age_bias, 'signed')} years (n = {errors[name].n:,})."
        )
    plurals = {"female": "women and girls", "male": "men and boys"}
    recalls = {
        f"{plurals[gender]} {where} {name}": recall
        for where, groups in (("of", result.by_age_band), ("labelled", result.by_race))
        for name, group in groups.items()
        for gender in GENDERS
        if _named(recall := getattr(group, f"recall_{gender}"))
    }
    overall = result.overall.gender_accuracy
    for name in sorted(recalls, key=lambda name: recalls[name].value)[:3]:
        if overall is None or recalls[name].value >= overall.value:
            break
        sentences.append(
            f"Of {name}, {measured(recalls[name], 'share')} are predicted as labelled (n = {recalls[name].n:,})."
        )
    return sentences


def measured(found: Measured | None, kind: str) -> str:
    """The value with its 95 % interval, or a dash: `"5.75 (5.55 to 5.95)"`, `"89.9 % (88.6 to 91.1)"`."""
    if found is None:
        return MISSING
    scale, digits, sign, unit = {
        "years": (1, 2, "", ""),
        "signed": (1, 2, "+", ""),
        "share": (100, 1, "", " %"),
    }[kind]
    number, *ends = (f"{scale * each:{sign}.{digits}f}" for each in (found.value, *(found.interval or ())))
    return f"{number}{unit} ({ends[0]} to {ends[1]})" if ends else f"{number}{unit}"


def share(value: float | None) -> str:
    """A share as a percentage, or a dash: `"80.0 %"`."""
    return MISSING if value is None else f"{100 * value:.1f} %"


def years(value: float | None) -> str:
    """Years, or a dash: `"12.7"`."""
    return MISSING if value is None else f"{value:.1f}"


def count(value: int | None) -> str:
    """A number of faces or images, or a dash: `"2,129"`."""
    return MISSING if value is None else f"{value:,}"


def recorded(value: str | float | None) -> str:
    """The recorded value as text, or a dash."""
    return MISSING if value is None else str(value)


def _named(found: Measured | None) -> bool:
    return found is not None and found.n >= FEWEST_NAMED


def _yaml(value: Mapping) -> str:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True).rstrip()
