"""README.md of a Space with another model than the default, of which nothing is known but its records."""

from __future__ import annotations

from pathlib import Path

from gender_age.measurements import EvaluationRecord
from gender_age.records import EVALUATION_FILE, read_record

from .card_figures import figures_in_short

ABOUT = """\
# Gender and Age

Finds every face in a photo and estimates for each a perceived gender with its probability, and an apparent age with an
interval. MTCNN finds the faces.
"""
NOT_MEASURED = "No evaluation came with the model, so nothing is claimed about it."
NOT_FOR = """\
## What it is not for

Age checks, identification, surveillance, hiring, advertising, or any other decision about a person. Its answers are
*apparent* age and *perceived*, binary gender; neither says who somebody is.

Photos given to the page are used for the answer only and deleted within 40 minutes; nothing is sent elsewhere.

The code is under the Apache License 2.0 (LICENSE), MTCNN's weights are facenet-pytorch's (MIT). The licence of the
model's weights is not among them.
"""


def space_card(readme: Path, source: Path, hub_id: str | None = None) -> str:
    """The settings of the project's README.md, and what the model's records say.

    Args:
        readme: the project's.
        source: the model's folder.
        hub_id: the model's, which is listed under `models`.
    """
    _, settings, _ = readme.read_text(encoding="utf-8").split("---\n", 2)
    listed = f"models:\n  - {hub_id}\n" if hub_id else ""
    report = EvaluationRecord.read(read_record(source, EVALUATION_FILE))
    figures = figures_in_short(report) if report and report.sources else NOT_MEASURED
    own_card = "\n\n[The model's card](model/README.md) says more." if (source / "README.md").exists() else ""
    return f"---\n{settings}{listed}---\n\n{ABOUT}\n## How good it is\n\n{figures}{own_card}\n\n{NOT_FOR}"
