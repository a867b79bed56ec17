"""The cascade's boxes between its networks."""

import pytest
import torch

from gender_age.candidate_boxes import CrowdLimits, reaches_border, suppressed

# Two boxes with an IoU of 0.54 in each of two images, and a larger one in the first.
BOXES = torch.tensor([[0, 0, 10, 10], [0, 3, 10, 13], [30, 0, 45, 15], [0, 0, 10, 10], [0, 3, 10, 13]]).float()
SCORES, IMAGES = torch.tensor([0.9, 0.8, 0.7, 0.9, 0.8]), torch.tensor([0, 0, 0, 1, 1])


@pytest.mark.parametrize(
    ("limits", "kept"),
    [
        (CrowdLimits(0.7, 3, 0.3, 5), [0, 1, 2, 3, 4]),
        (CrowdLimits(0.5, 3, 0.3, 5), [0, 2, 3]),
        (CrowdLimits(0.7, 2, 0.3, 5), [0, 2, 3, 4]),
        (CrowdLimits(0.7, 2, 0.3, 1), [2, 3, 4]),
    ],
    ids=["few", "usual overlap", "crowded", "the largest"],
)
def test_only_crowded_images_keep_fewer(limits, kept):
    assert sorted(suppressed(BOXES, SCORES, IMAGES, limits).tolist()) == kept


def test_none_are_kept_of_none():
    assert len(suppressed(BOXES[:0], SCORES[:0], IMAGES[:0], CrowdLimits(0.7, 2, 0.3, 1))) == 0


def test_which_boxes_reach_into_the_border():
    boxes = torch.tensor(
        [[30, 30, 60, 60], [10, 30, 40, 60], [30, 15, 60, 45], [150, 30, 185, 60], [30, 30, 60, 85]]
    ).float()
    integral = torch.zeros((1, 101, 201, 3), dtype=torch.int32)
    assert reaches_border(integral, boxes, 20).tolist() == [False, True, True, True, True]
