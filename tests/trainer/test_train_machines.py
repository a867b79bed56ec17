"""Runs of two processes as two machines, on two loopback addresses."""

import json
import os
import shutil
import socket
import subprocess
import sys

import pytest
import yaml
from safetensors.torch import load_file

from tests.conftest import REPOSITORY
from tests.trainer.test_train import run_values
from trainer.errors import ConfigError, RunError
from trainer.train import train
from trainer.training import machines
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
@pytest.mark.timeout(600)
def test_a_folder_that_only_one_machine_sees_is_a_sentence(tiny_data, tmp_path):
    configs = [written(tmp_path / name, tiny_data) for name in ("first", "second")]
    codes, printed = two_machines(nodes(*configs))
    assert codes == [0, 0], printed
    shutil.rmtree(tmp_path / "first" / "run" / "model")
    codes, printed = two_machines(nodes(*configs))
    assert 0 not in codes
    assert "only some processes see checkpoint-18" in printed


@pytest.fixture
def another_process(monkeypatch):
    """`another_process(name)`: it sees this, from now on."""

    def sees(name):
        monkeypatch.setattr(machines, "gather_object", lambda own: [*own, name])

    return sees


def test_a_process_by_itself_goes_on_from_its_newest_checkpoint(tmp_path):
    assert machines.common_checkpoint(tmp_path) is None
    for step in (8, 16):
        (tmp_path / f"checkpoint-{step}").mkdir()
        (tmp_path / f"checkpoint-{step}" / COMPLETE_FILE).write_text("{}")
    assert machines.common_checkpoint(tmp_path).name == "checkpoint-16"


@pytest.mark.parametrize("other", [None, "checkpoint-16"])
def test_checkpoints_that_others_do_not_see_are_a_sentence(another_process, tmp_path, other):
    (tmp_path / "checkpoint-8").mkdir()
    (tmp_path / "checkpoint-8" / COMPLETE_FILE).write_text("{}")
    another_process("checkpoint-8")
    assert machines.common_checkpoint(tmp_path).name == "checkpoint-8"
    another_process(other)
    with pytest.raises(RunError, match=r"only some processes see .*checkpoint-8: `training.output_dir` must be one"):
        machines.common_checkpoint(tmp_path)


def test_a_model_that_others_do_not_see_is_a_sentence(another_process, tmp_path):
    another_process(None)
    assert not machines.is_finished(tmp_path)
    (tmp_path / "training.json").write_text("{}")
    with pytest.raises(RunError, match=r"only some processes see training\.json"):
        machines.is_finished(tmp_path)
    another_process("training.json")
    assert machines.is_finished(tmp_path)


def test_checkpoints_on_each_machine_are_refused(tiny_data, tmp_path):
    with pytest.raises(ConfigError, match="`training.save_on_each_node` has no use here"):
        train(parse_config(run_values(tiny_data, tmp_path / "run", save_on_each_node=True)))
