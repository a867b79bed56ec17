"""Runs a module as `python -m` does, in a process where whoever unpickles anything gets an error.

`python -m tests.robustness.no_pickles MODULE ARGUMENTS OF THE MODULE…`
"""

from __future__ import annotations

import pickle
import runpy
import sys

MESSAGE = "something was unpickled"


def refuse(*_: object, **__: object) -> None:
    """In place of every function that unpickles."""
    raise AssertionError(MESSAGE)


def forbid() -> None:
    """Makes `pickle` and torch refuse, for whoever asks by any of their names."""
    import torch

    class Refused(pickle._Unpickler):  # pandas, too, inherits from it
        load = refuse
        find_class = refuse

    pickle.load = pickle.loads = refuse
    pickle.Unpickler = pickle._Unpickler = Refused
    torch.load = torch.serialization.load = torch.jit.load = refuse
    torch.serialization.pickle = pickle


if __name__ == "__main__":
    forbid()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
