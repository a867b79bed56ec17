"""Jobs that are stopped, killed, or lose a node, and go on."""

import signal

import pytest

from .clusters import assert_same_rows, finished, job, kill_tree, portraits, rows_of, two_nodes, until, written

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3000)]
NUMBER = 60


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("portraits") / "photos"
    portraits(folder, NUMBER)
    (folder / "broken.jpg").write_bytes(b"no photo")
    return folder


@pytest.fixture(scope="module")
def unbroken(photos, tmp_path_factory):
    out = tmp_path_factory.mktemp("unbroken")
    assert f"{NUMBER + 1} photos" in finished(photos, out)
    return rows_of(out)


def test_a_job_that_is_stopped_and_killed_goes_on(photos, unbroken, tmp_path):
    out = tmp_path / "out"
    with job(photos, out) as stopped:
        until(lambda: written(out) >= 3, "some photos are done")
        stopped.send_signal(signal.SIGINT)
        _, errors = stopped.communicate(timeout=60)
    assert stopped.returncode == 130
    assert errors.rstrip().endswith("Stopped. The same command goes on where it stopped."), errors
    before = written(out)
    with job(photos, out) as killed:
        until(lambda: written(out) >= before + 3, "some more are done")
        killed.kill()
    done = rows_of(out)["path"].nunique()
    assert 0 < done < NUMBER
    print(finished(photos, out))
    assert_same_rows(rows_of(out), unbroken)
    (photos / "one-more.jpg").write_bytes((photos / "00000.jpg").read_bytes())
    assert "(1 now" in finished(photos, out)
    (photos / "one-more.jpg").unlink()
    assert len(rows_of(out)) == len(unbroken) + 1


def test_a_cluster_loses_a_node_and_the_driver(photos, unbroken, tmp_path):
    out = tmp_path / "out"
    with two_nodes() as (address, worker):
        with job(photos, out, "--address", address) as driver:
            until(lambda: written(out) >= 3 or driver.poll() is not None, "some photos are done")
            kill_tree(worker.pid)
            before = written(out)
            until(lambda: written(out) >= before + 3 or driver.poll() is not None, "one node goes on alone")
            assert driver.poll() is None
            driver.kill()
        done = rows_of(out)["path"].nunique()
        assert 0 < done < NUMBER
        print(finished(photos, out, "--address", address))
    assert_same_rows(rows_of(out), unbroken)
