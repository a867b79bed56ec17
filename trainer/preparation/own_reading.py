"""Parts of the dataset's card that tell how own photos were read and divided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .splits import THUMBNAIL_SIDE, TWIN_CORRELATION

if TYPE_CHECKING:
    from .dataset_card import CardFacts

TWINS = (
    f"Images whose grey thumbnails, {THUMBNAIL_SIDE} pixels wide and high, correlate above {TWIN_CORRELATION}, or that "
    "are\nbyte for byte the same, are near-duplicates"
)

APPARENT = """\
| `age_min`, `age_max` | **apparent** age in years; equal where the label is exact, else a range, both ends included |
| `gender` | **binary, perceived** gender (`female`, `male`): what somebody saw in a picture, not a gender identity |"""


def kept_images(facts: CardFacts) -> str:
    """What became of the images' bytes."""
    if not facts.reading:
        return "The images' own encoded bytes are unchanged."
    boxed = {record.box is not None for record in facts.records}
    cut = "Faces in given boxes are cut out of their photos with their surroundings, as PNG."
    whole = (
        "Photos keep their own encoded bytes, and with them what cameras write there, such as the place;\n"
        "HEIC, JPEG XL and RAW photos become PNG."
    )
    return "\n".join([*([cut] if True in boxed else []), *([whole] if False in boxed else [])])


def reading_table(facts: CardFacts) -> str:
    """Which columns were read as what."""
    if not facts.reading:
        return ""
    rows = "\n".join(f"| `{ours}` | {theirs} |" for ours, theirs in facts.reading.items())
    return f"\n\nRead from these columns or places of the source:\n\n| label | from |\n|---|---|\n{rows}"


def label_columns(facts: CardFacts) -> str:
    """Rows of the table of columns, on ages and genders: of own photos nobody said how they were found out."""
    if not facts.reading:
        return APPARENT
    age = "completed years between two dates" if "birth_date" in facts.reading else "age in years as labelled"
    return (
        f"| `age_min`, `age_max` | {age}; equal where the label is exact, else a range, both ends included |\n"
        "| `gender` | **binary** gender (`female`, `male`) as labelled, which need not be a gender identity |"
    )


def splits_text(facts: CardFacts) -> str:
    """How the images were divided."""
    if any(record.split for record in facts.records):
        text = (
            "The splits are the source's own; where it has none for validation, a part of the training images is that."
        )
        if facts.across_splits:
            text += f"\n{facts.across_splits:,} groups of near-duplicates, or people, lie in several of them."
        return text + " `splits/*.txt` list the files."
    people = ", and so are all images of one person" if facts.has_identities else ""
    return (
        f"{TWINS} and lie in one split{people}. The groups are divided 80/10/10 within each age band\n"
        "and gender, in the order of a hash of their names; `splits/*.txt` list the files. Rows are in that order too."
    )


def left_out_labels(facts: CardFacts) -> str:
    """Missing labels and words that were not understood, as items of a list."""
    records = facts.records
    counts = {
        "age": sum(record.age_min is None for record in records),
        "gender": sum(record.gender is None for record in records),
    }
    lines = [
        f"- {count:,} images have no {label}: they train the other head only.\n"
        for label, count in counts.items()
        if count
    ]
    lines += [
        f"- {count:,} rows have a label that was not understood: {word}.\n"
        for word, count in facts.not_understood.items()
    ]
    if facts.unnamed:
        lines.append(f"- {facts.unnamed:,} images of the source are in none of its tables.\n")
    return "".join(lines)


def twins_text(facts: CardFacts) -> str:
    """How many images are near-duplicates, as an item of a list."""
    if not facts.twin_groups:
        return "- No images are near-duplicates."
    text = f"- {facts.twin_images:,} images are in {facts.twin_groups:,} groups of near-duplicates"
    if facts.reading:
        return f"{text}."
    return f"{text}; twins often disagree on the\n  age, which bounds what any model can reach."
