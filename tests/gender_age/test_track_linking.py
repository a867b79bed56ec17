"""Same groups as comparing all pairs, faster."""

import time

import numpy as np
import pytest

from gender_age.track_linking import linked, unit

LEAST = 0.88


def reference(look_sums, times_s):
    """Cubic time."""
    groups, sums, times = {index: [index] for index in range(len(look_sums))}, list(look_sums), list(times_s)
    while True:
        pairs = [
            (-float(unit(sums[first]) @ unit(sums[second])), first, second)
            for first in groups
            for second in groups
            if first < second and not times[first] & times[second]
        ]
        if not pairs or -min(pairs)[0] < LEAST:
            return list(groups.values())
        _, first, second = min(pairs)
        groups[first] += groups.pop(second)
        sums[first], times[first] = sums[first] + sums[second], times[first] | times[second]


def tracks(number, people, seed, noise, frames):
    """Looks of a few people, more or less alike, at random times."""
    rng = np.random.default_rng(seed)
    faces = rng.normal(size=(people, 256))
    looks = faces[rng.integers(people, size=number)] + noise * rng.normal(size=(number, 256))
    lengths = rng.integers(1, 6, size=number)
    times = [set((rng.integers(frames) + np.arange(length)).tolist()) for length in lengths]
    return [length * unit(look).astype(np.float32) for length, look in zip(lengths, looks, strict=True)], times


@pytest.mark.parametrize("frames", [1, 20, 60, 100_000])
@pytest.mark.parametrize("noise", [0.3, 0.34, 0.37])
def test_groups_are_those_of_comparing_all_pairs(noise, frames):
    sizes = set()
    for seed in range(12):
        looks, times = tracks(2 + 2 * seed, 1 + seed % 4, seed, noise, frames)
        groups = linked(looks, times, LEAST)
        assert groups == reference(looks, times), seed
        sizes |= {len(group) for group in groups}
    assert sizes == {1} if frames == 1 else len(sizes) > 2


@pytest.mark.parametrize("seed", range(20))
def test_of_those_that_are_equally_alike_the_first_are_joined(seed):
    rng = np.random.default_rng(seed)
    looks = list(np.eye(256, dtype=np.float32)[rng.integers(3, size=24)])
    times = [set(rng.integers(12, size=2).tolist()) for _ in looks]
    assert linked(looks, times, LEAST) == reference(looks, times)


def test_no_tracks():
    assert linked([], [], LEAST) == []


@pytest.mark.parametrize(
    ("people", "frames", "seconds"), [(1500, 100_000, 5), (1, 100_000, 15), (1, 500, 15)], ids=["film", "one", "crowd"]
)
def test_thousands_of_tracks_are_linked_in_seconds(people, frames, seconds):
    """Of processor time, on one core at most 3.5."""
    looks, times = tracks(3000, people, 0, 0.3, frames)
    start_s = time.process_time()
    groups = linked(looks, times, LEAST)
    assert time.process_time() - start_s < seconds
    assert sorted(index for group in groups for index in group) == list(range(3000))
    assert len(groups) < 1500
