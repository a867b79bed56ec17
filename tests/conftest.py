"""What every test shares: no network, state of its own, and a tiny model that answers in a moment."""

from __future__ import annotations

import gc
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

# Before anything imports the libraries that read them.
_STATE = tempfile.TemporaryDirectory(prefix="gender-age-tests-")
os.environ.update(
    HF_HOME=_STATE.name,
    HF_HUB_OFFLINE="1",
    HF_HUB_DISABLE_TELEMETRY="1",
    GRADIO_ANALYTICS_ENABLED="False",
    TOKENIZERS_PARALLELISM="false",
)
# Two processes run the tests: on two cores, threads of each would only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import datasets  # noqa: E402
import numpy as np  # noqa: E402
import pytest  # noqa: E402
import torch  # noqa: E402
from datasets import ClassLabel, Dataset, DatasetDict, Features, Image, List, Value  # noqa: E402
from PIL import Image as PILImage  # noqa: E402
from transformers import ViTImageProcessor  # noqa: E402

from gender_age.alignment import DEFAULT_ALIGNMENT  # noqa: E402
from gender_age.configuration_gender_age import GenderAgeConfig  # noqa: E402
from gender_age.labels import GENDERS  # noqa: E402
from gender_age.modeling_gender_age import GenderAgeModel  # noqa: E402
from tests.fake_hub.server import HubServer  # noqa: E402

# After each stream, `datasets` sleeps for five seconds, lest threads of pyarrow outlive the interpreter.
datasets.config.SLEEP_TIME_ON_THREADS_SHUTDOWN = 0.1

REPOSITORY = Path(__file__).resolve().parent.parent
TINY = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "image_size": 32,
    "patch_size": 8,
}


def pytest_collection_finish():
    """What was imported stays: `gc.collect`, which every training asks for, need not look at it again."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def hub() -> Iterator[HubServer]:
    """An empty Hub on loopback. Clients run in processes of their own, with `hub.environment(…)`."""
    with HubServer() as server:
        yield server


@pytest.fixture
def tiny_model() -> GenderAgeModel:
    """Hidden 16, two layers, 32 px, weights drawn with a fixed seed; ViT's own patch projection."""
    torch.manual_seed(0)
    return GenderAgeModel(GenderAgeConfig(**TINY)).eval()


@pytest.fixture(scope="session")
def tiny_model_folder(tmp_path_factory) -> Path:
    """`tiny_model` as a checkpoint on disk."""
    folder = tmp_path_factory.mktemp("tiny-model")
    torch.manual_seed(0)
    GenderAgeModel(GenderAgeConfig(**TINY)).save_pretrained(folder)
    ViTImageProcessor(
        size={"height": 32, "width": 32},
        image_mean=[0.5] * 3,
        image_std=[0.5] * 3,
        alignment=DEFAULT_ALIGNMENT.to_dict(),
    ).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory) -> Path:
    """A prepared dataset of drawn images, whose brightness tells the age and whose colour tells the gender."""
    folder = tmp_path_factory.mktemp("tiny-data") / "drawn"
    features = Features(
        {
            "image": Image(),
            "age_min": Value("int32"),
            "age_max": Value("int32"),
            "gender": ClassLabel(names=list(GENDERS)),
            "race": ClassLabel(names=["White", "Black"]),
            "source": ClassLabel(names=["utkface", "fairface"]),
            "landmarks": List(List(Value("float32"))),
            "file": Value("string"),
        }
    )
    generator = np.random.default_rng(0)
    splits = DatasetDict(
        {
            split: Dataset.from_list([_drawn_row(split, row, generator) for row in range(count)], features=features)
            for split, count in {"train": 48, "validation": 24, "test": 24}.items()
        }
    )
    (folder / "data").mkdir(parents=True)
    for split, dataset in splits.items():
        dataset.to_parquet(folder / "data" / f"{split}-00000-of-00001.parquet")
    return folder


def _drawn_row(split: str, row: int, generator: np.random.Generator) -> dict:
    age, gender = int(generator.integers(0, 100)), int(generator.integers(0, 2))
    pixels = generator.integers(0, 40, (64, 64, 3)) + age * 2
    pixels[..., 0 if gender else 2] //= 3
    template = np.asarray(DEFAULT_ALIGNMENT.template) * 64
    return {
        "image": PILImage.fromarray(pixels.astype(np.uint8)),
        "age_min": age,
        "age_max": age if row % 2 else age + 9,
        "gender": gender,
        "race": row % 2,
        "source": (row + 1) % 2,
        "landmarks": None if row % 8 == 0 else template.tolist(),
        "file": f"{split}/{row:03}",
    }


@pytest.fixture
def run_folder(tiny_model_folder, tmp_path) -> Path:
    """A finished run's model folder: the tiny checkpoint with the record of a training on this machine."""
    folder = tmp_path / "run"
    folder.mkdir()
    for path in tiny_model_folder.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "training_args.bin").write_bytes(b"a pickle")
    record = {
        "config": {
            "model": {"pretrained": "google/vit-tiny", "revision": None},
            "data": {"train": [f"{tmp_path}/data/utkface", "owner/faces@main"], "limit": None},
            "stages": [{"image_size": 16, "epochs": 3}, {"image_size": 32, "epochs": 2}],
            "training": {"output_dir": "../../runs/first"},
        },
        "hub_ids": ["google/vit-tiny", "owner/faces@main"],
        "without_landmarks": 21,
        "hours": 1.25,
        "hardware": "cpu, 2 threads",
        "versions": {"python": "3.11", "torch": "2.14"},
        "seed": 7,
        "world_size": 1,
        "train_images": 12345,
    }
    (folder / "training.json").write_text(json.dumps(record))
    return folder


def value(number: float, n: int = 50) -> dict:
    return {"value": number, "n": n, "interval": [number - 0.01, number + 0.01]}


@pytest.fixture
def report() -> dict:
    """What `evaluate` writes, of 100 faces with made numbers."""

    def group(mae: float, female: float, male: float) -> dict:
        return {
            "n": 100,
            "missed": value(0.02, 100),
            "age_mae": value(mae),
            "age_bias": value(-1.5),
            "age_cs5": value(0.61),
            "gender_accuracy": value((female + male) / 2),
            "gender_recall": {"female": value(female), "male": value(male)},
        }

    interval = {"coverage": value(0.79), "mean_width": 14.2}
    result = {
        "overall": group(6.25, 0.9, 0.94),
        "by_age_band": {"0–9": group(3.5, 0.61, 0.72), "20–39": group(5.1, 0.95, 0.97)},
        "by_gender": {"female": group(6.0, 0.9, 0.9), "male": group(6.5, 0.94, 0.94)},
        "by_age_band_and_gender": {"0–9": {"female": group(3.5, 0.61, 0.61)}},
        "by_race": {"Black": group(6.4, 0.83, 0.95)},
        "intervals": {"level": 0.8, "overall": interval, "by_age_band": {"0–9": interval}, "constant_width": 17.3},
        "calibration": {
            "ece": 0.021,
            "bins": [],
            "uncertain": {"n": 8, "share": 0.08},
            "accuracy_certain": value(0.955),
            "accuracy_uncertain": value(0.6),
        },
    }
    return {
        "date": "2026-11-24T10:00:00+00:00",
        "data": {"names": ["utkface"], "split": "test", "limit": None},
        "protocols": {"landmarks": {"utkface": result}, "end_to_end": {"utkface": result}},
    }
