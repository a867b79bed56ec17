"""The training record: read whole where it is whole, and never a value of a wrong type, whatever the file holds."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given

from gender_age.checkpoint import DEFAULT_MODEL
from gender_age.json_values import number, part, text, whole_number
from gender_age.records import MAX_RUNS, TRAINING_FILE, Dropped, TrainingRecord, load_record, read_record
from tests.robustness.searching import MANY
from trainer.training.config_file import parse_config
from trainer.training.label_cleaning import DROPPED_FILE
from trainer.training.saving import hardware, run_record

from .any_json import JSON, WRONG, damaged, each_replaced, wrong_values

WHOLE = json.loads((DEFAULT_MODEL / TRAINING_FILE).read_text(encoding="utf-8"))

SHORT = {**WHOLE, "history": []}


@MANY
@given(JSON)
def test_any_json_is_read(values):
    record = TrainingRecord.read(values)
    assert (record is not None) == isinstance(values, dict)
    assert wrong_values(record, TrainingRecord | None) == []


@MANY
@given(damaged(SHORT))
def test_a_damaged_record_holds_nothing_wrong(values):
    assert wrong_values(TrainingRecord.read(values), TrainingRecord | None) == []


@pytest.mark.parametrize("wrong", WRONG)
def test_any_one_wrong_value_is_kept_out(wrong):
    for values in each_replaced(SHORT, wrong):
        assert wrong_values(TrainingRecord.read(values), TrainingRecord) == []


def test_the_default_models_record_is_read_whole():
    record = TrainingRecord.read(read_record(DEFAULT_MODEL, TRAINING_FILE))
    assert record.config == WHOLE["config"]
    before, first = record.started_from, record.first_run
    assert record.sources == ("utkface", "fairface", "all-age-faces")
    assert before.sources == first.sources == ("utkface", "fairface")
    assert before.dropped == Dropped(**WHOLE["started_from"]["dropped"])
    assert before.drop_unlikely == WHOLE["started_from"]["config"]["data"]["drop_unlikely"]
    assert record.pretrained == WHOLE["config"]["model"]["pretrained"]
    for name in ("train_images", "data_revision", "hours", "hardware", "world_size", "seed", "versions"):
        assert getattr(record, name) == WHOLE[name], name
        assert getattr(before, name) == WHOLE["started_from"][name], name
    assert [(run.image_sizes, run.epochs) for run in (record, before, first)] == [
        ((192,), (5,)),
        ((160,), (12,)),
        ((128,), (9,)),
    ]
    assert (first.num_hidden_layers, first.hidden_size, first.stem) == (2, 256, "mobilenet")
    assert first.pretrained is None
    assert record.starts_from_mobilenet
    assert not record.from_random_weights
    assert not first.from_random_weights


def test_a_chain_of_runs():
    runs = {"hours": 1, "started_from": {"hours": 2.5, "started_from": {"seed": 3, "started_from": None}}}
    record = TrainingRecord.read(runs)
    assert [run.hours for run in record.earlier_runs] == [2.5, None]
    assert record.earlier_hours == 2.5
    assert record.first_run == TrainingRecord(seed=3)
    assert TrainingRecord().first_run == TrainingRecord()
    assert TrainingRecord().earlier_hours == 0


def test_an_endless_chain_is_cut():
    values = {}
    for _ in range(50 * MAX_RUNS):
        values = {"started_from": values}
    assert len(TrainingRecord.read(values).earlier_runs) == MAX_RUNS - 1


@pytest.mark.parametrize(
    ("names", "sources"),
    [
        (None, ()),
        ("data/utkface", ()),
        (["data/utkface", 7, "me/FairFace-margin@main", "data/utkface", "me/other@v2", "", "@"], None),
    ],
)
def test_sources_have_their_known_names(names, sources):
    record = TrainingRecord.read({"config": {"data": {"train": names}}})
    assert record.sources == (("utkface", "fairface", "me/other") if sources is None else sources)


def test_sources_are_those_that_the_rows_name():
    trained = {
        "config": {"data": {"train": ["data/not-utkface", "data/faces", "me/faces@v2", "data/old", "me/chips"]}},
        "sources": [["school"], ["utkface", "club"], ["mine"], None, ["fairface", 7]],
        "hub_ids": ["me/faces@v2", "me/chips"],
    }
    record = TrainingRecord.read(trained)
    assert record.sources == ("school", "utkface", "club", "me/faces", "data/old", "fairface")
    assert [record.has_seen(name) for name in ("mine", "club", "fairface", "other")] == [True, True, True, None]
    told = TrainingRecord.read(trained | {"sources": [["school"], ["utkface"], ["mine"], ["old"], ["fairface"]]})
    assert [told.has_seen(name) for name in ("mine", "old", "club")] == [True, True, False]
    after = TrainingRecord.read({"config": {"data": {"train": ["data/fairface"]}}, "started_from": trained})
    assert [after.has_seen(name) for name in ("mine", "other")] == [True, None]


def test_stages_with_a_gap_are_not_told():
    stages = [{"image_size": 64, "epochs": 3}, {"image_size": 128, "epochs": "2"}]
    record = TrainingRecord.read({"config": {"stages": stages}})
    assert (record.image_sizes, record.epochs) == ((64, 128), ())


def written_by_trainer(folder, start):
    """The content of `training.json` of a run in `folder` that goes on from `start`."""
    values = {
        "model": {"pretrained": start and str(start), "config": {"hidden_size": 48, "num_hidden_layers": 3}},
        "data": {"train": ["data/utkface", "me/faces@main"], "drop_unlikely": 0.02 if start else 0},
        "stages": [{"image_size": 32, "epochs": 2}, {"image_size": 64, "epochs": 1}],
        "training": {"output_dir": str(folder)},
    }
    rows = type(
        "Rows", (list,), {"revision": "0a1b" * 16, "num_without_landmarks": 4, "num_faces": 321, "sources": None}
    )()
    args = SimpleNamespace(device=torch.device("cpu"), world_size=2, seed=5, output_dir=str(folder))
    trainer = SimpleNamespace(args=args, train_dataset=rows, state=SimpleNamespace(log_history=[]))
    return json.loads(json.dumps(run_record(parse_config(values), trainer, 5400)))


def test_the_hardware_is_named_whatever_it_is(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "NVIDIA H200")
    assert [hardware(torch.device(name)) for name in ("cpu", "cuda:0", "mps")] == [
        "cpu, 1 thread",
        "NVIDIA H200",
        "mps",
    ]


def test_a_start_of_this_project_without_a_record_is_told_from_others(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for kind, record in (("gender_age", {}), ("vit", None)):
        (tmp_path / kind).mkdir()
        (tmp_path / kind / "config.json").write_text(json.dumps({"model_type": kind}))
        assert written_by_trainer(tmp_path, tmp_path / kind)["started_from"] == record


def test_what_the_trainer_writes_is_read_whole(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data/utkface").mkdir(parents=True)
    (tmp_path / "start").mkdir()
    (tmp_path / "start" / TRAINING_FILE).write_text(json.dumps({"hours": 2.5, "history": [1]}))
    (tmp_path / DROPPED_FILE).write_text(json.dumps({"gender": [1, 2], "age": [3]}))
    written = written_by_trainer(tmp_path, tmp_path / "start")
    record = TrainingRecord.read(written)
    assert record == TrainingRecord(
        config=written["config"],
        sources=("utkface", "me/faces"),
        row_sources=(),
        names_all_sources=False,
        train_images=321,
        data_revision="0a1b" * 16,
        dropped=Dropped(gender=2, age=1),
        drop_unlikely=0.02,
        hub_ids=("me/faces@main",),
        without_landmarks=4,
        pretrained=str(tmp_path / "start"),
        num_hidden_layers=3,
        hidden_size=48,
        image_sizes=(32, 64),
        epochs=(2, 1),
        hours=1.5,
        hardware=written["hardware"],
        world_size=2,
        seed=5,
        versions=written["versions"],
        started_from=TrainingRecord(hours=2.5),
    )
    assert "history" not in written["started_from"]
    assert (record.hub_datasets, record.hub_checkpoint) == (("me/faces",), None)


@pytest.mark.parametrize("content", [None, "", "[1]"])
def test_a_start_without_a_readable_record_is_none(tmp_path, monkeypatch, content):
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / TRAINING_FILE).write_text(content)
    assert TrainingRecord.read(written_by_trainer(tmp_path, tmp_path)).started_from is None


def test_a_run_from_random_weights_started_from_no_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / TRAINING_FILE).write_text('{"hours": 2.5}')
    record = TrainingRecord.read(written_by_trainer(tmp_path, None))
    assert (record.pretrained, record.started_from, record.from_random_weights) == (None, None, True)


@pytest.mark.parametrize(
    "content", [b"", b"[1]", b'"text"', b"{", b"\xff{}", b'{"a":' * 20_000 + b"1" + b"}" * 20_000, b"1" * 5000]
)
def test_a_file_that_holds_no_object(tmp_path, content):
    (tmp_path / "a.json").write_bytes(content)
    assert read_record(tmp_path, "a.json") is None
    with pytest.raises(ValueError):  # noqa: PT011
        load_record(tmp_path / "a.json")


def test_a_file_that_is_none(tmp_path):
    assert read_record(tmp_path, "a.json") is None
    assert read_record(tmp_path / "a\0b", "a.json") is None
    assert read_record(tmp_path.parent, tmp_path.name) is None
    with pytest.raises(OSError, match="a.json"):
        load_record(Path(tmp_path / "a.json"))


def test_parts_numbers_and_text():
    assert part({"a": {"b": 1}}, "a", "b") == 1
    assert part({"a": [1]}, "a", "b") is part(None, "a") is None
    assert [number(each, 0, 5) for each in (0, 5, 6, False, "1")] == [0, 5, None, None, None]
    assert [whole_number(each, 1, 5) for each in (0, 5, 3.0, True)] == [None, 5, None, None]
    assert [text(each) for each in ("ä", "", "\ud800", 3)] == ["ä", None, None, None]


@pytest.mark.parametrize(
    ("model", "at_random"),
    [
        ({"pretrained": None}, True),
        ({"pretrained": None, "stem_weights": None}, True),
        ({"pretrained": None, "stem_weights": "faceres.json"}, False),
        ({"pretrained": None, "stem_weights": 7}, False),
        ({"pretrained": 7}, False),
        ({"pretrained": "me/vit"}, False),
        ({}, False),
        (None, False),
    ],
)
def test_random_weights_are_told_only_where_recorded(model, at_random):
    assert TrainingRecord.read({"config": {"model": model}}).from_random_weights == at_random
