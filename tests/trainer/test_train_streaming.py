"""Runs with `data.streaming`: they learn as much, keep no training faces, and are continued exactly."""

import json
import shutil

import pytest
from safetensors.torch import load_file

from tests.trainer.test_train import run_values
from tests.trainer.test_train_machines import TORCHRUN, two_machines, written
from trainer.errors import ConfigError
from trainer.faces.streamed_faces import StreamedFaces
from trainer.train import train
from trainer.training.config_file import parse_config

UNSET = {"age_balance": 0.0}


def streaming_values(data, output, **training):
    values = run_values(data, output, **training)
    values["data"] |= UNSET | {"streaming": True, "shuffle_buffer": 16}
    return values


@pytest.fixture(scope="module")
def streamed(sharded, tmp_path_factory):
    run = tmp_path_factory.mktemp("run") / "streamed"
    return train(parse_config(streaming_values(sharded, run)))


def record_of(model):
    return json.loads((model / "training.json").read_text())


def test_a_stream_teaches_as_much_as_faces_on_disk(streamed, sharded, tmp_path):
    values = run_values(sharded, tmp_path / "run")
    values["data"] |= UNSET
    kept, stream = (record_of(model)["history"] for model in (train(parse_config(values)), streamed))
    assert kept[-1]["step"] == stream[-1]["step"] == 18
    # Of three epochs over 48 faces, in another order.
    assert stream[-1]["eval_loss"] == pytest.approx(kept[-1]["eval_loss"], rel=0.15)
    assert stream[-1]["eval_age_mae"] == pytest.approx(kept[-1]["eval_age_mae"], rel=0.4)
    assert stream[-1]["eval_loss"] < stream[0]["eval_loss"]


def test_only_validation_faces_are_kept(streamed):
    kept = sorted(path.name for path in (streamed.parent / "faces").iterdir())
    assert [name.rpartition("-")[0] for name in kept] == ["faces-16", "faces-24"]
    sizes = [path.stat().st_size for path in (streamed.parent / "faces").iterdir()]
    assert sum(sizes) < 24 * (16 * 16 + 24 * 24) * 3 + 1_000


def test_the_record_tells_of_the_stream(streamed):
    record = record_of(streamed)
    assert record["config"]["data"]["streaming"] is True
    assert record["train_images"] == 48
    assert record["without_landmarks"] is None
    assert record["sources"] == [["fairface", "utkface"]]
    assert len(record["data_revision"]) == 64


@pytest.mark.parametrize("accumulation", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_a_continued_run_ends_as_the_unbroken_one(sharded, tmp_path, monkeypatch, accumulation):
    training = {"gradient_accumulation_steps": accumulation, "per_device_train_batch_size": 4, "save_steps": 8}
    values = streaming_values(sharded, tmp_path / "run", **training)
    model = train(parse_config(values))
    unbroken = load_file(model / "model.safetensors")
    shutil.rmtree(model)
    newest = max(model.parent.glob("checkpoint-*"), key=lambda folder: int(folder.name.rpartition("-")[2]))
    shutil.rmtree(newest)
    cut, original = [], StreamedFaces._cut
    monkeypatch.setattr(StreamedFaces, "_cut", lambda *args: cut.append(args) or original(*args))
    again = load_file(train(parse_config(values)) / "model.safetensors")
    assert all(again[name].equal(unbroken[name]) for name in unbroken)
    left = {1: 36 - 32, 2: 18 - 16}[accumulation]
    assert len(cut) == left * accumulation * 4, "faces that were trained on are passed over uncut"


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"age_balance": 0.5}, "`data.age_balance` is 0.5 and cannot be had with `data.streaming`: it chooses among"),
        ({"gender_balance": 1.0}, "`data.gender_balance`"),
        ({"weights": {"drawn": 2.0}}, "`data.weights`"),
        ({"drop_unlikely": 0.1}, "`data.drop_unlikely`"),
        ({"limit": 10}, "`data.limit` is 10 .*: `training.max_steps` shortens a run"),
        ({"genders": ["male", "female"]}, "`data.genders`"),
    ],
)
def test_what_a_stream_cannot_have_is_named(sharded, tmp_path, settings, named):
    values = streaming_values(sharded, tmp_path / "run")
    values["data"] |= settings
    with pytest.raises(ConfigError, match=named):
        train(parse_config(values))
    assert not (tmp_path / "run" / "run.yaml").exists()


def test_workers_of_the_loader_have_no_use(sharded, tmp_path):
    with pytest.raises(ConfigError, match="dataloader_num_workers` has no use"):
        train(parse_config(streaming_values(sharded, tmp_path / "run", dataloader_num_workers=2)))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_processes_stream_their_own_faces(streamed, sharded, tmp_path):
    streaming = [f"data.{name}={json.dumps(value)}" for name, value in {**UNSET, "streaming": True}.items()]
    config = written(tmp_path / "two", sharded)
    run = ["-m", "trainer", "train", str(config), *streaming]
    codes, printed = two_machines([[*TORCHRUN, "--standalone", "--nproc_per_node=2", *run]])
    assert codes == [0], printed
    record = record_of(tmp_path / "two" / "run" / "model")
    assert record["world_size"] == 2
    # 29 and 19 faces, by row groups: eight batches of four for both, in three epochs.
    assert record["history"][-1]["step"] == 24
    alone = record_of(streamed)["history"][-1]
    assert record["history"][-1]["eval_loss"] == pytest.approx(alone["eval_loss"], rel=0.15)
