"""Boxes of own photos in the forms in which data sets have them."""

import numpy as np
import pytest

from tests.trainer.drawn_sources import drawing, write_folder
from trainer.errors import DataError
from trainer.sources.columns import Wishes
from trainer.sources.opening import open_source
from trainer.sources.own_boxes import BoxReading, parse_box, read_boxes


@pytest.mark.parametrize(
    ("value", "box"),
    [
        ([1, 2, 3, 4], (1, 2, 3, 4)),
        (np.array([1.0, 2.0, 3.0, 4.0]), (1, 2, 3, 4)),
        ("[1, 2.5, 3, 4]", (1, 2.5, 3, 4)),
        ("1 2 3 4", (1, 2, 3, 4)),
        (["1", "2", "3", "4"], (1, 2, 3, 4)),
        (["1", "2,5", "3", "4"], (1, 2.5, 3, 4)),
        ([[1, 2, 3, 4]], (1, 2, 3, 4)),
        ({"width": 3, "height": 4, "x": 1, "y": 2}, (1, 2, 3, 4)),
        ("{'x': 1, 'y': 2, 'w': 3, 'h': 4, 'left_eye': (5, 6)}", (1, 2, 3, 4)),
        ("{'x': 1", None),
        ([3, 2, 1, 4], None),
        ([1, 2, 3], None),
        ([[1, 2, 3, 4], [1, 2, 3, 4]], None),
        ({"a": 1}, None),
        ("a b c d", None),
        ([1, 2, float("nan"), 4], None),
        (5, None),
    ],
)
def test_boxes(value, box):
    numbers = parse_box(value)
    assert (numbers and BoxReading().corners(numbers)) == box


@pytest.mark.parametrize(
    ("head", "row", "corners", "told"),
    [
        ("xmin,ymin,xmax,ymax", '1,2,"9,5",10', (1, 2, 9.5, 10), "xmin,ymin,xmax,ymax (x1, y1, x2, y2)"),
        ("Left,Top,Right,Bottom", "9,9,12,14", (9, 9, 12, 14), "Left,Top,Right,Bottom (x1, y1, x2, y2)"),
        ("width,height,x_min,y_min,x_max,y_max", "24,24,9,9,12,14", (9, 9, 12, 14), None),
        ("x,y,w,h", "5,6,7,8", (5, 6, 12, 14), "x,y,w,h (x, y, width, height)"),
        ("bbox_x,bbox_y,bbox_width,bbox_height", "5,6,7,8", (5, 6, 12, 14), None),
        ("face_x1,face_y1,w,h,face_x2,face_y2", "5,6,1,1,12,14", (5, 6, 12, 14), None),
        ("x_center,y_center,width,height", "9,10,6,8", (6, 6, 12, 14), None),
        ("box_xywh", "5 6 7 8", (5, 6, 12, 14), None),
        ("bbox_xyxy", "5 6 7 8", (5, 6, 7, 8), None),
        ("bbox", "5 6 7 8", (5, 6, 12, 14), "bbox (x, y, width, height)"),
        ("face_box", "5 6 7 8", (5, 6, 7, 8), None),
        ("face_box", "9 9 7 8", (9, 9, 16, 17), None),
        ("facial_area", "{'x': 5, 'y': 6, 'w': 7, 'h': 8}", (5, 6, 12, 14), "facial_area (x, y, width, height)"),
    ],
)
def test_the_columns_names_or_the_numbers_say_what_boxes_are(tmp_path, head, row, corners, told):
    cell = f'"{row}"' if " " in row else row
    files = {"1.jpg": drawing(1), "metadata.csv": f"file_name,age,{head}\n1.jpg,23,{cell}".encode()}
    source = open_source(write_folder(tmp_path / "photos", files, prefix=""))
    assert source.records[0].box == corners
    assert told in (None, source.reading["box"])


def scattered(form, count=40):
    """Faces' boxes in photos of 640×480, as `xywh` or `xyxy`."""
    random = np.random.default_rng(1)
    width = random.uniform(30, 150, count)
    height = width * random.normal(1.25, 0.1, count)
    x, y = random.uniform(0, 640 - width), random.uniform(0, 480 - height)
    return np.stack([x, y, width, height] if form == "xywh" else [x, y, x + width, y + height], axis=1)


def portraits(form, count=40):
    """Boxes of large faces in the middle of photos of 200×250: their sizes exceed their places."""
    random = np.random.default_rng(2)
    width = random.normal(90, 8, count)
    height = width * random.normal(1.3, 0.1, count)
    x, y = 100 - width / 2 + random.normal(0, 6, count), 110 - height / 2 + random.normal(0, 6, count)
    return np.stack([x, y, width, height] if form == "xywh" else [x, y, x + width, y + height], axis=1)


@pytest.mark.parametrize("boxes", [scattered, portraits])
@pytest.mark.parametrize("form", ["xyxy", "xywh"])
@pytest.mark.parametrize("scale", [1, 1 / 640])
def test_numbers_tell_corners_from_sizes_and_shares_from_pixels(boxes, form, scale):
    assert read_boxes(boxes(form) * scale, ["box"]) == BoxReading(form, relative=scale < 1)


def test_a_few_faulty_boxes_tell_nothing():
    boxes = [*scattered("xyxy"), [9, 9, 3, 3], [-1, -1, -1, -1], [0, 0, 0, 0], "none", None]
    assert read_boxes(boxes, ["bbox"], guessed=True) == BoxReading("xyxy")
    assert read_boxes([[9, 9, 30, 40], [9, 9, 3, 3], [8, 9, 30, 40]], ["box"]) == BoxReading("xyxy")
    assert read_boxes([], ["box"]) == BoxReading()


def test_the_user_has_the_last_word(tmp_path):
    assert read_boxes(scattered("xywh"), ["x1", "y1", "x2", "y2"], "xywh") == BoxReading("xywh")
    assert read_boxes([[5, 6, 7, 8]], ["bbox"]) == BoxReading("xyxy"), "--box names corners where nothing else tells"
    files = {"1.jpg": drawing(1), "metadata.csv": b"file_name,age,box\n1.jpg,23,9 9 6 4"}
    folder = write_folder(tmp_path / "photos", files, prefix="")
    centres = open_source(folder, wishes=Wishes(box_format="cxcywh"))
    assert centres.records[0].box == (6, 7, 12, 11)
    assert centres.reading["box"] == "box (centre x, centre y, width, height)"
    assert centres.options["box_format"] == "cxcywh"
    with pytest.raises(DataError, match="--box-format is yxyx; it is one of xyxy, xywh, cxcywh"):
        open_source(folder, wishes=Wishes(box_format="yxyx"))
