"""All-Age-Faces and UTKFace, where they lie beside the repository: prepared, joined, trained on and published."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import yaml
from huggingface_hub import ModelCard

from tests.conftest import REPOSITORY, TINY
from tests.fake_hub.commands import Commands
from tests.fake_hub.server import TOKEN, HubServer

SHARED = REPOSITORY.parent / "shared" / "data"
ARCHIVES = {"all-age-faces": SHARED / "aaf.tar", "utkface": SHARED / "UTKFace.tar.gz"}
IMAGES = 60
LOAD = """
import json, sys
from transformers import pipeline

for name in ("user/own", "user/random"):
    print(json.dumps(pipeline(model=name, trust_remote_code=True, device="cpu")(sys.argv[1])))
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not all(path.exists() for path in ARCHIVES.values()), reason="the archives are not there"),
]


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> dict:
    """Model -> the files that were pushed and the records behind them; "faces": what a stranger finds with each."""
    place = tmp_path_factory.mktemp("place")
    for name in ("trainer", "model", "examples"):
        (place / name).symlink_to(REPOSITORY / name)
    random = {
        "model": {"config": TINY},
        "data": {"train": ["data/all-age-faces"]},
        "stages": [{"image_size": 32, "epochs": 2}],
        "training": {"output_dir": "runs/random", "use_cpu": True},
    }
    (place / "random.yaml").write_text(yaml.safe_dump(random))
    found = {}
    with HubServer() as hub, Commands("trainer.__main__", hub.environment(), place) as trainer:

        def run(*command: str) -> None:
            done = trainer.run(*command, token=TOKEN)
            assert done.status == 0, (command, done.stderr)

        for name, archive in ARCHIVES.items():
            run("prepare", str(archive), f"data/{name}", "--name", name, "--limit", str(IMAGES))
        for name, config in (("own", "trainer/configs/own_photos.yaml"), ("random", "random.yaml")):
            short = ("data.train=[data/all-age-faces, data/utkface]", "training.per_device_train_batch_size=8")
            run("train", config, *short, f"training.output_dir=runs/{name}", "training.max_steps=3")
            model, report = f"runs/{name}/model", f"reports/{name}"
            run("evaluate", "--model", model, "--data", "data/all-age-faces", "data/utkface", "--output", report)
            run("push", "--model", model, "--report", f"{report}/report.json", "--to", f"user/{name}")
            found[name] = {
                "files": hub.files(f"user/{name}"),
                "training": json.loads((place / model / "training.json").read_text()),
                "report": json.loads((place / report / "report.json").read_text()),
            }
        # -I: neither the working directory nor PYTHONPATH is on the path.
        stranger = [sys.executable, "-I", "-c", LOAD, str(REPOSITORY / "examples" / "group.jpg")]
        done = subprocess.run(stranger, cwd=place, env=hub.environment(), capture_output=True, text=True, check=True)
    return found | {"faces": [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]}


def test_a_stranger_finds_faces_with_both(published):
    assert [len(faces) for faces in published["faces"]] == [3, 3]


@pytest.mark.parametrize("name", ["own", "random"])
def test_the_card_claims_what_the_records_say(published, name):
    training, report = published[name]["training"], published[name]["report"]
    card = ModelCard(published[name]["files"]["README.md"].decode())
    assert report["images"].keys() == {"all-age-faces", "utkface"}
    for source, found in report["protocols"]["end_to_end"].items():
        mae = found["overall"]["age_mae"]["value"]
        assert f"n = {report['images'][source]:,}: MAE {mae:.2f}" in card.text
    assert f"| training images | {training['train_images']:,}, {training['without_landmarks']} of them" in card.text
    assert f"of which this model had {training['epoch']}" in card.text
    started_from_the_default = name == "own"
    assert ("FairFace" in card.text) == ("VGGFace2" in card.text) == started_from_the_default
    assert ("no pretrained model" in card.text) != started_from_the_default
    assert "images kept out of this training" in card.text
    assert card.data.license_name == "non-commercial-research"
