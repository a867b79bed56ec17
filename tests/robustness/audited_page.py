"""`python app.py` under watch: which files the process writes and opens, and what it unpickles.

`python -m tests.robustness.audited_page REPORT ARGUMENTS OF app.py…`; REPORT is written when the page ends.
"""

from __future__ import annotations

import json
import os
import sys

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Event -> where its arguments have paths that change, and the open folder that a path may start from.
CHANGES = {
    "os.mkdir": ((0, 2),),
    "os.rename": ((0, 2), (1, 3)),
    "os.link": ((1, 3),),
    "os.symlink": ((1, 2),),
    "os.remove": ((0, 1),),
    "os.rmdir": ((0, 1),),
    "os.truncate": ((0, None),),
    "os.chmod": ((0, 2),),
    "os.utime": ((0, 3),),
    "sqlite3.connect": ((0, None),),
}
PICKLED = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib")


class Watch:
    """An audit hook that remembers.

    Attributes:
        written: paths that were opened for writing, made, moved or removed.
        pickled: paths with the suffix of a pickle that were opened.
        classes: what unpicklers looked up.
    """

    def __init__(self) -> None:
        self.written, self.pickled, self.classes = set(), set(), set()

    def __call__(self, event: str, arguments: tuple) -> None:
        if event == "open":
            path, _, flags = arguments
            if isinstance(path, (str, bytes)):
                path = os.path.abspath(os.fsdecode(path))
                if flags & WRITING:
                    self.written.add(path)
                if path.endswith(PICKLED):
                    self.pickled.add(path)
        elif event in CHANGES:
            for place, start in CHANGES[event]:
                path = arguments[place]
                if isinstance(path, (str, bytes)):
                    handle = -1 if start is None else arguments[start]
                    folder = "" if handle < 0 else os.readlink(f"/proc/self/fd/{handle}")
                    self.written.add(os.path.abspath(os.path.join(folder, os.fsdecode(path))))
        elif event == "pickle.find_class":
            self.classes.add(".".join(map(str, arguments)))


def main(report: str, argv: list[str]) -> int:
    """Serves until it is interrupted; then the report."""
    watch = Watch()
    sys.addaudithook(watch)
    import app

    status = app.main(argv)
    found = {name: sorted(getattr(watch, name)) for name in ("written", "pickled", "classes")}
    with open(report, "w") as file:
        json.dump(found, file)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
