"""Hugging Face's Trainer for aligned faces: augmentation on the device, growing size, averaged weights, pushes."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
import torch
from accelerate.data_loader import DataLoaderShard
from huggingface_hub import HfApi
from transformers import EvalPrediction, TrainerState
from transformers.trainer import TRAINER_STATE_NAME
from transformers.trainer_utils import HubStrategy, SaveStrategy
from transformers.utils import PushInProgress

from ..errors import TrainerError
from ..faces.streamed_faces import StreamedFaces
from ..publishing.hub import refusals_as_sentences
from ..publishing.model_repository import MESSAGE, upload_model, write_repository
from .augmentation import augment_faces, normalise_faces
from .averaging import WeightAverage
from .checkpoints import CompletionMarker
from .compute_metrics import pooled_metrics
from .config import RunConfig
from .fine_tuning import keep_frozen, merged
from .fine_tuning_trainer import FineTuningTrainer
from .mixing import mix_faces, rand_augment
from .normalisation import Normalisation
from .sampling import WeightedShuffle
from .saving import run_record, save_run_model
from .stages import image_size_of

logger = logging.getLogger(__name__)

LABEL_NAMES = ["gender", "age_min", "age_max"]


class GenderAgeTrainer(FineTuningTrainer):
    """`Trainer` over `AlignedFaces`.

    Args:
        run: the run's config.
        average: what `evaluate` and the saved model use in place of the live weights; None for those themselves.
        normalisation: of the model's input.
        marker: knows how long the run has taken.
        draws: `(n,)` expected number of draws of each training face in an epoch; None for a stream.
        age_offset: `(101,)` added to the age logits in the training loss; None for nothing.
        levels: what thresholds and intervals are fitted to in the end, see `hold_levels`.
    """

    def __init__(
        self,
        *args,
        run: RunConfig,
        average: WeightAverage | None,
        normalisation: Normalisation,
        marker: CompletionMarker,
        draws: torch.Tensor | None,
        age_offset: torch.Tensor | None = None,
        levels: dict[str, float],
        **kwargs,
    ) -> None:
        super().__init__(*args, layer_decay=run.layer_decay, **kwargs)
        self.run_config, self.average, self.normalisation, self.marker = run, average, normalisation, marker
        self.draws, self.age_offset, self.levels = draws, age_offset, levels
        self.calibrated_on = {"genders": 0, "exact_ages": 0}
        self._batch = (-1, 0)  # the step, and which of its batches
        # Its one thread uploads in the background, in the order of the saves.
        self._uploads = HfApi()

    def get_train_dataloader(self):
        if isinstance(self.train_dataset, StreamedFaces):
            # The batches are this process's own: accelerate has nothing to divide.
            return DataLoaderShard(self.train_dataset, batch_size=None)
        return super().get_train_dataloader()

    def num_examples(self, dataloader) -> int:
        """A stream's length is that of its batches."""
        faces = dataloader.dataset
        return faces.num_faces if isinstance(faces, StreamedFaces) else super().num_examples(dataloader)

    def _get_train_sampler(self, train_dataset=None):
        return WeightedShuffle(self.draws, self.args.seed)

    def _prepare_inputs(self, inputs):
        inputs = super()._prepare_inputs(inputs)
        pixels = inputs.pop("pixels")
        self.own_share = 1.0
        if self.model.training:
            keep_frozen(self.model)
            # From the batch itself: a loader may have fetched it ahead of a stage.
            size = image_size_of(pixels.shape[-1], self.run_config)
            seed, settings = self._batch_seed(), self.run_config.augmentation
            if settings.rand_augment:
                pixels = rand_augment(pixels, settings.rand_augment, seed)
            faces = augment_faces(pixels, size, settings, torch.Generator(pixels.device).manual_seed(seed))
            faces, self.own_share = mix_faces(faces, settings, seed)
            if self.age_offset is not None:
                # A row a face: several GPUs in one process share out the rows of every input.
                inputs["age_offset"] = self.age_offset.to(pixels.device).expand(len(pixels), -1)
        else:
            faces = normalise_faces(pixels)
        inputs["pixel_values"] = self.normalisation(faces)
        return inputs

    def _batch_seed(self) -> int:
        """From seed, step, batch of the step and process alone, so that a continued run augments as the unbroken one.

        A checkpoint is of a whole step, so the count of a step's batches starts anew in a continued run.
        """
        step = self.state.global_step
        self._batch = (step, self._batch[1] + 1 if self._batch[0] == step else 0)
        shift = self._batch[1] * self.args.world_size + self.args.process_index
        return (self.args.seed * 1_000_003 + step) * 4_099 + shift

    def evaluate(self, eval_dataset=None, ignore_keys=None, metric_key_prefix="eval"):
        """Trainer's own for each data set, `eval_NAME_age_mae`, and the same over all of them, `eval_age_mae`."""
        faces = self.eval_dataset if eval_dataset is None else eval_dataset
        # A run that goes on from the last step of an epoch does not repeat that epoch's evaluation, whose loader would
        # draw from the generator that the training's drop path draws from next.
        with torch.random.fork_rng(devices=[]), self._average_in_place():
            if not isinstance(faces, dict):
                return super().evaluate(eval_dataset, ignore_keys, metric_key_prefix)
            with self._predictions_kept() as predictions:
                metrics = super().evaluate(eval_dataset, ignore_keys, metric_key_prefix)
        losses = [metrics[f"{metric_key_prefix}_{name}_loss"] for name in faces]
        found = pooled_metrics(predictions) | {"loss": np.average(losses, weights=[*map(len, faces.values())])}
        pooled = {f"{metric_key_prefix}_{name}": float(value) for name, value in found.items()}
        self.log(dict(pooled))
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, pooled)
        return metrics | pooled

    @contextmanager
    def _predictions_kept(self) -> Iterator[list[EvalPrediction]]:
        """The list gets what `compute_metrics` is given inside the `with` block."""
        kept, compute = [], self.compute_metrics
        self.compute_metrics = lambda predictions: kept.append(predictions) or compute(predictions)
        try:
            yield kept
        finally:
            self.compute_metrics = compute

    def _determine_best_metric(self, metrics, trial):
        is_best = super()._determine_best_metric(metrics, trial)
        if is_best and self.args.load_best_model_at_end:
            self.control.should_save = True
        return is_best

    def _load_best_model(self) -> None:
        """Load weights and average of the best step.

        Trainer's own passes over the weights whose names in the file differ (transformers#43701), and leaves a mixture
        of two steps. It knows no average.
        """
        checkpoint = Path(self.state.best_model_checkpoint)
        self._load_from_checkpoint(checkpoint)
        if self.average:
            self.average.load(checkpoint)

    def restore(self, checkpoint: Path) -> None:
        """The end of a run that stopped early with this checkpoint: its state, and its weights or the best step's."""
        self.state = TrainerState.load_from_json(checkpoint / TRAINER_STATE_NAME)
        self._load_from_checkpoint(checkpoint)
        self.state.best_model_checkpoint = str(checkpoint.with_name(f"checkpoint-{self.state.best_global_step}"))
        if self.args.load_best_model_at_end and Path(self.state.best_model_checkpoint).is_dir():
            self._load_best_model()

    @property
    def best_step(self) -> int | None:
        """The step of the model that is saved, where the run chooses its best one; else None."""
        return self.state.best_global_step if self.args.load_best_model_at_end else None

    def record(self) -> dict:
        """What the card and a reader of the model want to know of the run so far."""
        epochs = {entry["step"]: entry["epoch"] for entry in self.state.log_history if "epoch" in entry}
        epoch = epochs.get(self.best_step, self.state.epoch)
        own = {"best_step": self.best_step, "epoch": epoch and round(epoch, 2), "calibrated_on": self.calibrated_on}
        return run_record(self.run_config, self, self.marker.seconds) | own

    def save_finished(self, folder: Path) -> None:
        """Write the model as it is now, with its image processor and the record of the run."""
        save_run_model(merged(self.model), self.run_config.image_size, self.record(), folder, self.normalisation)

    def init_hf_repo(self, token: str | None = None, private: bool | None = None) -> None:
        """Make the run's repository on the Hub.

        Raises:
            TrainerError: it cannot be made.
        """
        name = self.args.hub_model_id or Path(self.args.output_dir).absolute().name
        with refusals_as_sentences(name, "model"):
            super().init_hf_repo(token, private)

    def push_to_hub(self, commit_message: str = MESSAGE, **kwargs) -> None:
        """Publish the model as it is now, with code and card, and wait for it.

        Trainer's own writes its card over ours and pickles its arguments, by design: no issue asks for another way.
        `tests/test_hub_push.py` holds the files of such a push. Its further arguments have no use here.

        Raises:
            TrainerError: the Hub cannot be reached, or refuses.
        """
        if self.hub_model_id is None:
            self.init_hf_repo()
        self._finish_current_push()
        if self.is_world_process_zero():
            with self._repository() as folder:
                upload_model(Path(folder), self.hub_model_id, commit_message)

    def _push_from_checkpoint(self, checkpoint_folder: str) -> None:
        """The same after a save, in the background.

        Trainer's own uploads all that lies in the run's folder, aligned faces and a pickle among it (no issue found;
        `tests/test_hub_push.py` holds what is uploaded).
        """
        if not self.is_world_process_zero() or self.args.hub_strategy == HubStrategy.END:
            return
        if not self.args.hub_always_push and self.push_in_progress is not None and not self.push_in_progress.is_done():
            return
        by_steps = self.args.save_strategy == SaveStrategy.STEPS
        progress = f"step {self.state.global_step}" if by_steps else f"epoch {round(self.state.epoch)}"
        message = f"Training in progress, {progress}"
        job = self._uploads.run_as_future(_upload_or_warn, self._repository(), self.hub_model_id, message)
        self.push_in_progress = PushInProgress([job])

    def _repository(self) -> tempfile.TemporaryDirectory:
        """The model as it is now, laid out as its repository."""
        folder = tempfile.TemporaryDirectory(prefix="gender-age-run-")
        # Loading a model as a check may draw random numbers, which a run without pushes would not.
        with tempfile.TemporaryDirectory() as saved, self._average_in_place(), torch.random.fork_rng(devices=[]):
            self.save_finished(Path(saved))
            write_repository(Path(saved), Path(folder.name), repo_id=self.hub_model_id)
        return folder

    def _average_in_place(self):
        return self.average.in_place() if self.average else nullcontext()


def _upload_or_warn(repository: tempfile.TemporaryDirectory, repo_id: str, message: str) -> None:
    with repository as folder:
        try:
            upload_model(Path(folder), repo_id, message)
        except TrainerError as error:
            logger.warning("%s The training goes on.", error)
