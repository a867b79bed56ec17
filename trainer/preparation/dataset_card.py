"""Renders the dataset card (README.md): front matter for the Hub, provenance and counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import yaml
from datasets import DatasetInfo
from datasets.info import DatasetInfosDict
from datasets.splits import SplitDict, SplitInfo
from huggingface_hub import DatasetCardData

from gender_age.labels import GENDERS
from gender_age.records import SOURCE_NAMES

from ..sources.record import RACES, Record, Skipped
from .parquet import FEATURES
from .splits import AGE_BANDS, SPLITS, THUMBNAIL_SIDE, TWIN_CORRELATION, age_band

SIZE_CATEGORIES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
MOST_NAMES_LISTED = 50

PROVENANCE = {
    "utkface": """\
[UTKFace](https://susanqq.github.io/UTKFace/) (Zhang, Song and Qi, *Age Progression/Regression by Conditional
Adversarial Autoencoder*, CVPR 2017): face images collected from the web by its authors. Age, gender and race are read
from the file names. The ages were estimated by an algorithm and then checked by a person; some labels are wrong.""",
    "fairface": """\
[FairFace](https://github.com/joojs/fairface) (Kärkkäinen and Joo, *FairFace: Face Attribute Dataset for Balanced Race,
Gender, and Age for Bias Measurement and Mitigation*, WACV 2021): faces from YFCC-100M, labelled by crowd workers. Ages
are ranges: "20-29" is `age_min` 20 and `age_max` 29, "70+" is 70 to 120. The published division into training and
validation images is not kept: all images given are divided anew as said below.""",
}
LICENCE = {
    "utkface": """\
UTKFace is available for **non-commercial research purposes only**. The copyright of the images stays with their
original owners. Do not sell, exploit or republish them for any commercial purpose; this copy is private unless you
have the right to share it. Models trained on it are for non-commercial research as well.""",
    "fairface": """\
FairFace is published under [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/): name its authors when you use or
share it. The images come from YFCC-100M and are under their photographers' Creative Commons licences.""",
}
REMOVAL = {
    "utkface": "the contact on <https://susanqq.github.io/UTKFace/>",
    "fairface": "the issues of <https://github.com/joojs/fairface>",
}
USE = {"utkface": "for non-commercial research only", "fairface": "as their licences allow"}
GATE = (
    "The images show real people. By asking for access you agree to use them {use}, not to identify anyone in them, "
    "not to build surveillance, age-gating or decisions about people on them, and to delete images whose removal is "
    "requested."
)


@dataclass(frozen=True, slots=True)
class CardFacts:
    """The counts shown in the card.

    Attributes:
        source: one of `SOURCES`.
        split_records: split -> the records in it.
        split_bytes: split -> bytes of its Parquet files.
        skipped: the excluded images.
        twin_groups: number of near-duplicate groups with more than one image.
        twin_images: number of images in those groups.
        without_landmarks: number of images without a detected face.
        limit: maximum number of images, or None for all.
    """

    source: str
    split_records: dict[str, Sequence[Record]]
    split_bytes: dict[str, int]
    skipped: Sequence[Skipped]
    twin_groups: int
    twin_images: int
    without_landmarks: int
    limit: int | None = None


def render_card(facts: CardFacts) -> str:
    """The whole text of README.md."""
    front = yaml.safe_dump(front_matter(facts), sort_keys=False, allow_unicode=True, width=1000)
    return f"---\n{front}---\n\n{_body(facts)}"


def front_matter(facts: CardFacts) -> dict:
    """The YAML front matter: splits and features for `load_dataset`, licence and gate for the Hub."""
    counts = {split: len(records) for split in SPLITS if (records := facts.split_records[split])}
    total = sum(counts.values())
    values: dict = {"pretty_name": _title(facts), "license": "cc-by-4.0"}
    if facts.source == "utkface":
        values |= {
            "license": "other",
            "license_name": "utkface-non-commercial-research",
            "license_link": "https://susanqq.github.io/UTKFace/",
        }
    values |= {
        "task_categories": ["image-classification"],
        "size_categories": [next((name for limit, name in SIZE_CATEGORIES if total < limit), "n>1M")],
        "tags": ["face", "age-estimation", "gender-classification", facts.source],
        "extra_gated_prompt": GATE.format(use=USE[facts.source]),
        "extra_gated_fields": {
            "Affiliation": "text",
            "Intended use": "text",
            f"I use the images {USE[facts.source]} and identify nobody": "checkbox",
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
    info = DatasetInfo(features=FEATURES, splits=splits, download_size=size, dataset_size=size)
    data = DatasetCardData()
    DatasetInfosDict(default=info).to_dataset_card_data(data)
    return values | data.to_dict()


def _title(facts: CardFacts) -> str:
    return f"{SOURCE_NAMES[facts.source]} with landmarks and near-duplicate-safe splits"


def _body(facts: CardFacts) -> str:
    records = [record for split in SPLITS for record in facts.split_records[split]]
    partly = (
        f"\nIt is a part of the source, chosen by a hash of the names (`--limit {facts.limit}`).\n"
        if facts.limit
        else ""
    )
    return f"""\
# {_title(facts)}

{len(records):,} face images with apparent age, perceived gender and five landmarks, made by
`python -m trainer prepare`. The images' own encoded bytes are unchanged.
{partly}
## Provenance

{PROVENANCE[facts.source]}

## Columns

| column | meaning |
|---|---|
| `image` | the picture as published |
| `age_min`, `age_max` | **apparent** age in years; equal where the label is exact, else a range, both ends included |
| `gender` | **binary, perceived** gender (`female`, `male`): what somebody saw in a picture, not a gender identity |
| `race` | the source's group; for measuring errors per group only, never to be predicted or shown |
| `source` | `utkface` or `fairface` |
| `landmarks` | eyes, nose and mouth corners as `(x, y)` in pixels, found by MTCNN; null where it found no face |
| `file` | the image's name in the source |

## Splits

Images whose grey thumbnails, {THUMBNAIL_SIDE} pixels wide and high, correlate above {TWIN_CORRELATION}, or that are
byte for byte the same, are near-duplicates and lie in one split. The groups are divided 80/10/10 within each age band
and gender, in the order of a hash of their names; `splits/*.txt` list the files. Rows are in that order too.

{_split_table(facts)}

## Age bands

The band of a range is that of its middle.

{_band_table(records)}

## Groups

{_table(["race", "n"], [(race, n) for race in RACES if (n := sum(record.race == race for record in records))])}

## Left out, and known flaws

- {facts.without_landmarks:,} images have no landmarks: the detector found no face in them.
- {facts.twin_images:,} images are in {facts.twin_groups:,} groups of near-duplicates; twins often disagree on the
  age, which bounds what any model can reach.
{_skipped(facts.skipped)}

## Licence

{LICENCE[facts.source]}

## Removal

Whoever is shown and does not want to be, or owns a picture: ask {REMOVAL[facts.source]},
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
        numbers = [counted[index, gender] for gender in GENDERS]
        rows.append((name, *numbers, sum(numbers)))
    return _table(["age", *GENDERS, "both"], rows)


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
    return "".join(character if character.isprintable() and character != "`" else "?" for character in file)
