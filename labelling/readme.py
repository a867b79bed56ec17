"""The README of a labelled set."""

from __future__ import annotations

from gender_age.labels import MAX_AGE
from gender_age.writers import NO_FACE

from .output import RECORD, Counts
from .stages import DISTRIBUTION


def readme(identity: dict, facts: dict) -> str:
    """The text, in Markdown.

    Args:
        identity: what all jobs of the folder have in common.
        facts: as in the record.
    """
    counts: Counts = facts["counts"]
    model = facts["name"] + (f" at {facts['revision']}" if facts["revision"] else "")
    distribution = (
        f"\n- `{DISTRIBUTION}`: the probability of every year from 0 to {MAX_AGE}." * identity["distribution"]
    )
    return f"""# Faces of {identity["source"]}

{counts.photos:,} photos with {counts.faces:,} faces; {counts.without_face:,} photos in which no face was found;
{counts.errors:,} that could not be used. Labelled by gender-age {facts["versions"]["gender-age"]} with the model
{model} on {facts["finished"]}. `{RECORD}` has the settings and versions.

The Parquet files have a row a face; a photo without one, or one that could not be used, has one row whose `error` says
so ("{NO_FACE}"). Read them with `pandas.read_parquet`, DuckDB, Spark or any other reader of Parquet folders.

- `path`: the photo; `face`: from 1, left to right.
- `x1`, `y1`, `x2`, `y2`: the box, in pixels of the photo as it is shown; `width`, `height`: its size; `rotation`:
  degrees by which it was turned counter-clockwise, after EXIF.
- `score`: the detector's certainty. `gender`, `gender_probability`: as perceived; `uncertain`: better not relied on.
- `age`: apparent age in years, with the interval from `age_low` to `age_high`.{distribution}

These are estimates of appearance, and biometric categories of people: not for decisions about a person. The model card
says how often they are wrong, and for whom.
"""
