"""Augmentation of batches of aligned faces, on the model's device."""

from __future__ import annotations

import torch
from torch.nn import functional

from .config import AugmentationSection


def normalise_faces(pixels: torch.Tensor) -> torch.Tensor:
    """uint8 pixels as floats in [-1, 1], which `Normalisation` turns into a model's input."""
    return pixels.float() / 127.5 - 1


def augment_faces(
    pixels: torch.Tensor, image_size: int, settings: AugmentationSection, generator: torch.Generator
) -> torch.Tensor:
    """Random affine transform, colour jitter, downsampling, noise and erasing.

    Args:
        pixels: uint8 `(batch, 3, side, side)`, with a margin beyond `image_size`.
        image_size: side of the result in pixels.
        settings: strength and share of each.
        generator: on the device of `pixels`; the same state gives the same faces.

    Returns:
        float `(batch, 3, image_size, image_size)` in [-1, 1].
    """
    draw = _Draw(len(pixels), pixels.device, generator)
    faces = _move(normalise_faces(pixels), image_size, settings, draw)
    faces = _recolour(faces, settings, draw)
    faces = _reduce_resolution(faces, settings.low_resolution, draw)
    if settings.retouch:
        faces = _retouch(faces, settings.retouch, draw)
    deviation = draw.uniform(0, 2 * settings.noise)
    faces = faces + deviation * torch.randn(faces.shape, generator=generator, device=faces.device)
    return _erase(faces.clamp(-1, 1), settings.erase, draw)


class _Draw:
    """One random number per face, of shape `(batch, 1, 1, 1)`."""

    def __init__(self, batch: int, device: torch.device, generator: torch.Generator) -> None:
        self.batch, self.device, self.generator = batch, device, generator

    def uniform(self, low: float, high: float) -> torch.Tensor:
        unit = torch.rand(self.batch, 1, 1, 1, device=self.device, generator=self.generator)
        return low + (high - low) * unit

    def chosen(self, share: float) -> torch.Tensor:
        """bool; true for about `share` of the faces."""
        return self.uniform(0, 1) < share


def _move(faces: torch.Tensor, image_size: int, settings: AugmentationSection, draw: _Draw) -> torch.Tensor:
    side = faces.shape[-1]
    zoom = (image_size / side) * (1 + draw.uniform(-settings.scale, settings.scale).flatten())
    angle = torch.deg2rad(draw.uniform(-settings.rotation, settings.rotation).flatten())
    mirror = torch.where(draw.chosen(0.5).flatten(), -1.0, 1.0)
    # Coordinates of affine_grid run from -1 to 1, so a shift by a share of the side is twice that share.
    reach = 2 * settings.shift * image_size / side
    shift_x, shift_y = draw.uniform(-reach, reach).flatten(), draw.uniform(-reach, reach).flatten()
    cos, sin = zoom * angle.cos(), zoom * angle.sin()
    theta = torch.stack(
        [torch.stack([cos * mirror, -sin, shift_x], -1), torch.stack([sin * mirror, cos, shift_y], -1)], 1
    )
    grid = functional.affine_grid(theta, [len(faces), 3, image_size, image_size], align_corners=False)
    return functional.grid_sample(faces, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def _recolour(faces: torch.Tensor, settings: AugmentationSection, draw: _Draw) -> torch.Tensor:
    brightness, contrast, saturation = (draw.uniform(-settings.colour, settings.colour) for _ in range(3))
    saturation = torch.where(draw.chosen(settings.grey), -1.0, saturation)
    grey = (faces * faces.new_tensor([0.299, 0.587, 0.114])[None, :, None, None]).sum(1, keepdim=True)
    faces = grey + (faces - grey) * (1 + saturation)
    mean = grey.mean(dim=(2, 3), keepdim=True)
    return mean + (faces - mean) * (1 + contrast) + brightness


def _reduce_resolution(faces: torch.Tensor, share: float, draw: _Draw) -> torch.Tensor:
    chosen = draw.chosen(share).flatten()
    if not chosen.any():
        return faces
    side = faces.shape[-1]
    factor = float(draw.uniform(2, 3)[0])
    small = functional.interpolate(faces[chosen], size=round(side / factor), mode="bilinear", antialias=True)
    faces = faces.clone()
    faces[chosen] = functional.interpolate(small, size=side, mode="bilinear")
    return faces


def _retouch(faces: torch.Tensor, share: float, draw: _Draw) -> torch.Tensor:
    """Smooth skin as portraits have it: a guided filter (He et al. 2010) by the grey picture keeps the edges."""
    chosen = draw.chosen(share).flatten()
    if not chosen.any():
        return faces
    radius, contrast = max(1, faces.shape[-1] // 32), float(draw.uniform(0.06, 0.2)[0])
    picture = faces[chosen]
    guide = picture.mean(dim=1, keepdim=True)

    def mean(values: torch.Tensor) -> torch.Tensor:
        return functional.avg_pool2d(values, 2 * radius + 1, stride=1, padding=radius, count_include_pad=False)

    mean_guide, mean_picture = mean(guide), mean(picture)
    slope = (mean(guide * picture) - mean_guide * mean_picture) / (mean(guide**2) - mean_guide**2 + contrast**2)
    smooth = mean(slope) * guide + mean(mean_picture - slope * mean_guide)
    faces = faces.clone()
    faces[chosen] = smooth
    return faces


def _erase(faces: torch.Tensor, share: float, draw: _Draw) -> torch.Tensor:
    """Random erasing (https://arxiv.org/abs/1708.04896): a grey rectangle with sides of 0.1 to 0.5 of the image's."""
    side = faces.shape[-1]
    at = torch.arange(side, device=faces.device) / side
    inside = draw.chosen(share)
    for axis in (at[None, None, None, :], at[None, None, :, None]):
        length, start = draw.uniform(0.1, 0.5), draw.uniform(-0.2, 0.9)
        inside = inside & (axis >= start) & (axis < start + length)
    return faces.masked_fill(inside, 0.0)
