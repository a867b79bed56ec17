"""Draws a prepared dataset: its labels by split, what is missing or left out, and faces as a model will see them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from PIL import Image, ImageDraw
from pyarrow import parquet

from gender_age.alignment import align_face
from gender_age.labels import GENDERS, MAX_AGE

from ..sources.record import OLDEST_AGE
from .photos import decode
from .splits import SPLITS

FOLDER = "report"
COLOURS = {"female": "#d55e00", "male": "#0072b2", "unknown": "#999999"}  # Okabe and Ito's, for all eyes
YEARS_A_BAR = 5
EXAMPLES, COLUMNS, FACE_SIDE = 40, 10, 96
WITHOUT_LANDMARKS = "without landmarks (aligned as if a face filled them)"


def draw_pictures(dataset: Path, report: dict) -> list[Path]:
    """Draws `labels.png`, `rows.png` and `examples.png` into the folder `report` of a prepared dataset.

    Args:
        dataset: its folder.
        report: the content of its `prepare.json`.
    """
    folder = dataset / FOLDER
    folder.mkdir()
    for name, figure in {"labels": _labels(dataset), "rows": _rows(report)}.items():
        FigureCanvasAgg(figure)
        figure.savefig(folder / f"{name}.png", dpi=100, metadata={"Software": None})
    _examples(dataset).save(folder / "examples.png")
    return [folder / f"{name}.png" for name in ("labels", "rows", "examples")]


def _labels(dataset: Path) -> Figure:
    """Ages by gender, a panel for each split; ranges count in their middle."""
    tables = {split: table for split in SPLITS if (table := _read(dataset, split))}
    figure = Figure(figsize=(4.2 * len(tables), 3.6), layout="constrained")
    bars = np.arange(0, MAX_AGE + 2 * YEARS_A_BAR, YEARS_A_BAR)
    for axes, (split, table) in zip(figure.subplots(1, len(tables), squeeze=False)[0], tables.items(), strict=True):
        low, high, gender = (table[name].to_pylist() for name in ("age_min", "age_max", "gender"))
        names = ["unknown" if each is None else GENDERS[each] for each in gender]
        ages = [None if a is None else min((a + min(b, MAX_AGE)) / 2, MAX_AGE) for a, b in zip(low, high, strict=True)]
        drawn = [name for name in COLOURS if name in names]
        axes.hist(
            [[age for age, its in zip(ages, names, strict=True) if its == name and age is not None] for name in drawn],
            bars,
            stacked=True,
            color=[COLOURS[name] for name in drawn],
            label=[f"{name} ({names.count(name):,})" for name in drawn],
        )
        axes.set_title(f"{split}: {len(names):,} faces, {ages.count(None):,} without age", fontsize=10)
        axes.set(xlabel="age (years), of a range its middle" if low != high else "age (years)", ylabel="faces")
        axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.legend(fontsize=8)
    return figure


def _rows(report: dict) -> Figure:
    """How many faces are used, lack something, or are left out."""
    counts = {
        "used": sum(report["images"].values()),
        WITHOUT_LANDMARKS: report["without_landmarks"],
        "without age": report.get("without_age", 0),
        "without gender": report.get("without_gender", 0),
        "near-duplicates": report["twin_images"],
        "groups that the splits divide": report.get("across_splits", 0),
    } | {f"left out: {reason}": len(files) for reason, files in report["skipped"].items()}
    figure = Figure(figsize=(8, 0.5 + 0.4 * len(counts)), layout="constrained")
    axes = figure.subplots()
    bars = axes.barh(list(counts), list(counts.values()), color=COLOURS["male"])
    axes.bar_label(bars, [f"{count:,}" for count in counts.values()], padding=3)
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.set(xlabel="images")
    return figure


def _examples(dataset: Path) -> Image.Image:
    """Training faces, aligned as a model will see them, with their labels; `*` marks those without landmarks."""
    shards = (dataset / "data").glob("*-00000-of-*.parquet")
    first = min(shards, key=lambda path: (not path.name.startswith("train"), path.name))
    with parquet.ParquetFile(first) as file:
        rows = next(file.iter_batches(EXAMPLES)).to_pylist()
    width, height = FACE_SIDE + 4, FACE_SIDE + 18
    sheet = Image.new("RGB", (COLUMNS * width, -(-len(rows) // COLUMNS) * height), "white")
    draw = ImageDraw.Draw(sheet)
    for number, row in enumerate(rows):
        left, top = number % COLUMNS * width + 2, number // COLUMNS * height
        draw.text((left, top + 2), label(row), "black")
        sheet.paste(_face(row), (left, top + 16))
    return sheet


def _face(row: dict) -> Image.Image:
    return align_face(decode(row["image"]["bytes"]), row["landmarks"], FACE_SIDE)


def label(row: dict) -> str:
    """The labels of a prepared row: `male, 25-32`."""
    low, high = row["age_min"], row["age_max"]
    age = "?" if low is None else str(low) if low == high else f"{low}+" if high == OLDEST_AGE else f"{low}-{high}"
    gender = "?" if row["gender"] is None else GENDERS[row["gender"]]
    return f"{gender}, {age}" + ("" if row["landmarks"] else " *")


def _read(dataset: Path, split: str) -> pyarrow.Table | None:
    files = sorted((dataset / "data").glob(f"{split}-*.parquet"))
    columns = ["age_min", "age_max", "gender"]
    return pyarrow.concat_tables([parquet.read_table(file, columns=columns) for file in files]) if files else None
