"""Renders the dataset card (README.md): front matter for the Hub, provenance and counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import yaml
from datasets import DatasetInfo
from datasets.info import DatasetInfosDict
from datasets.splits import SplitDict, SplitInfo
from huggingface_hub import DatasetCardData

from gender_age.labels import GENDERS
from gender_age.photo_names import printable
from gender_age.writers import path_cell

from ..sources.record import RACES, Origin, Record, Skipped
from .origins import OTHER_USE, USE
from .own_reading import kept_images, label_columns, left_out_labels, reading_table, splits_text, twins_text
from .parquet import features_of
from .splits import AGE_BANDS, SPLITS, age_band

SIZE_CATEGORIES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
MOST_NAMES_LISTED = 50

GATE = (
    "The images show real people. By asking for access you agree to use them {use}, not to identify anyone in them, "
    "not to build surveillance, age-gating or decisions about people on them, and to delete images whose removal is "
    "requested."
)


@dataclass(frozen=True, slots=True)
class CardFacts:
    """The counts shown in the card.

    Attributes:
        source: its name.
        origin: where it comes from.
        split_records: split -> the records in it.
        split_bytes: split -> bytes of its Parquet files.
        skipped: the excluded images.
        twin_groups: number of near-duplicate groups with more than one image.
        twin_images: number of images in those groups.
        without_landmarks: number of images without a detected face.
        limit: maximum number of images, or None for all.
        reading: of own photos: our column -> the source's; empty for a source in `SOURCES`.
        not_understood: words of their labels that mean nothing here -> number of rows.
        unnamed: number of images that no table of theirs names.
        across_splits: near-duplicates and people that their own splits divide.
    """

    source: str
    origin: Origin
    split_records: dict[str, Sequence[Record]]
    split_bytes: dict[str, int]
    skipped: Sequence[Skipped]
    twin_groups: int
    twin_images: int
    without_landmarks: int
    limit: int | None = None
    reading: Mapping[str, str] = field(default_factory=dict)
    not_understood: Mapping[str, int] = field(default_factory=dict)
    unnamed: int = 0
    across_splits: int = 0

    @property
    def records(self) -> list[Record]:
        """Of all splits."""
        return [record for split in SPLITS for record in self.split_records[split]]

    @property
    def has_identities(self) -> bool:
        """Whether the source names its people."""
        return any(record.identity for record in self.records)


def render_card(facts: CardFacts) -> str:
    """The whole text of README.md."""
    front = yaml.safe_dump(front_matter(facts), sort_keys=False, allow_unicode=True, width=1000)
    return f"---\n{front}---\n\n{_body(facts)}"


def front_matter(facts: CardFacts) -> dict:
    """The YAML front matter: splits and features for `load_dataset`, licence and gate for the Hub."""
    counts = {split: len(records) for split in SPLITS if (records := facts.split_records[split])}
    total = sum(counts.values())
    use = USE.get(facts.source, OTHER_USE)
    values: dict = {"pretty_name": _title(facts)}
    if facts.source == "fairface":
        values["license"] = "cc-by-4.0"
    elif facts.source == "utkface":
        values |= {
            "license": "other",
            "license_name": "utkface-non-commercial-research",
            "license_link": "https://susanqq.github.io/UTKFace/",
        }
    values |= {
        "task_categories": ["image-classification"],
        "size_categories": [next((name for limit, name in SIZE_CATEGORIES if total < limit), "n>1M")],
        "tags": ["face", "age-estimation", "gender-classification", facts.source],
        "extra_gated_prompt": GATE.format(use=use),
        "extra_gated_fields": {
            "Affiliation": "text",
            "Intended use": "text",
            f"I use the images {use} and identify nobody": "checkbox",
        },
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": split, "path": f"data/{split}-*.parquet"} for split in counts],
            }
        ],
    }
    splits = SplitDict()
    for split, count in counts.items():
        splits.add(SplitInfo(split, num_bytes=facts.split_bytes[split], num_examples=count))
    size = sum(facts.split_bytes.values())
    info = DatasetInfo(
        features=features_of(facts.source, facts.has_identities), splits=splits, download_size=size, dataset_size=size
    )
    data = DatasetCardData()
    DatasetInfosDict(default=info).to_dataset_card_data(data)
    return values | data.to_dict()


def _title(facts: CardFacts) -> str:
    if not facts.reading:
        return f"{facts.origin.title} with landmarks and near-duplicate-safe splits"
    return f"{facts.origin.title or facts.source} with landmarks"


def _body(facts: CardFacts) -> str:
    records = facts.records
    origin = facts.origin
    partly = (
        f"\nIt is a part of the source, chosen by a hash of the names (`--limit {facts.limit}`).\n"
        if facts.limit
        else ""
    )
    labels = "age, gender" if facts.reading else "apparent age, perceived gender"
    identity = "\n| `identity` | the person, as the source names people |" if facts.has_identities else ""
    return f"""\
