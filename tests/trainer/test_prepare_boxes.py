"""Which face of an own photo is taken: the main one, or the one in a given box."""

from PIL import Image as PILImage

from gender_age.found_faces import Face
from tests.trainer.drawn_sources import POINTS, DrawnFaces, run, write_folder
from trainer.preparation.landmarks import boxed_face, photo_face
from trainer.preparation.photos import as_png


class Side(DrawnFaces):
    """Finds two faces in a photo 100 pixels wide; with `turned`, only after that rotation."""

    def __init__(self, turned=0):
        super().__init__()
        self.turned, self.searched = turned, 0

    def faces_of(self, image):
        return [] if self.turned else [face_at(10), face_at(60)]

    def detect_any_rotation(self, image):
        self.searched += 1
        return self.turned, [face_at(10), face_at(60)]


def face_at(left):
    points = tuple((x + left - 4, y + 20) for x, y in POINTS)
    return Face(box=(left, 24.0, left + 16.0, 40.0), score=0.99, landmarks=points)


def test_the_face_in_the_box_is_cut_out(tmp_path, out, load):
    source = tmp_path / "photos"
    source.mkdir()
    data = PILImage.new("RGB", (100, 60), "blue")
    data.putpixel((68, 32), (255, 0, 0))
    data.save(source / "two.png")
    lines = 'file_name,age,box\ntwo.png,30,"[8, 22, 28, 42]"\ntwo.png,60,"[58, 22, 78, 42]"\ntwo.png,9,"[30, 1, 40, 9]"'
    (source / "metadata.csv").write_text(lines)
    report, _ = run(source, out, Side())
    (rows,) = load(out).values()
    assert report["skipped"] == {"no face found in the box": ["two.png#3"]}
    by_age = {row["age_min"]: row for row in rows}
    assert set(by_age) == {30, 60}, "the faces of one photo are in one split"
    assert by_age[60]["image"].size == (40, 40)
    assert by_age[60]["image"].getpixel((68 - 48, 32 - 12)) == (255, 0, 0)
    assert by_age[60]["landmarks"][0] == [POINTS[0][0] + 56 - 48, POINTS[0][1] + 20 - 12]


def test_boxes_as_shares_count_and_those_without_a_pixel_are_left_out(tmp_path, out, load):
    rows = ["0.08,0.36,0.2,0.34", "0.58,0.36,0.2,0.34", "1.2,0.3,0.2,0.3", "0.5,0.5,0.009,0.3", "0.3,0.4,-0.1,0.2"]
    files = {"two.png": as_png(PILImage.new("RGB", (100, 60), "blue"))}
    files["metadata.csv"] = "\n".join(["file_name,age,x,y,w,h", *(f"two.png,30,{row}" for row in rows)]).encode()
    report, _ = run(write_folder(tmp_path / "photos", files, prefix=""), out, Side())
    (images,) = load(out).values()
    assert {row["image"].size for row in images} == {(39, 42), (42, 42)}
    assert report["skipped"] == {"impossible box": ["two.png", "two.png#3", "two.png#4"]}
    assert report["reading"]["box"] == "x,y,w,h (x, y, width, height, as shares of the photo)"


def test_a_photo_on_its_side_is_searched_as_serving_does():
    image = PILImage.new("RGB", (100, 60))
    detector = Side(turned=90)
    face = photo_face(image, detector.faces_of(image), detector)
    assert detector.searched == 1
    assert face == max((face_at(10), face_at(60)), key=lambda each: each.box[0] == 10).turned_back(90, image.size)
    upright = Side()
    assert photo_face(image, upright.faces_of(image), upright) == face_at(60)
    assert upright.searched == 0


def test_a_box_chooses_the_face_that_overlaps_most():
    faces = [face_at(10), face_at(60)]
    assert boxed_face(faces, (55, 20, 80, 45)) == faces[1]
    assert boxed_face(faces, (30, 1, 40, 9)) is None
    assert boxed_face([], (0, 0, 9, 9)) is None
