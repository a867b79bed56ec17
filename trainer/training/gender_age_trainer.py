"""Hugging Face's Trainer for aligned faces: augmentation on the device, growing size, averaged weights, pushes."""

from __future__ import annotations

import logging
import math
import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import torch
from huggingface_hub import HfApi
from transformers import Trainer, TrainerCallback
from transformers.trainer_utils import HubStrategy, SaveStrategy
from transformers.utils import PushInProgress

from gender_age.modeling_gender_age import ViTForGenderAge

from ..errors import TrainerError
from ..faces.aligned_faces import AlignedFaces
from ..publishing.hub import refusals_as_sentences
from ..publishing.model_repository import MESSAGE, upload_model, write_repository
from .augmentation import augment_faces, normalise_faces
from .averaging import WeightAverage
from .checkpoints import CompletionMarker
from .config import RunConfig
from .sampling import WeightedShuffle, age_weights
from .saving import run_record, save_run_model

logger = logging.getLogger(__name__)

LABEL_NAMES = ["gender", "age_min", "age_max"]


def image_size_at(epoch: float, config: RunConfig) -> int:
    """The image size in pixels of the stage that the given epoch (0-based, may be inside one) belongs to."""
    done = 0
    for stage in config.stages:
        done += stage.epochs
        # An epoch that ended counts 3.0000001 or 2.9999999, by the division of steps.
        if math.floor(epoch + 1e-6) < done:
            return stage.image_size
    return config.image_size


class GrowImages(TrainerCallback):
    """Switches all faces to the stage's image size at the start of each epoch."""

    def __init__(self, faces: Sequence[AlignedFaces], config: RunConfig) -> None:
        self.faces, self.config = faces, config

    def on_epoch_begin(self, args, state, control, **kwargs) -> None:
        for faces in self.faces:
            faces.image_size = image_size_at(state.epoch or 0.0, self.config)


class GenderAgeTrainer(Trainer):
    """`Trainer` over `AlignedFaces`.

    Args:
        run: the run's config.
        average: what `evaluate` and the saved model use in place of the live weights; None for those themselves.
        marker: knows how long the run has taken.
    """

    def __init__(
        self, *args, run: RunConfig, average: WeightAverage | None, marker: CompletionMarker, **kwargs
    ) -> None:
        super().__init__(*args, **kwargs)
        self.run_config, self.average, self.marker = run, average, marker
        # Its one thread uploads in the background, in the order of the saves.
        self._uploads = HfApi()

    def _get_train_sampler(self, train_dataset=None):
        faces = train_dataset if train_dataset is not None else self.train_dataset
        weights = age_weights(faces.age_min, faces.age_max, self.run_config.data.age_balance)
        return WeightedShuffle(weights, self.args.seed)

    def _prepare_inputs(self, inputs):
        inputs = super()._prepare_inputs(inputs)
        pixels = inputs.pop("pixels")
        if self.model.training:
            size = image_size_at(
                self.state.global_step / self.state.max_steps * self.run_config.epochs, self.run_config
            )
            generator = torch.Generator(pixels.device).manual_seed(self._step_seed())
            inputs["pixel_values"] = augment_faces(pixels, size, self.run_config.augmentation, generator)
        else:
            inputs["pixel_values"] = normalise_faces(pixels)
        return inputs

    def _step_seed(self) -> int:
        """From seed, step and process alone, so that a continued run augments as the unbroken one would have."""
        return (self.args.seed * 1_000_003 + self.state.global_step) * 4_099 + self.args.process_index

    def _load_from_checkpoint(self, resume_from_checkpoint, model=None):
        """Load a checkpoint with `from_pretrained`, which translates the names of its weights.

        Trainer 5 saves under the names of older ViT files and resumes without translating them back
        (transformers#43701): every transformer layer would keep its random weights, with a warning only. The override
        can go when `test_a_killed_run_goes_on_and_ends_as_the_unbroken_one` passes without it.
        """
        saved = ViTForGenderAge.from_pretrained(resume_from_checkpoint)
        (model if model is not None else self.model).load_state_dict(saved.state_dict())

    def evaluate(self, *args, **kwargs):
        # A run that goes on from the last step of an epoch does not repeat that epoch's evaluation, whose loader would
        # draw from the generator that the training's drop path draws from next.
        with torch.random.fork_rng(devices=[]), self._average_in_place():
            return super().evaluate(*args, **kwargs)

    def record(self) -> dict:
        """What the card and a reader of the model want to know of the run so far."""
        return run_record(self.run_config, self, self.marker.seconds)

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
            save_run_model(self.model, self.run_config.image_size, self.record(), Path(saved))
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
