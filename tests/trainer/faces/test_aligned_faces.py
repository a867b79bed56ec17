import os
import shutil

import numpy as np
import pytest
import torch
from datasets import Image, concatenate_datasets
from PIL import ImageOps

from gender_age.alignment import align_face
from trainer.errors import DataError
from trainer.faces.aligned_faces import AlignedFaces, uses_fallback
from trainer.faces.loading import load_prepared, load_rows, load_split


def test_a_batch_holds_aligned_pixels_and_labels(tiny_data, tmp_path):
    dataset = load_split([str(tiny_data)], "validation")
    faces = AlignedFaces(dataset, [16, 24], tmp_path)
    assert len(faces) == 24
    faces.image_size = 24
    batch = faces.__getitems__([5, 2, 0])
    assert batch["pixels"].shape == (3, 3, 24, 24)
    assert batch["pixels"].dtype == torch.uint8
    for row, index in enumerate([5, 2, 0]):
        example = dataset[index]
        expected = np.asarray(align_face(example["image"].convert("RGB"), example["landmarks"], 24))
        assert np.array_equal(batch["pixels"][row].permute(1, 2, 0).numpy(), expected)
        for name in ("gender", "age_min", "age_max"):
            assert batch[name][row] == example[name]


def test_margin_adds_to_each_side(tiny_data, tmp_path):
    dataset = load_split([str(tiny_data)], "validation", limit=4)
    wide = AlignedFaces(dataset, [16], tmp_path, margin=0.125)[1]["pixels"]
    plain = AlignedFaces(dataset, [16], tmp_path)[1]["pixels"]
    assert wide.shape == (3, 20, 20)
    assert torch.equal(wide[:, 2:-2, 2:-2], plain)


def test_pixels_are_cut_once(tiny_data, tmp_path, monkeypatch):
    dataset = load_split([str(tiny_data)], "validation", limit=4)
    AlignedFaces(dataset, [16], tmp_path)
    monkeypatch.setattr("trainer.faces.aligned_faces.align_face", None)
    assert len(AlignedFaces(dataset, [16], tmp_path)) == 4
    assert [path.suffix for path in tmp_path.iterdir()] == [".npy"]


def test_other_data_gets_other_pixels(tiny_data, tmp_path):
    one, other = (
        AlignedFaces(load_split([str(tiny_data)], split, limit=4), [16], tmp_path) for split in ("test", "validation")
    )
    assert not torch.equal(one[1]["pixels"], other[1]["pixels"])


def test_other_pictures_under_the_same_names_get_other_pixels(tiny_data, tmp_path):
    rows = load_split([str(tiny_data)], "validation", limit=4)
    pictures = rows.select_columns("image").map(lambda row: {"image": ImageOps.invert(row["image"])})
    replaced = concatenate_datasets([pictures.cast_column("image", Image()), rows.remove_columns("image")], axis=1)
    one, other = (AlignedFaces(dataset, [16], tmp_path)[1]["pixels"] for dataset in (rows, replaced))
    assert (one.int() + other.int() - 255).abs().float().mean() < 3
    assert not torch.equal(one, other)


def test_a_folder_replaced_in_place_is_read_again(tiny_data, tmp_path):
    """Also by files of the same times, as `cp -p`, rsync and tar make them."""
    folder = tmp_path / "data"
    shutil.copytree(tiny_data, folder)
    before = load_rows(str(folder), "validation")
    (path,) = (folder / "data").glob("validation-*")
    times = path.stat()
    older = before.map(lambda row: {"age_min": row["age_min"] + 1, "age_max": row["age_max"] + 1})
    os.remove(path)
    older.to_parquet(path)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    after = load_rows(str(folder), "validation")
    assert after["age_min"][:] == [age + 1 for age in before["age_min"][:]]
    assert load_split([str(folder)], "validation")["age_max"][:] == [age + 1 for age in before["age_max"][:]]


def test_the_revision_follows_files_and_labels(tiny_data, tmp_path):
    rows = load_split([str(tiny_data)], "validation", limit=4)
    grown = rows.map(lambda row: {"age_max": row["age_max"] + 1})
    revisions = [
        AlignedFaces(dataset, [16], tmp_path).revision for dataset in (rows, rows, rows.select([0, 1, 2]), grown)
    ]
    assert revisions[0] == revisions[1]
    assert len(set(revisions)) == 3


def test_fallback_share_is_kept_and_changes_with_the_size():
    files = [f"{n}.jpg" for n in range(2000)]
    small, large = ([uses_fallback(file, size, 0.1) for file in files] for size in (64, 96))
    assert 150 < sum(small) < 250
    assert small != large
    assert not any(uses_fallback(file, 64, 0.0) for file in files)


def test_sources_are_joined_and_cut(tiny_data):
    assert len(load_split([str(tiny_data)] * 2, "train", limit=10)) == 20


def test_a_missing_folder_is_a_sentence(tmp_path):
    with pytest.raises(DataError, match="trainer prepare"):
        load_prepared(str(tmp_path / "none"))
