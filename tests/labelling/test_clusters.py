"""The files for clusters: their form, and that the command lines in them are ours."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from labelling.__main__ import parse_arguments
from tests.conftest import REPOSITORY

FILES = REPOSITORY / "labelling" / "clusters"
PREFIX = ["python", "-m", "labelling"]


def test_the_slurm_script():
    path = FILES / "slurm.sh"
    subprocess.run(["bash", "-n", path], check=True)
    text = path.read_text(encoding="utf-8")
    options = dict(re.findall(r"^#SBATCH --([\w-]+)(?:=(\S+))?$", text, re.M))
    assert len(options) == text.count("#SBATCH")
    # One Ray node a machine.
    assert options["ntasks-per-node"] == "1"
    assert int(options["nodes"]) > 1
    words = shlex.split(text.partition("\nsrun ")[2].replace("\\\n", " "))
    assert words[:4] == ["--cpus-per-task", "$SLURM_CPUS_PER_TASK", "ray", "symmetric-run"]
    ray, ours = words[2 : words.index("--")], words[words.index("--") + 1 :]
    asked = [Path(sys.executable).parent / "ray", "symmetric-run", "--help"]
    help_text = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    assert {word for word in ray if word.startswith("--")} == {"--address", "--min-nodes", "--num-cpus"}
    assert all(option in help_text for option in ("--address", "--min-nodes", "--num-cpus"))
    assert ours[:3] == PREFIX
    assert parse_arguments(ours[3:]).address == "auto"


def test_the_kuberay_job():
    job = yaml.safe_load((FILES / "kuberay.yaml").read_text(encoding="utf-8"))
    assert (job["apiVersion"], job["kind"]) == ("ray.io/v1", "RayJob")
    words = shlex.split(job["spec"]["entrypoint"])
    assert words[:3] == PREFIX
    arguments = parse_arguments(words[3:])
    assert arguments.address == "auto"
    assert arguments.source.startswith("s3://")
    cluster = job["spec"]["rayClusterSpec"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    for group in groups:
        (container,) = group["template"]["spec"]["containers"]
        assert container["resources"]["requests"] == container["resources"]["limits"]
        assert {"name": "PYTHONPATH", "value": container["workingDir"]} in container["env"]
    worker = cluster["workerGroupSpecs"][0]
    assert worker["minReplicas"] <= worker["replicas"] <= worker["maxReplicas"]


@pytest.mark.parametrize("name", ["slurm.sh", "kuberay.yaml"])
def test_the_document_on_scale_names_them(name):
    assert f"labelling/clusters/{name}" in (REPOSITORY / "docs" / "scale.md").read_text(encoding="utf-8")
