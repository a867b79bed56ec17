"""The model card: `model_card.md` filled with what training and evaluation recorded; no number is written by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml
from huggingface_hub import EvalResult, ModelCardData, metadata_load
from jinja2 import Environment, StrictUndefined

from ..preparation.dataset_card import LICENCE, PROVENANCE, REMOVAL

TEMPLATE = Path(__file__).resolve().parents[2] / "model_card.md"
SOURCE_NAMES = {"utkface": "UTKFace", "fairface": "FairFace"}
PLACEHOLDER_ID = "owner/name"
"""In the snippets of a card that is not published yet."""

TAGS = ["vit", "age-estimation", "gender-classification", "face"]

FEWEST_SHOWN = 20
"""Groups of fewer faces are in the tables, but not named as the worst: their numbers are mostly chance."""

COLUMNS = {
    "missed": ("missed", "share"),
    "age_mae": ("MAE, years", "years"),
    "age_bias": ("bias, years", "signed"),
    "age_cs5": ("CS@5", "share"),
    "range_accuracy": ("right range", "share"),
    "range_within_one": ("within one range", "share"),
    "gender_accuracy": ("gender accuracy", "share"),
    "gender_accuracy_from_10": ("gender accuracy from 10 years", "share"),
    "recall_female": ("women found", "share"),
    "recall_male": ("men found", "share"),
}
"""A measured value's key -> its column's title, and how it is written."""


def render_card(
    config: Mapping,
    num_parameters: int,
    training: Mapping | None = None,
    report: Mapping | None = None,
    repo_id: str | None = None,
    with_code: bool = True,
) -> str:
    """The whole text of README.md.

    Args:
        config: of the model, as plain values.
        num_parameters: of the model.
        training: what `train` recorded in `training.json`, if anything.
        report: what `evaluate` measured, if anything.
        repo_id: where the model is published.
        with_code: whether the card lies beside the code files.
    """
    environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"measured": measured, "share": share, "yaml": _yaml}
    trained_on = training_sources(training)
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    text = template.render(
        card_data=card_data(config, training, report, repo_id).to_yaml(),
        config=config,
        num_parameters=num_parameters,
        training=training,
        earlier_runs=earlier_runs(training),
        report=report,
        headline=headline_protocol(report),
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
    config: Mapping, training: Mapping | None, report: Mapping | None, repo_id: str | None = None
) -> ModelCardData:
    """The card's front matter, which the Hub reads."""
    training = training or {}
    pretrained = training.get("config", {}).get("model", {}).get("pretrained")
    return ModelCardData(
        language="en",
        license="other",
        license_name="non-commercial-research",
        license_link="https://susanqq.github.io/UTKFace/",
        library_name="transformers",
        pipeline_tag="image-classification",
        # A local folder that the run started from is no model that the Hub could link to.
        base_model=pretrained if pretrained and "/" in pretrained and not training.get("started_from") else None,
        tags=TAGS,
        datasets=training_sources(training) or None,
        metrics=["mae", "accuracy"],
        model_name=repo_id or "gender-age",
        eval_results=eval_results(report) or None,
    )


def is_card(path: Path) -> bool:
    """Whether a file is there and is a card as `render_card` writes it, by the tags in its front matter."""
    try:
        return path.is_file() and (metadata_load(path) or {}).get("tags") == TAGS
    except (ValueError, yaml.YAMLError):  # not UTF-8, no mapping, no YAML
        return False


def earlier_runs(training: Mapping | None) -> list[Mapping]:
    """The records of the runs that a run goes on from, the last one first."""
    earlier, record = [], training
    while record and record.get("started_from"):
        record = record["started_from"]
        earlier.append(record)
    return earlier


def training_sources(training: Mapping | None) -> list[str]:
    """The data a model was trained on: a source's name where it is known, else the Hub id or folder as recorded."""
    names = [] if training is None else training.get("config", {}).get("data", {}).get("train", [])
    plain = [name.partition("@")[0] for name in names]
    known = {name: source for name in plain for source in SOURCE_NAMES if source in name.lower()}
    return list(dict.fromkeys(known.get(name, name) for name in plain))


