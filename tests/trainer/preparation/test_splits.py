import random
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from trainer.preparation import splits
from trainer.preparation.splits import age_band, assign_splits, merge_groups, near_duplicates, order_key, thumbnail


def noise(count, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, 24, 24), dtype=np.uint8)


def test_no_pictures_have_no_groups():
    assert near_duplicates(np.empty((0, 24, 24), np.uint8)) == []
    assert assign_splits([], [], []) == []


def test_near_duplicates_survive_brightness_and_contrast_and_link_up():
    pictures = noise(6).astype(np.float32)
    pictures[3] = pictures[1] * 0.5 + 40
    pictures[5] = pictures[3] + np.random.default_rng(1).normal(0, 1, (24, 24))
    assert near_duplicates(pictures) == [[0], [1, 3, 5], [2], [4]]


@pytest.mark.parametrize(("mixed_in", "together"), [(0.10, True), (0.25, False)])
def test_the_threshold_is_a_correlation(mixed_in, together):
    first, other = noise(2).astype(np.float32)
    # Independent noise of the same spread: the correlation is 1 / sqrt(1 + mixed_in²), 0.995 and 0.970.
    groups = near_duplicates(np.stack([first, first + mixed_in * other]))
    assert (len(groups) == 1) is together


def test_blocks_do_not_change_the_groups():
    pictures = noise(23)
    pictures[[4, 19]] = pictures[0]
    pictures[22] = pictures[7]
    expected = near_duplicates(pictures)
    assert [group for group in expected if len(group) > 1] == [[0, 4, 19], [7, 22]]
    assert near_duplicates(pictures, block=3) == expected


def test_pictures_that_are_all_the_same_are_one_group():
    assert near_duplicates(np.repeat(noise(1), 300, axis=0), block=64) == [list(range(300))]


def test_pictures_of_one_grey_are_nobodys_twins():
    assert near_duplicates(np.full((3, 24, 24), 80, np.uint8)) == [[0], [1], [2]]


def test_thumbnail_averages():
    image = Image.new("RGB", (48, 48), "black")
    image.paste("white", (0, 0, 24, 48))
    pixels = thumbnail(image)
    assert pixels.shape == (24, 24)
    assert pixels[:, :12].min() == 255
    assert pixels[:, 12:].max() == 0


def test_groupings_merge():
    assert merge_groups(5, [[0, 1], [2], [3], [4]], [[1, 3], [0], [2], [4]]) == [[0, 1, 3], [2], [4]]
    assert merge_groups(4, [[3, 0], [2, 1]], [[1, 2], [0], [3]]) == [[0, 3], [1, 2]]
    assert merge_groups(3, [[0, 1], [2]], [[2, 1], [0]]) == [[0, 1, 2]]
    assert merge_groups(2) == [[0], [1]]
    assert merge_groups(0) == []


@pytest.mark.parametrize(
    ("ages", "band"),
    [((0, 0), 0), ((9, 9), 0), ((10, 19), 1), ((3, 9), 0), ((20, 29), 2), ((40, 40), 3), ((60, 69), 4), ((70, 120), 4)],
)
def test_age_bands(ages, band):
    assert age_band(*ages) == band


def example():
    files = [f"{number}.jpg" for number in range(1000)]
    strata = ["young" if number % 4 == 0 else "old" for number in range(1000)]
    groups = [[number, number + 1, number + 2] for number in range(0, 90, 3)] + [[n] for n in range(90, 1000)]
    return files, strata, groups


def test_strata_are_divided_80_10_10_and_groups_stay_together():
    files, strata, groups = example()
    result = assign_splits(files, strata, groups)
    assert all(len({result[index] for index in group}) == 1 for group in groups)
    assert Counter(result) == pytest.approx({"train": 800, "validation": 100, "test": 100}, abs=3)
    young = Counter(split for split, stratum in zip(result, strata, strict=True) if stratum == "young")
    assert young == pytest.approx({"train": 200, "validation": 25, "test": 25}, abs=8)
    in_groups = {result[group[0]] for group in groups[:30]}
    assert in_groups == set(splits.SPLITS), "groups of several must not all land in one split"


def test_the_order_of_files_and_groups_does_not_matter():
    files, strata, groups = example()
    expected = dict(zip(files, assign_splits(files, strata, groups), strict=True))
    order = list(range(len(files)))
    random.Random(3).shuffle(order)
    place = {old: new for new, old in enumerate(order)}
    shuffled_groups = [[place[index] for index in reversed(group)] for group in reversed(groups)]
    shuffled = [files[index] for index in order]
    result = assign_splits(shuffled, [strata[index] for index in order], shuffled_groups)
    assert dict(zip(shuffled, result, strict=True)) == expected


def test_another_seed_is_another_split():
    files, strata, groups = example()
    assert assign_splits(files, strata, groups) != assign_splits(files, strata, groups, seed="other")


def test_a_group_too_large_for_the_small_splits_is_for_training():
    files = [f"{number}" for number in range(20)]
    result = assign_splits(files, ["s"] * 20, [list(range(10)), *([n] for n in range(10, 20))])
    assert result[:10] == ["train"] * 10
    assert Counter(result) == {"train": 16, "validation": 2, "test": 2}


def test_python_hash_seed_does_not_matter():
    code = (
        "from trainer.preparation.splits import assign_splits;"
        "print(assign_splits([str(n) for n in range(60)], [('a', n % 2) for n in range(60)], [[n] for n in range(60)]))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(filter(None, sys.path))},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert "'test'" in outputs.pop()


def test_order_key_is_a_fixed_number():
    assert order_key("a.jpg", "seed") == "5498d26e02e4817c4663ff18ab2a28e2679cac836e63f60ff9437495b596bd8e"
