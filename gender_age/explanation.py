"""Relevance maps of an answer: integrated gradients over the patch embeddings, or over a stem's finer feature map.

The baseline is a blank image of the face's mean colour. The gradient is averaged along the straight path from the
baseline's features to the face's, and multiplied by their difference (Sundararajan et al. 2017,
https://arxiv.org/abs/1703.01365). The relevance of a position is the absolute value of the sum over its channels.
The method needs no attention weights and does not change the model.

docs/experiments.md compares it with attention rollout, gradient-weighted attention, gradient × token and Grad-CAM.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image

from .decoding import expected_age
from .modeling_gender_age import ViTForGenderAge
from .prediction import GenderAgePredictor
from .stems import Stem

STEPS = 4
"""Points on the path from the baseline to the face; the method was chosen and measured with four."""

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


def explain_pixels(model: ViTForGenderAge, pixel_values: torch.Tensor) -> FaceExplanation:
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
            start, *ends = _features(model, torch.cat([blank, *views]))
        beyond_blank = torch.stack(ends) - start
        # The midpoints of equal steps; the face itself is last.
        shares = torch.tensor([*((step + 0.5) / STEPS for step in range(STEPS)), 1.0]).to(start)[:, None, None, None]
        path = (start + shares * beyond_blank[:, None]).requires_grad_(True)
        logits = logits_from_tokens(model, _tokens(model, path.flatten(0, 1)), pixel_values.shape[-1])
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


def logits_from_tokens(model: ViTForGenderAge, tokens: torch.Tensor, side: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The model's forward pass after `patch_embeddings`.

    Repeats `ViTModel.forward`, which takes pixels only; a hook would affect concurrent calls. No upstream issue found.
    `test_from_tokens_on_it_is_the_models_own_forward` compares both.

    Args:
        tokens: `(batch, patches, hidden_size)`, the output of `patch_embeddings`.
        side: of the image in pixels.

    Returns:
        Gender logits `(batch, 2)` and age logits `(batch, 101)`.
    """
    embeddings = model.vit.embeddings
    hidden_states = torch.cat([embeddings.cls_token.expand(tokens.shape[0], -1, -1), tokens], dim=1)
    hidden_states = hidden_states + embeddings.interpolate_pos_encoding(hidden_states, side, side)
    for layer in model.vit.layers:
        hidden_states = layer(hidden_states)
    hidden_states = model.vit.layernorm(hidden_states)
    pooled = hidden_states[:, 0] if model.config.pooling == "cls" else hidden_states[:, 1:].mean(dim=1)
    return model.gender_head(pooled), model.age_head(pooled)


def _features(model: ViTForGenderAge, pixel_values: torch.Tensor) -> torch.Tensor:
    """`(batch, channels, grid, grid)`: patch embeddings, or the stem's feature map."""
    embed = model.vit.embeddings.patch_embeddings
    if isinstance(embed, Stem):
        return embed.features(pixel_values)
    return embed.projection(pixel_values)


def _tokens(model: ViTForGenderAge, features: torch.Tensor) -> torch.Tensor:
    """`(batch, patches, hidden_size)`: the rest of `patch_embeddings`, after `_features`."""
    embed = model.vit.embeddings.patch_embeddings
    return embed.tokens(features) if isinstance(embed, Stem) else features.flatten(2).transpose(1, 2)


def _relevance(gradient: torch.Tensor, beyond_blank: torch.Tensor) -> np.ndarray:
    """`(grid, grid)` from gradients `(views, steps, channels, grid, grid)` and features without the axis of steps.

    The second view, if any, is the mirror image; its map is flipped back.
    """
    face, *mirrored = (gradient.float().mean(dim=1) * beyond_blank.float()).sum(dim=1)
    relevance = sum((view.flip(-1) for view in mirrored), face).abs()
    largest = relevance.max().clamp(min=LEAST_MOVE)
    return (relevance / largest).cpu().numpy()


__all__ = ["FaceExplanation", "explain_face", "explain_pixels"]
