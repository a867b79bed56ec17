"""Composes photos with faces at known positions, from the example portraits on a textured background."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
# Boxes of the faces in the portraits, in pixels.
PORTRAITS = {
    "collins.jpg": (178, 74, 270, 190),
    "hopper.jpg": (180, 128, 350, 336),
    "obama.jpg": (378, 104, 602, 426),
}
KINDS = ("turned", "dim", "hidden")
"""Hard faces: rotated by 15° to 40°, dark, or with a third occluded."""
HARD_SHARE = 0.2
# Side of the pasted patch, in sides of the face: includes hair and neck.
PATCH_SIDES = 1.6
SMALLEST_SHARE, LARGEST_SHARE = 1 / 40, 1 / 5
MOST_FACES = 8
# Sizes of the photos for agreement; large ones are rare, because the baseline takes seconds.
AGREEMENT_SIZES = ((1280, 960), (960, 1280), (1600, 1200), (1280, 720), (1024, 768))
LARGE_SIZE, LARGE_EVERY = (2560, 1920), 25
JPEG_QUALITY = 92
NOISE_TILE, NOISE_LEVELS = 512, 5


@dataclass(frozen=True, slots=True)
class PlacedFace:
    """A face pasted into a photo.

    Attributes:
        box: `(x1, y1, x2, y2)` in pixels of the photo; of a rotated face, before its rotation.
        kind: "plain", or one of `KINDS`.
    """

    box: tuple[float, float, float, float]
    kind: str = "plain"


@dataclass(frozen=True, slots=True)
class ComposedPhoto:
    """A photo and its faces."""

    image_rgb: Image.Image
    faces: tuple[PlacedFace, ...]


def compose(
    size_wh: tuple[int, int], shares: list[float], generator: np.random.Generator, hard_share: float = 0.0
) -> ComposedPhoto:
    """A photo with one face for each of `shares`, without overlap.

    Args:
        size_wh: of the photo in pixels.
        shares: longer sides of the faces, as shares of the photo's longer side; reduced to fit,
            but not below `SMALLEST_SHARE`.
        generator: of background, portraits, positions and kinds.
        hard_share: share of rotated, dim or partly occluded faces.
    """
    image_rgb = _background(size_wh, generator)
    cells = _cells(size_wh, len(shares))
    chosen = generator.permutation(len(cells))[: len(shares)]
    faces = []
    for share, (left, top, width, height) in zip(shares, (cells[index] for index in chosen), strict=True):
        longest = max(size_wh)
        fitting = min(width, height) / PATCH_SIDES
        if fitting < longest * SMALLEST_SHARE:
            raise ValueError(f"{len(shares)} faces do not fit into {size_wh[0]} × {size_wh[1]} pixels")
        side = min(share * longest, fitting)
        kind = str(generator.choice(KINDS)) if generator.random() < hard_share else "plain"
        patch, face_wh = _patch(str(generator.choice(sorted(PORTRAITS))), side, kind, generator)
        x = left + int(generator.uniform(0, max(0, width - patch.width)))
        y = top + int(generator.uniform(0, max(0, height - patch.height)))
        image_rgb.paste(patch, (x, y), _round_mask(patch.width))
        centre = np.array([x + patch.width / 2, y + patch.height / 2])
        faces.append(PlacedFace((*(centre - face_wh / 2).tolist(), *(centre + face_wh / 2).tolist()), kind))
    return ComposedPhoto(image_rgb, tuple(faces))


def compose_for_agreement(index: int) -> ComposedPhoto:
    """Photo `index` of a deterministic series: one to eight faces, a fifth of them hard."""
    generator = np.random.default_rng((6, index))
    large = index % LARGE_EVERY == LARGE_EVERY - 1
    size_wh = LARGE_SIZE if large else AGREEMENT_SIZES[index % len(AGREEMENT_SIZES)]
    number = int(generator.integers(1, MOST_FACES + 1))
    shares = np.exp(generator.uniform(math.log(SMALLEST_SHARE), math.log(LARGEST_SHARE), number))
    return compose(size_wh, shares.tolist(), generator, HARD_SHARE)


def save_variants(photo: ComposedPhoto, folder: Path, name: str, number: int) -> list[Path]:
    """Saves the photo as `number` JPEG files that differ in a few pixels, to defeat caching."""
    paths = []
    for index in range(number):
        image_rgb = photo.image_rgb.copy()
        image_rgb.paste((index * 37 % 256, 128, 255 - index * 37 % 256), (0, 0, 16, 16))
        paths.append(folder / f"{name}-{index}.jpg")
        image_rgb.save(paths[-1], quality=JPEG_QUALITY)
    return paths


def _cells(size_wh: tuple[int, int], number: int) -> list[tuple[int, int, int, int]]:
    """`(left, top, width, height)` of a grid of at least `number` cells, as square as possible."""
    width, height = size_wh
    columns = max(1, math.ceil(math.sqrt(number * width / height)))
    rows = max(1, math.ceil(number / columns))
    cell_wh = width // columns, height // rows
    return [(column * cell_wh[0], row * cell_wh[1], *cell_wh) for row in range(rows) for column in range(columns)]


def _background(size_wh: tuple[int, int], generator: np.random.Generator) -> Image.Image:
    """Clouds of several scales, shapes with edges and sensor noise, to be as costly to decode and search as a photo."""
    width, height = size_wh
    image_rgb = Image.new("RGB", size_wh, (128, 128, 128))
    for cells in (4, 12, 36, 108):
        shape = max(1, round(cells * height / max(size_wh))), max(1, round(cells * width / max(size_wh)))
        colours = generator.integers(0, 256, (*shape, 3 if cells == 4 else 1), dtype=np.uint8)
        clouds = Image.fromarray(np.broadcast_to(colours, (*shape, 3)).copy())
        image_rgb = Image.blend(image_rgb, clouds.resize(size_wh, Image.Resampling.BICUBIC), 0.4 if cells < 36 else 0.2)
    draw = ImageDraw.Draw(image_rgb)
    for _ in range(40):
        x, y = generator.uniform(0, width), generator.uniform(0, height)
        w, h = generator.uniform(0.01, 0.2, 2) * max(size_wh)
        colour = tuple(generator.integers(20, 236, 3).tolist())
        shape = generator.choice(["rectangle", "ellipse", "line"])
        if shape == "line":
            draw.line((x, y, x + w, y + h), colour, width=max(1, max(size_wh) // 300))
        else:
            getattr(draw, shape)((x, y, x + w, y + h), colour)
    noise = generator.integers(-NOISE_LEVELS, NOISE_LEVELS + 1, (NOISE_TILE, NOISE_TILE, 1), dtype=np.int16)
    tiles = -(-height // NOISE_TILE), -(-width // NOISE_TILE), 1
    noisy = np.asarray(image_rgb) + np.tile(noise, tiles)[:height, :width]
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


@cache
def _portrait(name: str) -> Image.Image:
    with Image.open(EXAMPLES / name) as image:
        return image.convert("RGB")


def _patch(name: str, side: float, kind: str, generator: np.random.Generator) -> tuple[Image.Image, np.ndarray]:
    """A square patch with the portrait's face at its centre, and the face's width and height.

    Args:
        side: longer side of the face in pixels of the patch.
    """
    box = np.array(PORTRAITS[name], dtype=float)
    centre, wh = (box[:2] + box[2:]) / 2, box[2:] - box[:2]
    half = PATCH_SIDES / 2 * wh.max()
    size = max(1, int(PATCH_SIDES * side))
    patch = _portrait(name).crop((*np.rint(centre - half).astype(int), *np.rint(centre + half).astype(int)))
    patch = patch.resize((size, size), Image.Resampling.LANCZOS)
    face_wh = wh * size / (2 * half)
    if generator.random() < 0.5:
        patch = patch.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if kind == "dim":
        brightness = generator.uniform(0.25, 0.45)
        patch = patch.point(lambda value: value * brightness)
    elif kind == "hidden":
        _hide_third(patch, face_wh, generator)
    elif kind == "turned":
        degrees = generator.uniform(15, 40) * generator.choice([-1, 1])
        patch = patch.rotate(degrees, Image.Resampling.BICUBIC)
    return patch, face_wh


def _hide_third(patch: Image.Image, face_wh: np.ndarray, generator: np.random.Generator) -> None:
    """Occludes the left, right or lower third of the face."""
    x1, y1 = (patch.width - face_wh) / 2
    x2, y2 = (patch.width + face_wh) / 2
    third_w, third_h = face_wh / 3
    hidden = {
        "left": (0, 0, x1 + third_w, patch.height),
        "right": (x2 - third_w, 0, patch.width, patch.height),
        "below": (0, y2 - third_h, patch.width, patch.height),
    }
    colour = tuple(generator.integers(20, 236, 3).tolist())
    patch.paste(colour, tuple(round(value) for value in hidden[str(generator.choice(sorted(hidden)))]))


def _round_mask(side: int) -> Image.Image:
    """A disc with a soft edge, so that patches have no visible border."""
    inset = side * 0.05
    mask = Image.new("L", (side, side))
    ImageDraw.Draw(mask).ellipse((inset, inset, side - inset, side - inset), fill=255)
    return mask.filter(ImageFilter.GaussianBlur(side * 0.02))
