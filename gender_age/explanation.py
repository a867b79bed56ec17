"""Relevance maps of an answer: integrated gradients over the patch embeddings, or over a deep, fine feature map.

The baseline is a blank image of the face's mean colour. The gradient is averaged along the straight path from the
baseline's features to the face's, and multiplied by their difference (Sundararajan et al. 2017,
https://arxiv.org/abs/1703.01365). The relevance of a position is the absolute value of the sum over its channels.
The method needs no attention weights and does not change the model.

docs/experiments.md compares it with attention rollout, gradient-weighted attention, gradient × token and Grad-CAM.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn

from .backbones import explained_modules, inputs_of
from .decoding import expected_age
from .modeling_gender_age import GenderAgeModel
from .prediction import GenderAgePredictor

STEPS = 4
"""Points on the path from the baseline to the face; the method was chosen and measured with four."""

FINEST = 16
"""Pixels between positions: of feature maps in a row, the last that is no coarser is explained, where explanations were
best with MobileNet (docs/experiments.md)."""
MOST_POSITIONS = 16
"""Along a side of a relevance map; a finer one is averaged."""

# In logits or years. A smaller maximum is rounding error: the face is blank.
LEAST_MOVE = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class FaceExplanation:
    """The explanation of one face's answers.

    Attributes:
        age_distribution: `(101,)` float32, the probability of each year from 0 to 100.
        gender_relevance: `(grid, grid)` float32 in [0, 1], rows from top to bottom: relevance of each position
            for the difference of the gender logits, either sign; the maximum is 1, unless the face is blank.
        age_relevance: likewise, for the expected age.
    """

    age_distribution: np.ndarray
    gender_relevance: np.ndarray
    age_relevance: np.ndarray


def explain_face(predictor: GenderAgePredictor, crop: Image.Image) -> FaceExplanation:
    """Explains one face.

    Args:
        predictor: its model is not changed.
        crop: an aligned face, as from `predictor.align`.
    """
    # Crops already have the model's input size.
    batch = predictor.image_processor([crop], do_resize=False, return_tensors="pt")
    return explain_pixels(predictor.model, batch["pixel_values"])


def explain_pixels(model: GenderAgeModel, pixel_values: torch.Tensor) -> FaceExplanation:
    """Explains one face, given the model's input.

    Args:
        model: in evaluation mode. Its parameters accumulate no gradients.
        pixel_values: `(1, 3, side, side)`, normalised as the image processor does.

    Raises:
        ValueError: the model is in training mode, in which answers are random.
    """
    if model.training:
        raise ValueError("the model is in training mode: call `model.eval()` first")
    # `enable_grad` alone does not leave the inference mode of a caller.
    with torch.inference_mode(False), torch.enable_grad():
        pixel_values = pixel_values.to(model.device, model.dtype).clone()
        blank = pixel_values.mean(dim=(2, 3), keepdim=True).expand_as(pixel_values)
        views = [pixel_values, pixel_values.flip(-1)] if model.config.average_mirrored else [pixel_values]
        with torch.no_grad():
            replaced, (start, *ends) = _features(model, torch.cat([blank, *views]))
        beyond_blank = torch.stack(ends) - start
        # The midpoints of equal steps; the face itself is last.
        shares = torch.tensor([*((step + 0.5) / STEPS for step in range(STEPS)), 1.0]).to(start)
        shares = shares.view(-1, *(1 for _ in start.shape))
        path = (start + shares * beyond_blank[:, None]).requires_grad_(True)
        logits = logits_from_features(model, replaced, path.flatten(0, 1), pixel_values.shape[-1])
        # As in `forward`: log of the mean probability over the views, up to a constant.
        gender_logits, age_logits = (
            each.float().log_softmax(dim=-1).unflatten(0, (len(views), -1)).logsumexp(dim=0) for each in logits
        )
        gender_score = (gender_logits[:STEPS, 0] - gender_logits[:STEPS, 1]).sum()
        (gender_gradient,) = torch.autograd.grad(gender_score, path, retain_graph=True)
        (age_gradient,) = torch.autograd.grad(expected_age(age_logits[:STEPS]).sum(), path)
        return FaceExplanation(
            age_distribution=age_logits[STEPS].detach().softmax(dim=-1).cpu().numpy(),
            gender_relevance=_relevance(gender_gradient[:, :STEPS], beyond_blank),
            age_relevance=_relevance(age_gradient[:, :STEPS], beyond_blank),
        )


def logits_from_features(
    model: GenderAgeModel, replaced: list[nn.Module], features: torch.Tensor, side: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """The model's forward pass from the output of one of its modules on.

    The model is not changed, as a hook would change it for concurrent calls: a copy of it shares its weights.

    Args:
        replaced: the module, last, and those that run before it, whose work is done.
        features: `(batch, …)`, its output.
        side: of the image in pixels.

    Returns:
        Gender logits `(batch, 2)` and age logits `(batch, 101)`.
    """
    answers = {id(module): features for module in replaced}
    # Only the shape of the pixels counts.
    pixel_values = features.new_zeros(1, 3, side, side).expand(len(features), -1, -1, -1)
    gender_logits, age_logits, _ = _answering(model, answers).logits(pixel_values)
    return gender_logits, age_logits


def _answering(module: nn.Module, answers: dict[int, torch.Tensor]) -> Any:
    """A copy of the module with the same parameters, in which modules with these ids give these answers."""
    copied = copy.copy(module)
    if id(module) in answers:
        copied.forward = lambda *args, **kwargs: answers[id(module)]
        return copied
    copied._modules = {name: child and _answering(child, answers) for name, child in module._modules.items()}
    return copied


def _features(model: GenderAgeModel, pixel_values: torch.Tensor) -> tuple[list[nn.Module], torch.Tensor]:
    """The modules up to the one that is explained, and its output, a feature map or tokens: `(batch, …)`."""
    found: list[nn.Module] = []
    features = inputs_of(model.family, model.backbone, pixel_values)["pixel_values"]
    for module in explained_modules(model.backbone, model.family):
        output = module(features)
        if found and output.shape[-1] * FINEST < pixel_values.shape[-1]:
            break
        found, features = [*found, module], output
    return found, features


def _relevance(gradient: torch.Tensor, beyond_blank: torch.Tensor) -> np.ndarray:
    """`(grid, grid)` from gradients `(views, steps, *features)` and features without the axis of steps.

    The second view, if any, is the mirror image; its map is flipped back.
    """
    product = gradient.float().mean(dim=1) * beyond_blank.float()
    if product.ndim == 3:  # tokens
        product = product.transpose(1, 2).unflatten(2, (round(product.shape[1] ** 0.5), -1))
    face, *mirrored = product.sum(dim=1)
    relevance = sum((view.flip(-1) for view in mirrored), face)
    if len(relevance) > MOST_POSITIONS:
        relevance = nn.functional.adaptive_avg_pool2d(relevance[None], MOST_POSITIONS)[0]
    relevance = relevance.abs()
    largest = relevance.max().clamp(min=LEAST_MOVE)
    return (relevance / largest).cpu().numpy()


__all__ = ["FaceExplanation", "explain_face", "explain_pixels"]
