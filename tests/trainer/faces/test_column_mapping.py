"""Public datasets with other names, read as prepared ones."""

import argparse
import io
import json

import numpy as np
import pytest
from datasets import ClassLabel, Dataset, Features, Image, Value
from PIL import Image as PILImage

from tests.trainer.training.test_config_file import CONFIGS, SMALLEST
from trainer import evaluate
from trainer.errors import ConfigError, DataError
from trainer.evaluation.sources import load_sources
from trainer.faces.aligned_faces import AlignedFaces
from trainer.faces.column_mapping import ColumnMapping, as_prepared
from trainer.faces.loading import load_rows, load_split
from trainer.preparation.parquet import FEATURES
from trainer.training.config_file import load_config, parse_config

MAPPING = {"img": "image", "years": "age", "sex": "gender"}


def picture(number):
    stream = io.BytesIO()
    PILImage.fromarray(np.full((20, 20, 3), number * 5, np.uint8)).save(stream, "PNG")
    return {"bytes": stream.getvalue(), "path": None}


def foreign(years, sexes, years_type, sexes_type, **more):
    features = {"img": Image(), "years": years_type, "sex": sexes_type} | {
        name: kind for name, (_, kind) in more.items()
    }
    columns = {"img": [picture(number) for number in range(len(years))], "years": years, "sex": sexes}
    columns |= {name: values for name, (values, _) in more.items()}
    return Dataset.from_dict(columns, features=Features(features))


@pytest.fixture
def public(tmp_path):
    """A folder as a public copy may be: integer ages, genders in the other order, nothing else."""
    rows = foreign([3, 40, 101, 7], [0, 1, 1, 0], Value("int64"), ClassLabel(names=["Male", "Female"]))
    (tmp_path / "public" / "data").mkdir(parents=True)
    for split in ("train", "validation", "test"):
        rows.to_parquet(tmp_path / "public" / "data" / f"{split}-00000-of-00001.parquet")
    return tmp_path / "public"


def test_a_mapped_dataset_has_the_columns_and_types_of_a_prepared_one(public):
    assert list(load_sources([str(public)], "test", mapping=ColumnMapping(MAPPING))) == ["public"]
    rows = load_rows(str(public), "test", ColumnMapping(MAPPING))
    assert {name: kind for name, kind in rows.features.items() if name != "source"} == {
        name: kind for name, kind in FEATURES.items() if name != "source"
    }
    assert rows["age_min"][:] == rows["age_max"][:] == [3, 40, 101, 7]
    assert [rows.features["gender"].int2str(each) for each in rows["gender"]] == ["male", "female", "female", "male"]
    assert rows["landmarks"][:] == rows["race"][:] == [None] * 4
    assert [file[:12] for file in rows["file"]] == ["test/000000-", "test/000001-", "test/000002-", "test/000003-"]
    assert rows[1]["image"].getpixel((0, 0)) == (5, 5, 5)


def test_it_trains_together_with_a_prepared_one_which_stays_as_it_is(public, tiny_data, tmp_path):
    rows = load_split([str(tiny_data), str(public)], "train", mapping=ColumnMapping(MAPPING))
    assert rows[:48]["file"] == load_split([str(tiny_data)], "train")["file"][:]
    faces = AlignedFaces(rows.select(range(44, 52)), [16], tmp_path / "faces")
    assert faces.age_min[4:].tolist() == [3, 40, 101, 7]
    assert faces.gender[4:].tolist() == [1, 0, 0, 1]
    assert faces.__getitems__([4, 5])["pixels"][:, 0, 8, 8].tolist() == [0, 5]


def test_rows_of_other_pictures_have_other_names():
    one = foreign([3], ["F"], Value("int64"), Value("string"))
    two = one.remove_columns("img").add_column("img", [picture(9)], feature=Image())
    names = [as_prepared(rows, ColumnMapping(MAPPING), "user/faces", "train")["file"][0] for rows in (one, two, one)]
    assert names[0] == names[2] != names[1]


def test_numbers_for_genders_need_their_names():
    rows = foreign([3, 40], [0, 1], Value("int64"), Value("int64"))
    with pytest.raises(DataError, match=r"genders: \[male, female\]"):
        as_prepared(rows, ColumnMapping(MAPPING), "user/faces", "train")
    read = as_prepared(rows, ColumnMapping(MAPPING, ["male", "female"]), "user/faces", "train")
    assert read["gender"][:] == [1, 0]
    assert [read.features["source"].int2str(each) for each in read["source"]] == ["user/faces"] * 2


def test_ranges_of_ages_groups_landmarks_and_names_are_kept():
    points = [[1.0, 2.0]] * 5
    rows = foreign(
        [0, 1],
        ["female", "male"],
        ClassLabel(names=["20-29", "more than 70"]),
        Value("string"),
        ethnicity=(["black", "unheard of"], Value("string")),
        points=([points, None], FEATURES["landmarks"]),
        name=(["a.jpg", "b.jpg"], Value("string")),
        source=([1, 0], ClassLabel(names=["utkface", "fairface"])),
    )
    more = {"ethnicity": "race", "points": "landmarks", "name": "file"}
    read = as_prepared(rows, ColumnMapping(MAPPING | more), "user/faces", "train")
    assert read.features == FEATURES
    assert (read["age_min"][:], read["age_max"][:]) == ([20, 70], [29, 120])
    assert read["race"][:] == [FEATURES["race"].str2int("Black"), None]
    assert (read["landmarks"][:], read["file"][:], read["source"][:]) == ([points, None], ["a.jpg", "b.jpg"], [1, 0])


