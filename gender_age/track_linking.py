"""Agglomerative clustering of tracks by their looks, in linear memory.

Each group remembers the group after it that is most alike ("generic algorithm" of Müllner, https://arxiv.org/abs/1109.2378,
section 3.1).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# Rows of the matrix of similarities that are in memory at once.
BLOCK = 256


def linked(look_sums: Sequence[np.ndarray], times_s: Sequence[set[float]], least: float) -> list[list[int]]:
    """The tracks of each person: the most alike are joined first, but nobody is in one frame twice.

    Args:
        look_sums: `(256,)` float32, of each track.
        times_s: of its frames.
        least: similarity of two groups that are joined, in (0, 1].
    """
    if not look_sums:
        return []
    groups = _Groups(look_sums, times_s, least)
    while groups.join_most_alike():
        pass
    return [members for members in groups.members if members]


def unit(values: np.ndarray) -> np.ndarray:
    """`values`, of length 1."""
    return values / max(float(np.linalg.norm(values)), 1e-6)


class _Groups:
    """Groups of tracks. One that was joined to another is empty, and its look is 0, which is like no other.

    Attributes:
        members: numbers of the tracks.
    """

    def __init__(self, look_sums: Sequence[np.ndarray], times_s: Sequence[set[float]], least: float) -> None:
        number = len(look_sums)
        self.members = [[index] for index in range(number)]
        self._sums, self._times, self._least = list(look_sums), list(times_s), least
        self._looks = np.stack([unit(look) for look in look_sums])
        # Of each group, the most alike among those after it that it can be joined with, and the similarity: 0 where
        # there is none. Where that is stale, it is only known not to be larger.
        self._partners = np.full(number, -1)
        self._alike = np.zeros(number, self._looks.dtype)
        self._is_stale = np.zeros(number, bool)
        for start in range(0, number, BLOCK):
            block = self._looks[start : start + BLOCK] @ self._looks[start:].T
            for row, alike in enumerate(block):
                self._choose(start + row, alike[row + 1 :])

    def join_most_alike(self) -> bool:
        """Joins two groups; False where none are alike any more."""
        while self._alike[first := int(self._alike.argmax())] >= self._least:
            if not self._is_stale[first]:
                self._join(first, int(self._partners[first]))
                return True
            self._choose(first, self._looks[first + 1 :] @ self._looks[first])
        return False

    def _choose(self, group: int, alike: np.ndarray) -> None:
        """Args: alike: of `group` with each one after it."""
        self._is_stale[group], self._partners[group], self._alike[group] = False, -1, 0
        (near,) = np.nonzero(alike >= self._least)
        for place in near[np.argsort(-alike[near], kind="stable")].tolist():
            if self._times[group].isdisjoint(self._times[group + 1 + place]):
                self._partners[group], self._alike[group] = group + 1 + place, alike[place]
                return

    def _join(self, first: int, second: int) -> None:
        self.members[first] += self.members[second]
        self._sums[first] = self._sums[first] + self._sums[second]
        self._times[first] = self._times[first] | self._times[second]
        self.members[second], self._times[second] = [], set()
        self._looks[first], self._looks[second] = unit(self._sums[first]), 0
        self._partners[second], self._alike[second] = -1, 0
        self._is_stale |= (self._partners == first) | (self._partners == second)
        alike = self._looks @ self._looks[first]
        self._choose(first, alike[first + 1 :])
        self._offer(first, alike[:first])

    def _offer(self, group: int, alike: np.ndarray) -> None:
        """Makes `group` the partner of those before it that it resembles most; of equal ones, the first is taken.

        Args:
            alike: of `group` with each one before it.
        """
        known = self._alike[:group]
        is_nearer = (alike > known) | ((alike == known) & ~self._is_stale[:group] & (group < self._partners[:group]))
        for each in np.flatnonzero(is_nearer & (alike >= self._least)).tolist():
            if self._times[each].isdisjoint(self._times[group]):
                self._partners[each], self._alike[each], self._is_stale[each] = group, alike[each], False


__all__ = ["linked", "unit"]
