"""Systems that lack what the workers and their limits need; Windows lacks the modules, signals and functions below."""

import json
import subprocess
import sys

from tests.conftest import REPOSITORY

# Other packages know where they run: they are imported before it is all taken away.
WITHOUT = """
import os, signal, socket, sys
import accelerate, av, datasets, facenet_pytorch, gradio, ray.data, torch
from transformers import AutoModel, PreTrainedModel
for module in ("fcntl", "grp", "pty", "pwd", "resource", "termios"):
    sys.modules[module] = None
for owner, names in {
    os: ("fork", "geteuid", "getuid", "memfd_create", "nice", "posix_fallocate", "pread", "setsid", "sysconf"),
    signal: ("ITIMER_PROF", "SIGALRM", "SIGHUP", "SIGKILL", "SIGPROF", "SIGUSR1", "setitimer"),
    socket: ("recv_fds", "send_fds"),
}.items():
    for name in names:
        if hasattr(owner, name):
            delattr(owner, name)
"""


CODE = """
import app, gender_age.video_command, labelling.command, trainer.train
from gender_age.__main__ import main
main([sys.argv[1], "--json"])
"""


def test_everything_starts_and_photos_are_answered_where_there_are_no_workers():
    command = [sys.executable, "-c", WITHOUT + CODE, str(REPOSITORY / "examples" / "group.jpg")]
    result = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    assert len(json.loads(result.stdout)["faces"]) == 3
    assert result.stderr.count("without limits") == 1
