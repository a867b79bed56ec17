"""Faces that are read as a stream: each once an epoch, the processes' shares apart, the pixels of `AlignedFaces`."""

import itertools
from collections import Counter

import numpy as np
import pytest
import torch
from datasets import load_dataset

from trainer.errors import DataError
from trainer.faces.aligned_faces import AlignedFaces
from trainer.faces.loading import load_split
from trainer.faces.parquet_splits import parquet_split
from trainer.faces.streamed_faces import StreamedFaces

SETTINGS = {"drop_last": False, "seed": 3, "image_size": 16, "margin": 0.125, "fallback_share": 0.3, "buffer_size": 16}


@pytest.fixture
def shown(monkeypatch):
    """`shown(faces)`: the files of an epoch, by batch."""
    batches = []
    monkeypatch.setattr(
        "trainer.faces.streamed_faces._as_tensors", lambda rows, faces: batches.append([row["file"] for row in rows])
    )

    def files(faces):
        batches.clear()
        assert len(list(faces)) == len(faces)
        return list(batches)

    return files


def stream(*sources, rank=0, world_size=1, batch_size=5, **settings):
    splits = [parquet_split(str(source), "train") for source in sources]
    return StreamedFaces(splits, rank=rank, world_size=world_size, batch_size=batch_size, **SETTINGS | settings)


def test_each_face_is_shown_once_an_epoch_in_another_order(sharded, shown):
    faces = stream(sharded)
    epochs = []
    for epoch in range(2):
        faces.set_epoch(epoch)
        epochs.append(list(itertools.chain(*shown(faces))))
    expected = load_split([str(sharded)], "train")["file"][:]
    assert len(faces) == 10
    assert faces.num_faces == 48
    assert sorted(epochs[0]) == sorted(epochs[1]) == sorted(expected)
    assert epochs[0] != epochs[1] != expected
    faces.set_epoch(0)
    assert list(itertools.chain(*shown(faces))) == epochs[0]
    assert list(itertools.chain(*shown(stream(sharded, seed=4)))) != epochs[0]


@pytest.mark.parametrize("world_size", [2, 3])
def test_the_shares_of_processes_are_disjoint_and_as_long(sharded, shown, world_size):
    shares = [shown(stream(sharded, rank=rank, world_size=world_size)) for rank in range(world_size)]
    assert len({tuple(map(len, share)) for share in shares}) == 1
    counts = [Counter(itertools.chain(*share)) for share in shares]
    for one, other in itertools.combinations(counts, 2):
        assert not set(one) & set(other)
    assert set().union(*counts) == set(load_split([str(sharded)], "train")["file"][:])
    # The longest share's faces come once, but for the last batch.
    assert min(sum(count.values()) - len(count) for count in counts) < 5


def test_dropping_the_last_batch_repeats_no_face(sharded, shown):
    for rank in range(2):
        batches = shown(stream(sharded, rank=rank, world_size=2, drop_last=True))
        assert {len(batch) for batch in batches} == {5}
        assert max(Counter(itertools.chain(*batches)).values()) == 1


def test_datasets_are_mixed(sharded, tiny_data, shown):
    batches = shown(stream(sharded, tiny_data))
    assert len(batches) == 20
    assert set(Counter(itertools.chain(*batches)).values()) == {2}
    # Not one dataset after the other: faces come again before all have been seen.
    first = Counter(itertools.chain(*batches[:10]))
    assert 0 < sum(count == 2 for count in first.values()) < 40


def by_pixels(batch):
    """The faces of a batch in an order of their own."""
    labels = zip(*(batch[name].tolist() for name in ("gender", "age_min", "age_max")), strict=True)
    return sorted((pixels.numpy().tobytes(), *each) for pixels, each in zip(batch["pixels"], labels, strict=True))


@pytest.mark.parametrize("size", [16, 24])
def test_pixels_and_labels_are_those_of_aligned_faces(sharded, tmp_path, size):
    rows = load_split([str(sharded)], "train")
    aligned = AlignedFaces(rows, [size], tmp_path, margin=0.125, fallback_share=0.3).__getitems__(range(48))
    batches = list(stream(sharded, image_size=size))
    found = {name: torch.cat([batch[name] for batch in batches]) for name in aligned}
    assert found["pixels"].shape == aligned["pixels"].shape
    assert by_pixels(found) == by_pixels(aligned)


def test_batches_that_are_passed_over_are_not_cut(sharded, monkeypatch):
    whole = list(stream(sharded))
    faces, cut = stream(sharded), []
    faces.uncut_batches = 8
    original = StreamedFaces._cut
    monkeypatch.setattr(StreamedFaces, "_cut", lambda *args: cut.append(args) or original(*args))
    rest = list(faces)
    assert rest[:8] == [{}] * 8
    assert len(cut) == 8
    for one, other in zip(rest[8:], whole[8:], strict=True):
        assert torch.equal(one["pixels"], other["pixels"])
    assert all(len(batch) == 4 for batch in faces), "in the next epoch all are cut"


def test_a_loop_that_ends_early_leaves_no_thread(sharded):
    batches = iter(stream(sharded))
    assert next(batches)["pixels"].dtype == torch.uint8
    batches.close()


def test_more_processes_than_row_groups_is_a_sentence(sharded):
    with pytest.raises(DataError, match="has 7 Parquet row groups, too few for 8 processes"):
        stream(sharded, world_size=8)


def test_an_age_that_cannot_be_is_a_sentence(sharded, tmp_path):
    rows = load_dataset(str(sharded), split="train", cache_dir=str(tmp_path / "cache"))
    low = np.array(rows["age_max"][:]) + 1
    folder = tmp_path / "wrong"
    rows.remove_columns("age_min").add_column("age_min", low.astype("int32")).to_parquet(folder / "train.parquet")
    with pytest.raises(DataError, match="age_min is below 0, above age_max, or alone"):
        list(stream(folder))


def test_other_columns_and_formats_are_sentences(sharded, tmp_path):
    rows = load_dataset(str(sharded), split="train", cache_dir=str(tmp_path / "cache"))
    rows.rename_column("gender", "sex").to_parquet(tmp_path / "other" / "train.parquet")
    with pytest.raises(DataError, match=r"other has not the columns of a prepared dataset.*trainer prepare"):
        stream(tmp_path / "other")
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "train.csv").write_text("gender,age\nmale,30\n")
    with pytest.raises(DataError, match="is no Parquet"):
        parquet_split(str(tmp_path / "text"), "train")
    with pytest.raises(DataError, match="has no split 'test'; it has train, validation"):
        parquet_split(str(sharded), "test")
    with pytest.raises(DataError, match="is no folder"):
        parquet_split(str(tmp_path / "nowhere"), "train")


def test_the_revision_follows_the_content(sharded, tiny_data, tmp_path):
    one, again = (parquet_split(str(sharded), "train").revision for _ in range(2))
    assert one == again != parquet_split(str(tiny_data), "train").revision
