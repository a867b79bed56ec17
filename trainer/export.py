"""`python -m trainer export`: exports a checkpoint to ONNX."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from gender_age.checkpoint import load_checkpoint
from gender_age.decoding import decode
from gender_age.labels import GENDERS

from .errors import TrainerError
from .files import whole_file
from .onnx_int8 import in_words, quantise, validation_faces

OPSET = 20
# Maximum difference between the ONNX file and the model: age in years, gender probability.
AGE_TOLERANCE, PROBABILITY_TOLERANCE = 0.01, 1e-3
BATCHES = (1, 5)
BOOL, INT64 = 9, 7
"""ONNX's numbers of these types."""
# Of every file that is written here.
_METADATA = {"config", "preprocessor", "genders"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options to `parser`."""
    parser.add_argument("--model", required=True, metavar="M", help="folder of a trained checkpoint, or its Hub id")
    parser.add_argument("--revision", help="branch, tag or commit of a model on the Hub")
    parser.add_argument("--onnx", required=True, type=Path, metavar="OUT", help="the file to write")
    parser.add_argument(
        "--int8",
        nargs="+",
        action="extend",
        metavar="DATA",
        help="write it in int8, calibrated and checked on the validation faces of these prepared folders or Hub ids",
    )
    parser.add_argument("--limit", type=int, metavar="N", help="with --int8, N faces of each source")


def main(args: argparse.Namespace) -> int:
    """Runs the command.

    Raises:
        GenderAgeError: the model cannot be used, the `onnx` extra is not installed, or the file cannot be written or
            its answers differ.
    """
    model, image_processor = load_checkpoint(args.model, args.revision, device="cpu")
    measured = export_onnx(model, image_processor, args.onnx, args.int8, args.limit)
    print("; ".join(filter(None, [f"{args.onnx}: {args.onnx.stat().st_size / 1e6:.1f} MB", measured])))
    return 0


def export_onnx(
    model, image_processor, path: Path, int8: list[str] | None = None, limit: int | None = None
) -> str | None:
    """Export the model to one ONNX file and compare their answers.

    Input: `pixel_values`, float32 `(batch, 3, size, size)`, aligned faces normalised as the image processor does.
    Outputs: `gender_logits` `(batch, 2)` and `age_logits` `(batch, 101)`, before softmax and temperature. The file's
    metadata hold `config` and `preprocessor`, the checkpoint's two JSON files with calibration and alignment, and
    `genders`, the label order.

    Args:
        model, image_processor: of the checkpoint.
        path: replaced only if it is a file that this function wrote.
        int8: datasets whose validation faces calibrate a file in int8; None for one in float32.
        limit: of the faces of each of them.

    Returns:
        What int8 costs, in words; None for a file in float32.

    Raises:
        DataError: a dataset cannot be loaded.
        TrainerError: the `onnx` extra is not installed, another file lies at `path`, the file cannot be written, its
            answers differ, int8 loses too much accuracy, or the weights are more than the 2 GiB of an ONNX file.
    """
    try:
        import onnx
        import onnxruntime
        import onnxscript  # torch's exporter needs it
    except ImportError as error:
        raise TrainerError(f"{error.name} is not installed: `pip install -e .[onnx]` brings it") from error

    if os.path.lexists(path) and not _METADATA.issubset(_metadata_of(path)):
        raise TrainerError(
            f"{path} is not replaced, because `export` did not write it: move it away, or name another file"
        )
    size = 4 * model.num_parameters()
    if size >= onnx.checker.MAXIMUM_PROTOBUF:
        raise TrainerError(
            f"the weights take {size / 1e9:.1f} GB in float32, and an ONNX file holds at most "
            f"{onnx.checker.MAXIMUM_PROTOBUF / 1e9:.1f} GB (protobuf's limit): export a smaller network"
        )
    side = image_processor.size["height"]
    model.set_attn_implementation("eager")
    batch = torch.export.Dim("batch")
    program = torch.onnx.export(
        _LogitsOnly(model).eval(),
        (torch.zeros(2, 3, side, side),),
        dynamo=True,
        opset_version=OPSET,
        input_names=["pixel_values"],
        output_names=["gender_logits", "age_logits"],
        dynamic_shapes=({0: batch},),
        # No translation in torch 2.14; no issue found. SigLIP2 NaFlex checks its shapes with it.
        custom_translation_table={torch.ops.aten._is_all_true.default: _all_true(onnxscript)},
        verbose=False,
    )
    content = program.model_proto
    onnx.helper.set_model_props(
        content,
        {
            "config": model.config.to_json_string(use_diff=True),
            "preprocessor": image_processor.to_json_string(),
            "genders": json.dumps(GENDERS),
        },
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as unfinished:
            onnx.save(content, unfinished)
            _compare(model, onnxruntime.InferenceSession(unfinished, providers=["CPUExecutionProvider"]), side)
            if int8 is None:
                return None
            faces, labels = validation_faces(int8, image_processor, limit)
            with tempfile.TemporaryDirectory() as folder:
                exact = Path(folder) / "exact.onnx"
                shutil.move(unfinished, exact)
                return in_words(*quantise(exact, unfinished, faces, labels))
    except OSError as error:
        raise TrainerError(f"cannot write {path}: {error.strerror}") from error


def _metadata_of(path: Path) -> set[str]:
    """The names of an ONNX file's metadata; empty for any other file."""
    import onnx
    from google.protobuf.message import DecodeError

    try:
        return {each.key for each in onnx.load(path, load_external_data=False).metadata_props}
    except (OSError, DecodeError):
        return set()


def _all_true(onnxscript) -> Callable:
    operators = onnxscript.values.Opset("", OPSET)

    def all_true(condition):
        as_integers = operators.Cast(condition, to=INT64)
        return operators.Cast(operators.ReduceMin(as_integers, keepdims=0), to=BOOL)

    return all_true


class _LogitsOnly(torch.nn.Module):
    """Wraps the model to return a plain tuple, as the exporter requires."""

    def __init__(self, model) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixel_values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        outputs = self.model(pixel_values)
        return outputs.gender_logits, outputs.age_logits


def _compare(model, session, side: int) -> None:
    """Raises `TrainerError` if the decoded answers for random images differ."""
    generator = torch.Generator().manual_seed(0)
    for batch in BATCHES:
        pixel_values = torch.rand(batch, 3, side, side, generator=generator) * 2 - 1
        with torch.inference_mode():
            expected = model(pixel_values)
        given = [torch.from_numpy(each) for each in session.run(None, {"pixel_values": pixel_values.numpy()})]
        ours = decode(expected.gender_logits, expected.age_logits, model.config)
        theirs = decode(*given, model.config)
        ages = np.abs([a.age - b.age for a, b in zip(ours, theirs, strict=True)]).max()
        probabilities = np.abs([_female(a) - _female(b) for a, b in zip(ours, theirs, strict=True)]).max()
        if ages > AGE_TOLERANCE or probabilities > PROBABILITY_TOLERANCE:
            raise TrainerError(
                f"the exported model differs from the checkpoint by {ages:.3f} years and {probabilities:.4f} in the "
                "gender probability; please report it with your versions of torch and onnxruntime"
            )


def _female(estimate) -> float:
    return estimate.gender_probability if estimate.gender == "female" else 1 - estimate.gender_probability
