"""Small sources of every form that `prepare` reads, and a detector that finds faces in drawings."""

import io
import tarfile
import zipfile

import numpy as np
from datasets import Dataset, Features, Value
from datasets import Image as ImageFeature
from PIL import Image, ImageDraw, ImageFilter

from gender_age.found_faces import Face
from trainer.prepare import prepare

POINTS = ((8.0, 9.0), (16.0, 9.0), (12.0, 13.0), (9.0, 17.0), (15.0, 17.0))
RACE_NUMBERS = 5


class DrawnFaces:
    """Finds a face wherever the middle pixel is not black; can die after some batches, as a killed run does."""

    def __init__(self, dies_after=None):
        self.sizes = []
        self.seen = 0
        self.dies_after = dies_after

    def detect_batch(self, images):
        if self.dies_after is not None and len(self.sizes) >= self.dies_after:
            raise KeyboardInterrupt
        assert len({image.size for image in images}) == 1
        self.sizes.append(images[0].size)
        self.seen += len(images)
        return [self.faces_of(image) for image in images]

    def detect_any_rotation(self, image):
        return 0, self.faces_of(image)

    def faces_of(self, image):
        face = Face(box=(4.0, 4.0, 20.0, 20.0), score=0.99, landmarks=POINTS)
        return [face] if image.getpixel((12, 12)) != (0, 0, 0) else []


def drawing(seed, side=24, kind="PNG"):
    """Encoded noise with a bright or, for seeds that 10 divides, black middle."""
    image = Image.fromarray(np.random.default_rng(seed).integers(1, 256, (side, side, 3), dtype=np.uint8))
    ImageDraw.Draw(image).rectangle((11, 11, 13, 13), fill="black" if seed % 10 == 0 else "white")
    data = io.BytesIO()
    image.save(data, kind, lossless=True) if kind == "WEBP" else image.save(data, kind)
    return data.getvalue()


def portrait(seed, side=100):
    """A drawn face, different for every seed, as an encoded picture in which the real detector finds it."""
    random = np.random.default_rng(seed)
    large = 4 * side
    background, hair = (tuple(map(int, random.integers(low, high, 3))) for low, high in ((30, 220), (0, 110)))
    skin = np.array([random.integers(150, 240), random.integers(110, 190), random.integers(80, 160)])
    shade, dark = (tuple((skin * share).astype(int)) for share in (0.8, 0.55))
    image = Image.new("RGB", (large, large), background)
    draw = ImageDraw.Draw(image)
    middle_x, middle_y = large * (0.5 + random.uniform(-0.07, 0.07, 2))
    height = large * random.uniform(0.28, 0.36)
    width = height * random.uniform(0.68, 0.85)

    def oval(x, y, half_width, half_height, colour):
        """Around a place given in shares of the face's half width and height."""
        x, y = middle_x + x * width, middle_y + y * height
        half_width, half_height = half_width * width, half_height * height
        draw.ellipse((x - half_width, y - half_height, x + half_width, y + half_height), fill=colour)

    oval(0, -0.2, 1.15, 1.0, hair)
    oval(0, 0, 1, 1, tuple(map(int, skin)))
    for side_x in (-1, 1):
        oval(side_x * 0.42, -0.15, 0.24, 0.12, shade)
        oval(side_x * 0.42, -0.15, 0.17, 0.06, (235, 235, 235))
        oval(side_x * 0.42, -0.15, 0.075, 0.06, (30, 20, 20))
        oval(side_x * 0.42, -0.34, 0.24, 0.03, hair)
        oval(side_x * 0.09, 0.235, 0.05, 0.035, dark)
    oval(0, 0.08, 0.1, 0.17, shade)
    oval(0, 0.51, 0.35, 0.09, (150, 60, 60))
    oval(0, 0.51, 0.33, 0.015, (80, 30, 30))
    small = image.filter(ImageFilter.GaussianBlur(6)).resize((side, side), Image.Resampling.LANCZOS)
    noisy = np.asarray(small) + random.normal(0, 4, (side, side, 3))
    data = io.BytesIO()
    Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(data, "PNG")
    return data.getvalue()


def chip_name(number):
    return f"{number % 90}_{number % 2}_{number % RACE_NUMBERS}_20170116{number:09d}.jpg.chip.jpg"


def chips(count=100):
    """Names and bytes: `count` pictures, a broken one and a malformed name; 1 and 3 are twins, so are 5 and 7."""
    files = {chip_name(number): drawing(number) for number in range(count)}
    files[chip_name(3)] = drawing(1, kind="WEBP")
    files[chip_name(7)] = files[chip_name(5)]
    files["20_0_0_20170117000000000.jpg.chip.jpg"] = b"\xff\xd8 no picture"
    files["39_1_20170116174525125.jpg.chip.jpg"] = drawing(500)
    return files


def write_folder(path, files, prefix="UTKFace/"):
    for name, data in files.items():
        (path / prefix / name).parent.mkdir(parents=True, exist_ok=True)
        (path / prefix / name).write_bytes(data)
    return path


def write_tar(path, files, prefix="UTKFace/"):
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(f"{prefix}{name}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def write_zip(path, files, prefix="UTKFace/"):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(f"{prefix}{name}", data)
    return path


def write_fairface(path, count=40):
    path.mkdir()
    features = {
        "image": ImageFeature(),
        "age_range": Value("string"),
        "gender": Value("string"),
        "race": Value("string"),
    }
    rows = {
        "image": [{"bytes": drawing(n, kind="WEBP"), "path": f"train_{n}.webp"} for n in range(1000, 1000 + count)],
        "age_range": [("0-2", "20-29", "40-49", "70+")[n % 4] for n in range(count)],
        "gender": [("male", "female")[n // 4 % 2] for n in range(count)],
        "race": [("White", "Middle Eastern")[n % 2] for n in range(count)],
    }
    Dataset.from_dict(rows, features=Features(features)).to_parquet(path / "train-00000-of-00001.parquet")
    return path


def run(source, out, detector=None, **options):
    return prepare(source, out, detector=detector or DrawnFaces(), progress=False, **options)


def split_files(out):
    return {path.stem: path.read_text().splitlines() for path in (out / "splits").glob("*.txt")}
