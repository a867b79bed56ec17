"""`python -m trainer train CONFIG.yaml`: trains a calibrated checkpoint on prepared datasets."""

from __future__ import annotations

import argparse
import copy
import logging
from pathlib import Path

import transformers

from .errors import TrainerError
from .training.age_temperature import divide_age_logits
from .training.arguments import training_arguments
from .training.averaging import blend
from .training.best_step import has_stopped_early
from .training.calibration import calibrate
from .training.checkpoints import full_disk_as_sentence
from .training.config import RunConfig
from .training.config_file import load_config
from .training.config_help import settings_help
from .training.curves import CURVES_FILE, draw_curves
from .training.fast_depthwise import speed_up_depthwise
from .training.machines import is_finished
from .training.model_checks import check_finite
from .training.prepare_trainer import prepare_trainer
from .training.run_folder import claimed, refuse_another_run

logger = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `train`; its help lists every setting of a config."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = settings_help()
    parser.add_argument("config", type=Path, help="a YAML file; several ship in trainer/configs")
    parser.add_argument(
        "overrides", nargs="*", metavar="name.of.setting=value", help="such as training.output_dir=runs/first"
    )


def main(args: argparse.Namespace) -> int:
    """Train, or resume the run in its output folder."""
    train(load_config(args.config, args.overrides))
    return 0


def train(config: RunConfig) -> Path:
    """Run a config, or resume it from its newest complete checkpoint. A preceding run in the config is run first.

    Returns:
        The folder of the finished model: averaged weights in float32, calibrated config, image processor and
        `training.json`.

    Raises:
        ConfigError: the config cannot be used.
        DataError: a dataset cannot be loaded.
        RunError: the output folder holds a run with another config, or its disk is full.
        TrainerError: the run's Hub repository cannot be created, or the push of the model fails.
    """
    arguments = training_arguments(config)
    if config.earlier is not None:
        train(config.earlier)
    transformers.set_seed(arguments.seed)
    run, finished = config.folder, config.finished
    refuse_another_run(run, config)
    if is_finished(finished):
        logger.warning("%s is finished; its model is in %s", run, finished)
        return finished

    # Load
    with claimed(run, config, arguments):
        trainer, checkpoint = prepare_trainer(config, arguments)
    model, average = trainer.model, trainer.average
    start = copy.deepcopy(model.state_dict()) if config.start_share else None
    if arguments.device.type == "cpu" and arguments.bf16:
        speed_up_depthwise(model)

    # Train, calibrate, save
    with full_disk_as_sentence(run):
        if checkpoint is not None and has_stopped_early(checkpoint, config.early_stopping_patience, arguments):
            trainer.restore(checkpoint)
        else:
            trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        if average:
            model.load_state_dict(average.state_dict())
        if start is not None:
            blend(model, start, config.start_share)
        divide_age_logits(model, config.age_temperature)
        check_finite(model)
        model.config.average_mirrored = config.average_mirrored
        for faces in trainer.eval_dataset.values():
            # A run resumed after its last step has no epoch, in which `GrowImages` would set the size.
            faces.image_size = config.image_size
        trainer.calibrated_on = calibrate(trainer, trainer.eval_dataset)
        if arguments.should_save:
            draw_curves(trainer.state.log_history, list(trainer.eval_dataset), trainer.best_step, run)
            trainer.save_finished(finished)
            best = f"of step {trainer.best_step:,}" if trainer.best_step else "of the last step"
            logger.warning("the model %s is in %s, the curves are in %s", best, finished, run / CURVES_FILE)

    # Push
    if arguments.push_to_hub:
        try:
            trainer.push_to_hub()
        except TrainerError as error:
            again = f"`python -m trainer push --model {finished} --to {trainer.hub_model_id}`"
            raise TrainerError(f"{error} The model is finished; {again} publishes it.") from error
    return finished
