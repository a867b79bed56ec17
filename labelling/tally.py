"""What the report counts, added up batch by batch: its memory does not grow with the set."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pyarrow
import pyarrow.compute

from gender_age.labels import GENDERS
from gender_age.writers import NO_FACE

COLUMNS = ["face", "gender", "gender_probability", "uncertain", "age", "error"]
DECADES = 11
PROBABILITY_BINS = 20
# The last one stands for more.
MOST_FACES = 10
# A sentence names the photo and its numbers, and after a colon what to do; without all that few kinds are left.
PARTICULARS = re.compile(r"^“.*?” |^The (?:photo|image) | ?\([^)]*\)")
MOST_KINDS = 1000


@dataclass
class Tally:
    """Numbers of faces and photos.

    Attributes:
        ages: `(2, 11)` faces by gender and decade.
        certain, uncertain: `(2,)` faces by gender.
        probabilities: `(20,)` faces by gender probability, from 0.5 to 1.
        faces: `(11,)` photos by number of faces; the last is 10 and more.
        errors: kind of error -> photos.
    """

    ages: np.ndarray = field(default_factory=lambda: np.zeros((len(GENDERS), DECADES), dtype=np.int64))
    certain: np.ndarray = field(default_factory=lambda: np.zeros(len(GENDERS), dtype=np.int64))
    uncertain: np.ndarray = field(default_factory=lambda: np.zeros(len(GENDERS), dtype=np.int64))
    probabilities: np.ndarray = field(default_factory=lambda: np.zeros(PROBABILITY_BINS, dtype=np.int64))
    faces: np.ndarray = field(default_factory=lambda: np.zeros(MOST_FACES + 1, dtype=np.int64))
    errors: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, batches: Iterable[pyarrow.RecordBatch]) -> Tally:
        """The tally of rows with `COLUMNS`."""
        tally = cls()
        at_least = np.zeros(MOST_FACES + 1, dtype=np.int64)  # photos by number of their faces, or more
        for batch in batches:
            found = batch.filter(pyarrow.compute.is_valid(batch["face"]))
            tally._add_faces(found)
            numbers = np.minimum(found["face"].to_numpy(), MOST_FACES + 1)
            at_least += np.bincount(numbers, minlength=MOST_FACES + 2)[1 : MOST_FACES + 2]
            tally._add_errors(batch["error"])
        # Faces are numbered from 1: as many photos have exactly n as have an n-th face and no next one.
        tally.faces[1:] = at_least[:-1] - at_least[1:]
        tally.faces[-1] = at_least[-2]
        tally.faces[0] = tally.errors.pop(NO_FACE, 0)
        return tally

    def _add_faces(self, found: pyarrow.RecordBatch) -> None:
        decades = np.minimum(found["age"].to_numpy() // 10, DECADES - 1).astype(int)
        is_uncertain = found["uncertain"].to_numpy(zero_copy_only=False).astype(bool)
        for index, gender in enumerate(GENDERS):
            is_gender = pyarrow.compute.equal(found["gender"], gender).to_numpy(zero_copy_only=False).astype(bool)
            self.ages[index] += np.bincount(decades[is_gender], minlength=DECADES)
            self.certain[index] += (is_gender & ~is_uncertain).sum()
            self.uncertain[index] += (is_gender & is_uncertain).sum()
        counts, _ = np.histogram(found["gender_probability"].to_numpy(), PROBABILITY_BINS, (0.5, 1.0))
        self.probabilities += counts

    def _add_errors(self, errors: pyarrow.Array) -> None:
        for count in pyarrow.compute.value_counts(errors.drop_null()).to_pylist():
            kind = PARTICULARS.sub("", count["values"]).partition(":")[0]
            kind = kind if kind in self.errors or len(self.errors) < MOST_KINDS else "other"
            self.errors[kind] += count["counts"]