# {_title(facts)}

{len(records):,} face images with {labels} and five landmarks, made by
`python -m trainer prepare`. {kept_images(facts)}
{partly}
## Provenance

{origin.provenance}{reading_table(facts)}

## Columns

| column | meaning |
|---|---|
| `image` | the picture {"as published" if not facts.reading else "of a face"} |
{label_columns(facts)}
| `race` | the source's group; for measuring errors per group only, never to be predicted or shown |
| `source` | {"`utkface` or `fairface`" if not facts.reading else f"`{facts.source}`"} |
| `landmarks` | eyes, nose and mouth corners as `(x, y)` in pixels, found by MTCNN; null where it found no face |
| `file` | the image's name in the source |{identity}

## Splits

{splits_text(facts)}

{_split_table(facts)}

## Age bands

The band of a range is that of its middle.

{_band_table(records)}

{_groups(records)}## Left out, and known flaws

- {facts.without_landmarks:,} images have no landmarks: the detector found no face in them.
{twins_text(facts)}
{left_out_labels(facts)}{_skipped(facts.skipped)}

## Licence

{origin.licence}

## Removal

Whoever is shown and does not want to be, or owns a picture: ask {origin.removal},
and the owner of this copy through its discussion page. The image is then taken out of the source and the dataset
prepared again.
"""


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    shown = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in shown)


def _split_table(facts: CardFacts) -> str:
    return _table(["split", "images"], [(split, len(facts.split_records[split])) for split in SPLITS])


def _band_table(records: Sequence[Record]) -> str:
    counted = Counter((age_band(record.age_min, record.age_max), record.gender) for record in records)
    rows = []
    for index, (first, last) in enumerate(AGE_BANDS):
        name = f"{first}–{last}" if last < 1000 else f"{first}+"
        rows.append((name, *_numbers(counted, index)))
    unknown = (None,) if any(gender is None for _, gender in counted) else ()
    if any(band is None for band, _ in counted):
        rows.append(("unknown", *_numbers(counted, None)))
    if not unknown:
        return _table(["age", *GENDERS, "both"], [(row[0], *row[1:3], row[-1]) for row in rows])
    return _table(["age", *GENDERS, "unknown", "all"], rows)


def _groups(records: Sequence[Record]) -> str:
    """The section on labelled groups; empty where there are none."""
    rows = [(race, n) for race in RACES if (n := sum(record.race == race for record in records))]
    return f"## Groups\n\n{_table(['race', 'n'], rows)}\n\n" if rows else ""


def _numbers(counted: Counter, band: int | None) -> list[int]:
    """Of an age band: female, male, of unknown gender, and all."""
    numbers = [counted[band, gender] for gender in (*GENDERS, None)]
    return [*numbers, sum(numbers)]


def _skipped(skipped: Sequence[Skipped]) -> str:
    if not skipped:
        return "- No image was left out."
    reasons = Counter(skip.reason for skip in skipped)
    lines = []
    for reason, count in sorted(reasons.items()):
        files = sorted(skip.file for skip in skipped if skip.reason == reason)
        shown = ", ".join(f"`{_printable(file)}`" for file in files[:MOST_NAMES_LISTED])
        more = f" and {count - MOST_NAMES_LISTED:,} more" if count > MOST_NAMES_LISTED else ""
        lines.append(f"- {count:,} left out ({reason}): {shown}{more}")
    return "\n".join(lines)


def _printable(file: str) -> str:
    """An archive's file name, escaped for Markdown code."""
    return printable(path_cell(file)).replace("`", "?")
