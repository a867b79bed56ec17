"""Runs of two processes as two machines: on two loopback addresses, with one folder or a folder each."""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from safetensors.torch import load_file

from tests.conftest import REPOSITORY
from tests.trainer.test_train import run_values
from trainer.errors import RunError
from trainer.train import train
from trainer.training import machines
from trainer.training.arguments import training_arguments
from trainer.training.checkpoints import COMPLETE_FILE
from trainer.training.config_file import parse_config

TORCHRUN = (sys.executable, "-m", "torch.distributed.run")
ACCELERATE = (sys.executable, "-m", "accelerate.commands.launch")


def two_machines(commands):
    """Wait for a command of each machine. Both share this computer's cores."""
    env = os.environ | {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    processes = [
        subprocess.Popen(command, cwd=REPOSITORY, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for command in commands
    ]
    try:
        printed = [process.communicate(timeout=240)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
    return [process.returncode for process in processes], "\n".join(printed)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def nodes(*configs):
    """`torchrun` of each machine: the first on 127.0.0.1, the second on 127.0.0.2."""
    port = free_port()
    for rank, config in enumerate(configs):
        where = ["--master_addr=127.0.0.1", f"--master_port={port}", f"--local_addr=127.0.0.{rank + 1}"]
        node = ["--nnodes=2", f"--node_rank={rank}", "--nproc_per_node=1", *where]
        yield [*TORCHRUN, *node, "-m", "trainer", "train", str(config)]


def written(folder, data, **training):
    """A config of a run in `folder`, with four faces a process and step."""
    folder.mkdir()
    values = run_values(data, folder / "run", per_device_train_batch_size=4, **training)
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(values))
    return path


def record_of(folder):
    return json.loads((folder / "run" / "model" / "training.json").read_text())


@pytest.fixture(scope="module")
def one_machine(tiny_data, tmp_path_factory):
    """The folder of a run of two processes on one machine."""
    folder = tmp_path_factory.mktemp("one") / "machine"
    config = written(folder, tiny_data)
    codes, printed = two_machines([[*TORCHRUN, "--standalone", "--nproc_per_node=2", "-m", "trainer", "train", config]])
    assert codes == [0], printed
    return folder


def assert_same_model(folder, expected):
    found, wanted = (load_file(each / "run" / "model" / "model.safetensors") for each in (folder, expected))
    assert found.keys() == wanted.keys()
    assert all(found[name].equal(wanted[name]) for name in wanted)
    assert record_of(folder)["world_size"] == 2


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_machines_train_the_model_that_one_trains(one_machine, tiny_data, tmp_path):
    config = written(tmp_path / "two", tiny_data)
    codes, printed = two_machines(nodes(config, config))
    assert codes == [0, 0], printed
    assert printed.count("world size 2") == 2
    assert_same_model(tmp_path / "two", one_machine)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_accelerate_launches_the_same_run_from_its_config(one_machine, tiny_data, tmp_path):
    values = yaml.safe_load((REPOSITORY / "docs/scale/accelerate.yaml").read_text())
    launch = tmp_path / "accelerate.yaml"
    launch.write_text(yaml.safe_dump(values | {"main_process_ip": "127.0.0.1", "main_process_port": free_port()}))
    config = written(tmp_path / "two", tiny_data)
    command = [*ACCELERATE, "--config_file", str(launch)]
    run = ["-m", "trainer", "train", str(config)]
    codes, printed = two_machines([[*command, "--machine_rank", str(rank), *run] for rank in (0, 1)])
    assert codes == [0, 0], printed
    assert_same_model(tmp_path / "two", one_machine)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_one_process_with_the_same_faces_a_step_learns_as_much(one_machine, tiny_data, tmp_path):
    finished = train(parse_config(run_values(tiny_data, tmp_path / "run")))
    alone = json.loads((finished / "training.json").read_text())["history"][-1]
    together = record_of(one_machine)["history"][-1]
    assert alone["step"] == together["step"]
    assert together["eval_loss"] == pytest.approx(alone["eval_loss"], rel=0.05)
    assert together["eval_age_mae"] == pytest.approx(alone["eval_age_mae"], rel=0.1)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_machines_with_a_folder_each_go_on_from_the_checkpoint_that_both_have(one_machine, tiny_data, tmp_path):
    configs = [written(tmp_path / name, tiny_data, save_on_each_node=True) for name in ("first", "second")]
    runs = [config.parent / "run" for config in configs]
    codes, printed = two_machines(nodes(*configs))
    assert codes == [0, 0], printed
    # As after a kill inside the last save, which the second machine did not complete.
    for run in runs:
        shutil.rmtree(run / "model")
    (runs[1] / "checkpoint-18" / COMPLETE_FILE).unlink()
    codes, printed = two_machines(nodes(*configs))
    assert codes == [0, 0], printed
    assert printed.count("continuing from checkpoint-16") == 2
    assert "checkpoint-18 is not on all machines; it is removed" in printed
    for folder in ("first", "second"):
        assert_same_model(tmp_path / folder, one_machine)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_folder_that_only_one_machine_sees_is_a_sentence(tiny_data, tmp_path):
    configs = [written(tmp_path / name, tiny_data) for name in ("first", "second")]
    codes, printed = two_machines(nodes(*configs))
    assert codes == [0, 0], printed
    shutil.rmtree(tmp_path / "first" / "run" / "model")
    codes, printed = two_machines(nodes(*configs))
    assert 0 not in codes
    assert "only some machines see checkpoint-16" in printed


@pytest.fixture
def two_processes(monkeypatch):
    """`two_processes(names)`: another process has these names, in the next exchange."""

    def other_has(*names):
        monkeypatch.setattr(machines, "gather_object", lambda own: [*own, list(names)])

    return other_has


def arguments(run, **training):
    return training_arguments(parse_config(run_values("data", run, **training)))


def whole_checkpoints(run, *steps):
    for step in steps:
        (run / f"checkpoint-{step}").mkdir(parents=True)
        (run / f"checkpoint-{step}" / COMPLETE_FILE).write_text("{}")


def test_a_process_by_itself_goes_on_from_its_newest_checkpoint(tmp_path):
    assert machines.newest_common_checkpoint(tmp_path, arguments(tmp_path)) is None
    whole_checkpoints(tmp_path, 8, 16)
    assert machines.newest_common_checkpoint(tmp_path, arguments(tmp_path)).name == "checkpoint-16"


def test_checkpoints_that_others_do_not_see_are_a_sentence_in_one_folder(two_processes, tmp_path):
    whole_checkpoints(tmp_path, 8, 16)
    two_processes("checkpoint-8", "checkpoint-16")
    assert machines.newest_common_checkpoint(tmp_path, arguments(tmp_path)).name == "checkpoint-16"
    two_processes("checkpoint-8")
    with pytest.raises(RunError, match=r"only some machines see checkpoint-16 .* `training.save_on_each_node: true`"):
        machines.newest_common_checkpoint(tmp_path, arguments(tmp_path))
    two_processes()
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "training.json").write_text("{}")
    with pytest.raises(RunError, match=r"training\.json"):
        machines.is_finished(tmp_path / "model", arguments(tmp_path))


def test_what_other_machines_lack_is_removed_where_each_has_its_own_folder(two_processes, tmp_path):
    whole_checkpoints(tmp_path, 8, 16)
    two_processes("checkpoint-8", "checkpoint-12")
    args = arguments(tmp_path, save_on_each_node=True)
    assert machines.newest_common_checkpoint(tmp_path, args) == tmp_path / "checkpoint-8"
    assert [folder.name for folder in Path(tmp_path).iterdir()] == ["checkpoint-8"]