def headline_protocol(report: Mapping | None) -> str | None:
    """The protocol whose numbers are shown per group: end to end, as a visitor meets the model, where measured."""
    if report is None:
        return None
    return "end_to_end" if "end_to_end" in report["protocols"] else "landmarks"


def eval_results(report: Mapping | None) -> list[EvalResult]:
    """The overall numbers of the headline protocol, for the front matter's `model-index`."""
    if report is None:
        return []
    types = {"age_mae": "mae", "age_cs5": "accuracy", "range_accuracy": "accuracy", "gender_accuracy": "accuracy"}
    return [
        EvalResult(
            task_type="image-classification",
            task_name="Apparent age and perceived gender",
            dataset_type=source,
            dataset_name=SOURCE_NAMES.get(source, source),
            dataset_split=report["data"]["split"],
            metric_type=kind,
            metric_name=COLUMNS[key][0],
            metric_value=round(result["overall"][key]["value"], 4),
        )
        for source, result in report["protocols"][headline_protocol(report)].items()
        for key, kind in types.items()
        if key in result["overall"]
    ]


def group_table(first: str, groups: Mapping[str, Mapping], keys: Sequence[str]) -> str:
    """A Markdown table with a line a group: its n, then the measured values with 95 % intervals.

    Args:
        first: title of the first column.
        groups: name -> `group_report`.
        keys: of `COLUMNS`; those no group has are left out.
    """
    values = {name: _flat(group) for name, group in groups.items()}
    shown = [key for key in keys if any(key in group for group in values.values())]
    rows = [[first, "n", *(COLUMNS[key][0] for key in shown)], ["---"] + ["---:"] * (len(shown) + 1)]
    rows += [
        [name, f"{group['n']:,}", *(measured(group.get(key), COLUMNS[key][1]) for key in shown)]
        for name, group in values.items()
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def weak_spots(result: Mapping) -> list[str]:
    """Sentences on the groups a source report shows the model to be worst at."""
    sentences = []
    bands = {name: group for name, group in result["by_age_band"].items() if group["n"] >= FEWEST_SHOWN}
    aged = {name: group for name, group in bands.items() if "age_mae" in group}
    if len(aged) > 1:
        name = max(aged, key=lambda name: aged[name]["age_mae"]["value"])
        error, off = aged[name]["age_mae"], aged[name]["age_bias"]
        sentences.append(
            f"The age is furthest off in the band {name}: MAE {measured(error, 'years')} years, "
            f"bias {measured(off, 'signed')} years (n = {error['n']:,})."
        )
    recalls = {
        f"{plural} {where} {name}": group["gender_recall"][gender]
        for where, groups in (("of", bands), ("labelled", result["by_race"]))
        for name, group in groups.items()
        for gender, plural in (("female", "women and girls"), ("male", "men and boys"))
        if group["gender_recall"].get(gender, {"n": 0})["n"] >= FEWEST_SHOWN
    }
    overall = result["overall"]["gender_accuracy"]["value"]
    for name in sorted(recalls, key=lambda name: recalls[name]["value"])[:3]:
        if recalls[name]["value"] >= overall:
            break
        sentences.append(
            f"Of {name}, {measured(recalls[name], 'share')} are predicted as labelled (n = {recalls[name]['n']:,})."
        )
    return sentences


def measured(value: Mapping | None, kind: str) -> str:
    """A measured value with its 95 % interval, or a dash: `"5.75 (5.55 to 5.95)"`, `"89.9 % (88.6 to 91.1)"`."""
    if value is None:
        return "–"
    scale, digits, sign, unit = {
        "years": (1, 2, "", ""),
        "signed": (1, 2, "+", ""),
        "share": (100, 1, "", " %"),
    }[kind]
    number, low, high = (f"{scale * each:{sign}.{digits}f}" for each in (value["value"], *value["interval"]))
    return f"{number}{unit} ({low} to {high})"


def share(value: float) -> str:
    """A share as a percentage: `"80.0 %"`."""
    return f"{100 * value:.1f} %"


def _flat(group: Mapping) -> dict:
    return {**group, **{f"recall_{gender}": value for gender, value in group["gender_recall"].items()}}


def _yaml(value: Mapping) -> str:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True).rstrip()
