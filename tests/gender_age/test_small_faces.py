"""The smallest face that is looked for, and that the detector does so."""

import pytest
from PIL import Image

from gender_age.small_faces import smallest_face_px
from tests.conftest import REPOSITORY


@pytest.mark.parametrize(
    ("size_wh", "pixels"),
    [
        ((300, 416), 20),  # a finer search would gain too little
        ((1000, 660), 14),
        ((4000, 3000), 40),
        ((3000, 4000), 40),
        ((2048, 1500), 20.48),
        ((6000, 1200), 45),  # tiles of 1,800 pixels
        ((12000, 400), 20),  # tiles of 750 pixels
    ],
)
def test_smallest_face_px(size_wh, pixels):
    assert smallest_face_px(size_wh) == pytest.approx(pixels)


def group(face_rgb, size_wh, count=8):
    """Copies of a face in two rows."""
    columns = count // 2
    picture = Image.new("RGB", size_wh, (120, 130, 120))
    for number in range(count):
        x, y = (number % columns + 0.5) / columns, (number // columns + 0.5) / 2
        picture.paste(
            face_rgb, (round(x * size_wh[0] - face_rgb.width / 2), round(y * size_wh[1] - face_rgb.height / 2))
        )
    return picture


@pytest.mark.parametrize("size_wh", [(416, 300), (1000, 660), (500, 2000)])
@pytest.mark.parametrize(("factor", "all_found"), [(1.3, True), (0.6, False)])
def test_the_detector_finds_a_group_above_the_limit_and_not_below(detector, size_wh, factor, all_found):
    photo_rgb = Image.open(REPOSITORY / "examples" / "collins.jpg").convert("RGB")
    (face,) = detector.detect(photo_rgb)
    x1, y1, x2, y2 = face.box
    margin = face.side / 2
    cut = photo_rgb.crop((round(x1 - margin), round(y1 - margin), round(x2 + margin), round(y2 + margin)))
    scale = factor * smallest_face_px(size_wh) / face.side
    small = cut.resize((round(cut.width * scale), round(cut.height * scale)), Image.Resampling.LANCZOS)
    _, faces = detector.detect_any_rotation(group(small, size_wh))
    assert len(faces) == (8 if all_found else 0)
