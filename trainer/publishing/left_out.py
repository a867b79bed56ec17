"""Reports of models that were trained without a source, for the card of a model that was trained on it."""

from __future__ import annotations

from gender_age.json_values import members, part

from ..errors import TrainerError

KEPT = ("overall", "by_age_band", "intervals")
"""The parts of a source's report that the card shows."""


def of_unseen_sources(report: dict, path: str) -> dict:
    """The report of `python -m trainer evaluate` with only the sources that its model was not trained on.

    Args:
        report: as in `report.json`.
        path: of the file, for the message.

    Raises:
        TrainerError: the report has no such source, or does not say what its model was trained on.
    """
    trained_on = members(part(report, "model", "trained_on"))
    protocols = {
        protocol: {
            source: {key: value for key, value in members(found).items() if key in KEPT}
            for source, found in members(sources).items()
            if trained_on.get(source) is False
        }
        for protocol, sources in members(part(report, "protocols")).items()
    }
    if not any(protocols.values()):
        raise TrainerError(f"{path} has no source of which it says that the model was not trained on it")
    return {key: report[key] for key in ("model", "data", "date") if key in report} | {"protocols": protocols}
