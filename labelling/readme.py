"""The README of a labelled set."""

from __future__ import annotations

from gender_age.labels import MAX_AGE
from gender_age.writers import NO_FACE

from .output import RECORD, Counts
from .stages import DISTRIBUTION

FACES = """- `path`: the photo; `face`: from 1, left to right.
- `x1`, `y1`, `x2`, `y2`: the box, in pixels of the photo as it is shown; `width`, `height`: its size; `rotation`:
  degrees by which it was turned counter-clockwise, after EXIF.
- `score`: the detector's certainty."""
PEOPLE = """- `path`: the video; `person`: from 1, by appearance.
- `first`, `last`: when they were seen, in seconds; `frames`: in how many of five frames a second.
- The others are from all of these frames."""


def labelled_by(facts: dict) -> str:
    """Version, model and date as a sentence, of facts as in the record."""
    model = facts["name"] + (f" at {facts['revision']}" if facts["revision"] else "")
    return f"Labelled by gender-age {facts['versions']['gender-age']} with the model {model} on {facts['finished']}."


def readme(identity: dict, facts: dict) -> str:
    """The text, in Markdown.

    Args:
        identity: what all jobs of the folder have in common.
        facts: as in the record.
    """
    counts: Counts = facts["counts"]
    distribution = (
        f"\n- `{DISTRIBUTION}`: the probability of every year from 0 to {MAX_AGE}." * identity["distribution"]
    )
    is_of_videos = identity["kind of file"] == "videos"
    file, row, found = ("video", "person", "people") if is_of_videos else ("photo", "face", "faces")
    return f"""# {found.capitalize()} of {identity["source"]}

{counts.photos:,} {file}s with {counts.faces:,} {found}; {counts.without_face:,} {file}s in which no face was found;
{counts.errors:,} that could not be used. {labelled_by(facts)}
`{RECORD}` has the settings and versions.

The Parquet files have a row a {row}; a {file} without one, or one that could not be used, has one row whose `error`
says so ("{NO_FACE}"). Read them with `pandas.read_parquet`, DuckDB, Spark or any other reader of Parquet folders.

{PEOPLE if is_of_videos else FACES} `gender`, `gender_probability`: as perceived; `uncertain`: better not relied on.
- `age`: apparent age in years, with the interval from `age_low` to `age_high`.{distribution}

These are estimates of appearance, and biometric categories of people: not for decisions about a person. The model card
says how often they are wrong, and for whom.
"""
