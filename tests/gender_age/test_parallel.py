import threading

import pytest

from gender_age.parallel import parallel_map


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_results_come_in_order(workers):
    assert list(parallel_map(lambda item: item * item, range(20), workers)) == [item * item for item in range(20)]
    assert list(parallel_map(str, [], workers)) == []


def test_one_worker_takes_an_item_when_it_is_asked_for():
    items = iter(range(5))
    assert next(parallel_map(str, items, 1)) == "0"
    assert next(items) == 1


def test_no_more_than_the_workers_and_one_are_ahead():
    items = iter(range(100))
    stream = parallel_map(str, items, 2)
    assert next(stream) == "0"
    assert next(items) == 3
    stream.close()


def test_two_work_at_once():
    together = threading.Barrier(2, timeout=60)
    assert sorted(parallel_map(lambda item: together.wait(), range(2), 2)) == [0, 1]


def test_what_nobody_waits_for_is_left():
    begun, may_end = [], threading.Event()

    def work(item):
        begun.append(item)
        assert item == 0 or may_end.wait(60)

    stream = parallel_map(work, range(100), 2)
    next(stream)  # 1 and 2 are being worked on by now, or soon
    threading.Timer(0.3, may_end.set).start()
    stream.close()
    assert max(begun) <= 2


def test_a_thread_that_cannot_start_is_an_error_and_no_hang(monkeypatch):
    started, may_end = [], threading.Event()
    start = threading.Thread.start

    def fail_second(thread):
        started.append(thread)
        if len(started) == 2:
            may_end.set()
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", fail_second)
    with pytest.raises(RuntimeError, match="start new thread"):
        next(parallel_map(lambda item: may_end.wait(60), range(3), 3))


def test_an_error_arrives_where_its_result_would():
    stream = parallel_map(lambda item: 1 // item, [1, 0, 1], 2)
    assert next(stream) == 1
    with pytest.raises(ZeroDivisionError):
        next(stream)