def test_an_age_with_one_end_is_open_at_the_other():
    ends = {"low": ([60, None, None, 20], Value("int64")), "high": ([None, 12, None, 29], Value("int64"))}
    rows = foreign([1] * 4, ["F"] * 4, Value("int64"), Value("string"), **ends).remove_columns("years")
    mapping = ColumnMapping({"img": "image", "sex": "gender", "low": "age_min", "high": "age_max"})
    read = as_prepared(rows, mapping, "user/faces", "train")
    assert list(zip(read["age_min"], read["age_max"], strict=True)) == [(60, 120), (0, 12), (None, None), (20, 29)]


def test_no_class_is_no_label():
    rows = foreign([0, -1], [-1, 1], ClassLabel(names=["20-29", "30-39"]), ClassLabel(names=["M", "F"]))
    read = as_prepared(rows, ColumnMapping(MAPPING), "user/faces", "train")
    assert (read["age_min"][:], read["gender"][:]) == ([20, None], [None, 0])


def test_a_row_without_a_picture_is_named():
    rows = foreign([3, 4], ["F", "M"], Value("int64"), Value("string"))
    rows = rows.remove_columns("img").add_column("img", [picture(1), None], feature=Image())
    with pytest.raises(DataError, match="row 1 of split train of user/faces has no picture"):
        as_prepared(rows, ColumnMapping(MAPPING), "user/faces", "train")


@pytest.mark.parametrize(
    ("rows", "mapping", "said"),
    [
        ((["3"], ["F"], Value("string"), Value("string")), {"img": "image", "sex": "gender"}, "the column 'age_min'"),
        ((["3"], ["F"], Value("string"), Value("string")), {"years": "age"}, "lacks the column 'image'"),
        ((["old"], ["F"], Value("string"), Value("string")), MAPPING, "age 'old'"),
        (([-1], ["F"], Value("int64"), Value("string")), MAPPING, "age -1"),
        (([121], ["F"], Value("int64"), Value("string")), MAPPING, "age 121"),
        (([3], ["other"], Value("int64"), Value("string")), MAPPING, "gender 'other'"),
        (([3], ["F"], Value("int64"), Value("string")), {"sex": "image", "years": "age"}, "lacks the column 'gender'"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_a_sentence(rows, mapping, said):
    with pytest.raises(DataError, match=said):
        as_prepared(foreign(*rows), ColumnMapping(mapping), "user/faces", "train")


def test_a_column_without_pictures_and_one_with_other_points_are_sentences():
    rows = foreign([3], ["F"], Value("int64"), Value("string"), points=([[[1.0, 2.0]]], FEATURES["landmarks"]))
    with pytest.raises(DataError, match="five"):
        as_prepared(rows, ColumnMapping(MAPPING | {"points": "landmarks"}), "user/faces", "train")
    rows = rows.remove_columns("img").add_column("img", ["3.jpg"])
    with pytest.raises(DataError, match="no pictures"):
        as_prepared(rows, ColumnMapping(MAPPING), "user/faces", "train")


def test_evaluate_takes_the_mapping_on_its_command_line(public, tiny_model_folder, tmp_path):
    parser = argparse.ArgumentParser()
    evaluate.add_arguments(parser)
    options = ["--columns", *(f"{theirs}={ours}" for theirs, ours in MAPPING.items()), "--device", "cpu"]
    paths = ["--model", str(tiny_model_folder), "--data", str(public), "--output", str(tmp_path / "report")]
    assert evaluate.main(parser.parse_args([*paths, *options, "--skip-end-to-end"])) == 0
    report = json.loads((tmp_path / "report" / evaluate.REPORT_NAME).read_text("utf-8"))
    assert report["images"] == {"public": 4}
    assert report["protocols"]["landmarks"]["public"]["by_gender"].keys() == {"female", "male"}
    with pytest.raises(ConfigError, match="maps 'sex' to ''"):
        evaluate.main(parser.parse_args([*paths, "--columns", "sex"]))


def test_a_split_that_is_not_there_is_a_sentence(public):
    with pytest.raises(DataError, match="no split 'dev'; it has train, validation, test"):
        load_split([str(public)], "dev", mapping=ColumnMapping(MAPPING))


def test_the_config_names_the_columns_and_leaves_no_trace_where_there_are_none():
    section = {"train": ["user/faces@v1"], "columns": MAPPING, "genders": ["male", "female"]}
    config = parse_config(SMALLEST | {"data": section})
    assert config.data.mapping == ColumnMapping(MAPPING, ["male", "female"])
    assert config.to_dict()["data"].items() >= section.items()
    # A run that began before there were these settings goes on with the run.yaml that it wrote then.
    assert load_config(CONFIGS[1]).to_dict()["data"].keys() == {
        "train", "margin", "fallback_share", "age_balance", "limit", "cache_dir"
    }  # fmt: skip
    assert load_config(CONFIGS[1]).to_dict()["model"].keys() == {
        "pretrained", "revision", "attn_implementation", "config"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"columns": {"sex": "gendre"}}, "gendre"),
        ({"columns": ["sex"]}, "their_name"),
        ({"columns": {"a": "age", "b": "age"}}, "two columns to one"),
        ({"genders": ["men", "women"]}, "male, female"),
    ],
)
def test_a_mapping_that_names_what_is_not_known(section, said):
    with pytest.raises(ConfigError, match=said):
        parse_config(SMALLEST | {"data": {"train": ["a"]} | section})
