import numpy as np
import pytest
from PIL import Image, ImageDraw

from gender_age.alignment import DEFAULT_ALIGNMENT, Alignment, align_face, similarity_transform

TEMPLATE = np.asarray(DEFAULT_ALIGNMENT.template)


def dotted_face(size_wh, landmarks, radius):
    image = Image.new("RGB", size_wh, (90, 90, 90))
    draw = ImageDraw.Draw(image)
    for index, (x, y) in enumerate(landmarks):
        colour = (255, 40 * index, 0)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    return image


def turned(points, degrees, scale, shift):
    angle = np.radians(degrees)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (points - 0.5) @ rotation.T * scale + shift


@pytest.mark.parametrize("degrees", [0, 30, -100, 180])
@pytest.mark.parametrize("scale", [40, 400, 1500])
def test_landmarks_land_on_the_template(degrees, scale):
    landmarks = turned(TEMPLATE, degrees, scale, (1000, 900))
    image = dotted_face((2000, 1800), landmarks, radius=max(2, scale * 0.03))
    face = np.asarray(align_face(image, landmarks, 100)).astype(int)
    assert face.shape == (100, 100, 3)
    for index, (x, y) in enumerate(TEMPLATE * 100):
        assert np.abs(face[round(y), round(x)] - (255, 40 * index, 0)).max() < 60


def test_similarity_transform_is_exact_for_similar_points():
    target = turned(TEMPLATE, 25, 3.0, (7, -2))
    matrix = similarity_transform(TEMPLATE, target)
    assert np.allclose(TEMPLATE @ matrix[:, :2].T + matrix[:, 2], target)


def test_coinciding_landmarks_give_a_picture_all_the_same():
    image = Image.new("RGB", (50, 50), (10, 20, 30))
    assert align_face(image, [(25, 25)] * 5, 32).size == (32, 32)


@pytest.mark.parametrize("size_wh", [(640, 480), (90, 400), (3, 3), (1, 1)])
@pytest.mark.parametrize("landmarks", [None, "inside", "outside"])
def test_margin_leaves_the_middle_as_it_is(size_wh, landmarks):
    pixels = np.random.default_rng(0).integers(0, 255, (size_wh[1], size_wh[0], 3), dtype=np.uint8)
    image = Image.fromarray(pixels)
    if landmarks == "inside":
        landmarks = turned(TEMPLATE, 12, min(size_wh) * 0.8, np.array(size_wh) / 2)
    elif landmarks == "outside":
        landmarks = turned(TEMPLATE, 12, 500, (-2000, -2000))
    plain = np.asarray(align_face(image, landmarks, 48))
    wide = np.asarray(align_face(image, landmarks, 48, margin=12))
    assert wide.shape == (72, 72, 3)
    assert_alike(wide[12:-12, 12:-12], plain)


@pytest.mark.parametrize("side", [60, 150, 400, 900])
@pytest.mark.parametrize("middle_xy", [(500, 400), (20, 780), (-30, 400)])
def test_what_is_computed_of_a_large_face_leaves_its_pixels_as_they_are(side, middle_xy):
    """Only what a face needs is downscaled; with the largest margin, that is all of its region."""
    pixels = np.random.default_rng(0).integers(0, 255, (800, 1000, 3), dtype=np.uint8)
    landmarks = turned(TEMPLATE, 20, side, middle_xy)
    plain = np.asarray(align_face(Image.fromarray(pixels), landmarks, 48))
    wide = np.asarray(align_face(Image.fromarray(pixels), landmarks, 48, margin=12))
    assert_alike(wide[12:-12, 12:-12], plain)


def assert_alike(a, b):
    """Pillow takes the part to be resized in single precision, which rounds a few pixels in another way."""
    difference = np.abs(a.astype(int) - b)
    assert difference.max() <= 2
    assert (difference > 0).mean() < 0.01


def test_margin_over_a_quarter_is_refused():
    with pytest.raises(ValueError, match="quarter"):
        align_face(Image.new("RGB", (50, 50)), None, 48, margin=13)


def test_fallback_shows_the_whole_picture_shifted_up():
    image = Image.new("RGB", (200, 200), (255, 0, 0))
    face = np.asarray(align_face(image, None, 100))
    assert tuple(face[50, 50]) == (255, 0, 0)
    assert tuple(face[2, 50]) == (DEFAULT_ALIGNMENT.fill,) * 3
    assert tuple(face[98, 50]) == (255, 0, 0)


def test_large_faces_are_averaged_not_skipped():
    stripes = np.zeros((1000, 1000, 3), dtype=np.uint8)
    stripes[:, ::2] = 255
    landmarks = turned(TEMPLATE, 0, 900, (500, 500))
    face = np.asarray(align_face(Image.fromarray(stripes), landmarks, 60)).astype(int)
    assert np.abs(face[20:40, 20:40] - 127).max() < 20


def test_alignment_survives_json():
    import json

    alignment = Alignment(fallback_scale=0.9, fill=0)
    assert Alignment.from_dict(json.loads(json.dumps(alignment.to_dict()))) == alignment
