import pytest

from trainer.preparation.own_splits import own_groups, own_splits
from trainer.sources.record import Record


def names(count):
    return [f"{number:03}.jpg" for number in range(count)]


def alone(count):
    return [[index] for index in range(count)]


@pytest.mark.parametrize(("count", "held_out"), [(1, 0), (2, 0), (3, 1), (9, 1), (40, 4)])
def test_few_images_of_many_kinds_have_all_splits(count, held_out):
    splits = own_splits(names(count), list(range(count)), alone(count), [None] * count)
    assert splits.count("validation") == splits.count("test") == held_out


def test_a_group_is_in_one_split_also_where_people_have_many_photos():
    groups = [list(range(start, start + 20)) for start in range(0, 80, 20)]
    splits = own_splits(names(80), ["all"] * 80, groups, [None] * 80)
    assert [{splits[index] for index in group} for group in groups].count({"train"}) == 2
    assert {split: splits.count(split) for split in set(splits)} == {"train": 40, "validation": 20, "test": 20}


def test_own_splits_stay_and_only_what_is_missing_is_divided():
    given = ["test"] * 10 + ["train"] * 40 + [None] * 10
    splits = own_splits(names(60), ["all"] * 60, alone(60), given)
    assert splits[:10] == ["test"] * 10
    assert splits.count("validation") == 5
    assert splits.count("test") == 10


def test_splits_with_validation_are_kept_as_they_are():
    given = ["train", "validation", "train", "validation"]
    assert own_splits(names(4), [0] * 4, [[0, 1], [2], [3]], given) == given


def test_all_for_training_is_divided_as_if_nothing_were_said():
    files = names(50)
    assert own_splits(files, [0] * 50, alone(50), ["train"] * 50) == own_splits(files, [0] * 50, alone(50), [None] * 50)


def test_a_group_that_reaches_into_the_test_split_stays_in_training():
    given = ["test"] + ["train"] * 30
    splits = own_splits(names(31), [0] * 31, [[0, *range(1, 29)], [29], [30]], given)
    assert [index for index, split in enumerate(splits) if split == "validation"] == [29, 30]


def test_a_test_set_alone_stays_one():
    assert own_splits(names(5), [0] * 5, alone(5), ["test"] * 5) == ["test"] * 5


def test_records_group_by_person_and_by_photo():
    people = [Record("a", 1, 1, None, identity="x", photo="a"), Record("a#2", 1, 1, None, photo="a")]
    people += [Record("b", 1, 1, None, identity="x", photo="b"), Record("c", 1, 1, None, photo="c")]
    assert own_groups(people) == [[[0, 2]], [[0, 1], [2], [3]]]
