"""Of too many faces the largest are answered, in bounded time."""

import time

from PIL import Image

from gender_age.detection import MAX_FACES


def test_of_too_many_faces_the_largest_are_answered(detector, portrait, monkeypatch):
    monkeypatch.setattr("gender_age.detection.MAX_FACES", 2)
    canvas = Image.new("RGB", (1000, 500), "grey")
    for x, side in ((0, 200), (250, 300), (600, 400)):
        canvas.paste(portrait.resize((side, side)), (x, 0))
    _, faces = detector.detect_any_rotation(canvas)
    assert [round(face.box[0] / 250) for face in faces] == [1, 3]
    assert MAX_FACES == 200


def test_a_mosaic_of_a_thousand_faces_has_the_largest_of_them(detector, portrait):
    (face,) = detector.detect(portrait)
    x1, y1, x2, y2 = (round(value) for value in face.box)
    margin = round(0.3 * face.side)
    tile = portrait.crop((x1 - margin, y1 - margin, x2 + margin, y2 + margin)).resize((32, 32))
    mosaic = Image.new("RGB", (1024, 1024))
    for number in range(1024):
        mosaic.paste(tile, (number % 32 * 32, number // 32 * 32))
    mosaic.paste(portrait.resize((256, 256)), (512, 512))
    start = time.process_time()
    _, faces = detector.detect_any_rotation(mosaic)
    assert time.process_time() - start < 10  # 2 s on a busy machine; without limits 17 s
    assert len(faces) == 200
    assert max(faces, key=lambda face: face.side).side > 50
