"""The job from reading to writing, as Ray Data runs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ray
from ray.actor import ActorHandle
from ray.data import ActorPoolStrategy, DataContext
from ray.data.checkpoint import CheckpointConfig
from ray.exceptions import RayTaskError

from .cluster import INPUT_CPUS, OUTPUT_CPUS, SEARCH_CPUS, Stages
from .errors import JobFailedError, PlaceLostError, first_line
from .model_choice import ModelChoice
from .output import Output
from .pieces import PhotoSource, Piece
from .stages import EstimateFaces, FindFaces, FollowPeople

GO_ON = "The same command goes on where it stopped."


@dataclass(frozen=True)
class Settings:
    """What a row depends on beside the model.

    Attributes:
        min_score: as of `GenderAgePredictor.predict`.
        distribution: whether rows have the probability of every year.
        videos: whether SOURCE's videos are labelled, not its photos.
    """

    min_score: float | None = None
    distribution: bool = False
    videos: bool = False


def run(
    pieces: Sequence[Piece],
    output: Output,
    model: ModelChoice,
    settings: Settings,
    stages: Stages,
    batch_size: int,
    counter: ActorHandle,
) -> None:
    """Labels all photos of the pieces that have no rows yet.

    Ray Data schedules and retries; a photo's id is in its checkpoint once its rows are written. A stage takes whole
    blocks (`batch_size=None`): with a number of photos, Ray Data would wait for so many before a stage begins.

    Args:
        batch_size: faces that the model sees at once.
        counter: is told how many photos were answered.

    Raises:
        JobFailedError: it ended early.
    """
    DataContext.get_current().checkpoint_config = CheckpointConfig(
        "path", output.checkpoint, override_filesystem=output.arrow_fs, delete_checkpoint_on_success=False
    )
    items = ray.data.read_datasource(
        PhotoSource(pieces), override_num_blocks=len(pieces), num_cpus=INPUT_CPUS, concurrency=stages.readers
    )
    searching = {
        "batch_format": "pyarrow",
        "batch_size": None,
        "compute": ActorPoolStrategy(min_size=1, max_size=stages.searchers, initial_size=stages.searchers),
        "num_cpus": SEARCH_CPUS,
    }
    if settings.videos:
        rows = items.map_batches(FollowPeople, fn_constructor_args=(model, settings.min_score, counter), **searching)
    else:
        searched = items.map_batches(FindFaces, fn_constructor_args=(model, settings.min_score), **searching)
        rows = searched.map_batches(
            EstimateFaces,
            fn_constructor_args=(model, stages.device, batch_size, settings.distribution, counter),
            batch_format="numpy",
            batch_size=None,
            compute=ActorPoolStrategy(min_size=1, max_size=stages.models, initial_size=stages.models),
            **stages.model_resources,
        )
    try:
        rows.write_parquet(
            output.root,
            filesystem=output.arrow_fs,
            ray_remote_args={"num_cpus": OUTPUT_CPUS},
            concurrency=stages.writers,
        )
    except Exception as error:  # Ray Data passes on what any store's library raises
        if isinstance(error, RayTaskError):
            # Ray writes advice on its own settings under the first line.
            reason = first_line(error.cause)
            if isinstance(error.cause, PlaceLostError):
                raise JobFailedError(f"{reason}. {GO_ON}") from error
        else:
            # The last line of a traceback from another process.
            reason = str(error).strip().rpartition("\n")[2].rstrip(".")
        raise JobFailedError(f"The job failed ({reason}). {GO_ON}") from error
