"""An ONNX file in int8 that keeps its accuracy: static quantisation, per channel, calibrated on validation faces."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from datasets import Dataset
from datasets import Image as EncodedImage

from gender_age.alignment import align_face
from gender_age.checkpoint import alignment_of
from gender_age.decoding import expected_age
from gender_age.labels import MAX_AGE, MISSING

from .errors import DataError, TrainerError
from .evaluation.sources import load_sources
from .preparation.photos import decode

CALIBRATION_FACES, BATCH = 256, 16
MOST_YEARS_LOST, MOST_GENDERS_LOST = 0.1, 0.003
"""Of the MAE, and of the share of right genders, on the validation faces that were not calibrated with."""


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Of `n` faces: the MAE of the age in years, and the share of right genders; None without labels of that kind.

    The error against an age range is the distance to it.
    """

    n: int
    age_mae: float | None
    gender: float | None


def quantise(source: Path, target: Path, faces: np.ndarray, labels: dict[str, np.ndarray]) -> tuple[Accuracy, Accuracy]:
    """Write the ONNX file `source` to `target` in int8.

    All operators that onnxruntime has in int8 are quantised to uint8, activations with one scale a tensor, weights with
    one a channel; the heads' logits come out in float32. Signed weights would overflow in the 16 bits in which a CPU
    without VNNI adds up their products.

    Args:
        source: a file of `export_onnx`.
        faces: `(n, 3, side, side)` float32, the model's input; half of them, at most `CALIBRATION_FACES`, calibrate.
        labels: `gender`, `age_min` and `age_max`, `(n,)` each, as in a prepared dataset.

    Returns:
        The accuracy of `source` and of `target` on the other faces.

    Raises:
        TrainerError: `target` loses more accuracy than `MOST_YEARS_LOST` or `MOST_GENDERS_LOST`.
    """
    import onnx
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    order = np.random.default_rng(0).permutation(len(faces))
    calibration, rest = np.split(order, [min(CALIBRATION_FACES, len(order) // 2)])

    class Calibration(CalibrationDataReader):
        def __init__(self) -> None:
            self.batches = _batches(faces, calibration)

        def get_next(self) -> dict[str, np.ndarray] | None:
            return next(self.batches, None)

    folded = target.with_suffix(".folded.onnx")
    try:
        # Symbolic shape inference needs sympy, and the exporter has inferred the shapes.
        quant_pre_process(source, folded, skip_symbolic_shape=True)
        with _vectors_have_one_scale():
            quantize_static(
                folded,
                target,
                Calibration(),
                quant_format=QuantFormat.QDQ,
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QUInt8,
            )
    finally:
        folded.unlink(missing_ok=True)
    content, exact = onnx.load(target), onnx.load(source, load_external_data=False)
    onnx.helper.set_model_props(content, {each.key: each.value for each in exact.metadata_props})
    onnx.save(content, target)
    before, after = (_accuracy(path, faces, labels, rest) for path in (source, target))
    if _loses(before.age_mae, after.age_mae, MOST_YEARS_LOST) or _loses(after.gender, before.gender, MOST_GENDERS_LOST):
        raise TrainerError(f"int8 loses too much of this model: {in_words(before, after)}")
    return before, after


@contextmanager
def _vectors_have_one_scale() -> Iterator[None]:
    """Without the warning that `per_channel` gives a layer norm's weights, a vector, one scale as it should."""

    def is_news(record: logging.LogRecord) -> bool:
        return re.fullmatch(r"Axis 1 is out-of-range for weight '.*' with rank 1", record.getMessage()) is None

    # onnxruntime warns through the root logger; no issue found.
    root = logging.getLogger()
    root.addFilter(is_news)
    try:
        yield
    finally:
        root.removeFilter(is_news)


def _loses(better: float | None, worse: float | None, most: float) -> bool:
    # An answer that is no number loses, too.
    return better is not None and worse is not None and not worse - better <= most


def in_words(before: Accuracy, after: Accuracy) -> str:
    """One line for both."""
    ages = f"MAE {before.age_mae:.2f} -> {after.age_mae:.2f} years" if before.age_mae is not None else "age unmeasured"
    genders = f"gender {before.gender:.1%} -> {after.gender:.1%}" if before.gender is not None else "gender unmeasured"
    return f"{ages}, {genders} on {after.n} validation faces"


def validation_faces(data: list[str], image_processor, limit: int | None) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The model's input for the aligned faces of the validation splits, and their labels; see `quantise`.

    Args:
        data: prepared folders or Hub ids.
        limit: of the faces of each source; None for all.

    Raises:
        DataError: a dataset cannot be loaded, or there are fewer than two faces.
    """
    sources = load_sources(data, "validation", limit).values()
    if sum(map(len, sources)) < 2:
        raise DataError(f"there are too few validation faces in {', '.join(data)} to calibrate and measure with")
    faces = np.concatenate([_faces(rows, image_processor) for rows in sources])
    labels = {
        name: np.concatenate([[MISSING if each is None else each for each in rows[name][:]] for rows in sources])
        for name in ("gender", "age_min", "age_max")
    }
    return faces, labels


def _faces(rows: Dataset, image_processor) -> np.ndarray:
    side, alignment, found = image_processor.size["height"], alignment_of(image_processor), []
    encoded = rows.select_columns(["image", "landmarks"]).cast_column("image", EncodedImage(decode=False))
    for batch in encoded.iter(BATCH):
        pairs = zip(batch["image"], batch["landmarks"], strict=True)
        crops = [align_face(decode(image["bytes"]), points, side, alignment) for image, points in pairs]
        found.append(image_processor(crops, do_resize=False, return_tensors="np")["pixel_values"].astype(np.float32))
    return np.concatenate(found)


def _accuracy(path: Path, faces: np.ndarray, labels: dict[str, np.ndarray], chosen: np.ndarray) -> Accuracy:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    answers = [session.run(["gender_logits", "age_logits"], batch) for batch in _batches(faces, chosen)]
    genders, ages = (np.concatenate(each) for each in zip(*answers, strict=True))
    age_min, age_max, gender = (labels[name][chosen] for name in ("age_min", "age_max", "gender"))
    found = expected_age(torch.from_numpy(ages)).numpy()
    errors = np.abs(found - found.clip(age_min.clip(max=MAX_AGE), age_max.clip(max=MAX_AGE)))[age_min != MISSING]
    right = (genders.argmax(axis=1) == gender)[gender != MISSING]
    return Accuracy(len(chosen), *(float(each.mean()) if len(each) else None for each in (errors, right)))


def _batches(faces: np.ndarray, chosen: np.ndarray) -> Iterator[dict[str, np.ndarray]]:
    for start in range(0, len(chosen), BATCH):
        yield {"pixel_values": faces[chosen[start : start + BATCH]]}
