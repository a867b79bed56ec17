"""Who gets the model next."""

import threading
import time

from page.server.model_turns import FairSemaphore


def test_places_are_given_in_order():
    turns, order, waiting = FairSemaphore(1), [], []

    def take(number):
        with turns:
            order.append(number)

    with turns:
        for number in range(5):
            waiting.append(threading.Thread(target=take, args=(number,)))
            waiting[-1].start()
            wait_for(lambda number=number: len(turns._waiting) == number + 1)
        assert order == []
    for thread in waiting:
        thread.join(5)
    assert order == [0, 1, 2, 3, 4]
    with turns:  # no place was lost
        assert turns._free == 0


def test_who_comes_later_does_not_overtake():
    turns, order = FairSemaphore(1), []

    def work(name, times):
        for _ in range(times):
            with turns:
                order.append(name)
                time.sleep(0.01)

    busy = threading.Thread(target=work, args=("run", 30))
    busy.start()
    wait_for(lambda: order)
    work("photo", 1)
    busy.join(10)
    assert order.index("photo") <= 4


def test_as_many_as_there_are_places():
    turns, inside, most = FairSemaphore(2), [], []

    def work():
        with turns:
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.02)
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert max(most) == 2


def wait_for(condition):
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and not condition():
        time.sleep(0.005)
    assert condition()
