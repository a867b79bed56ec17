"""Opens many inputs with `open_photo`, in a process whose memory is limited, and prints what came of them as JSON.

`python -m tests.robustness.opener_process FOLDER KIND [FIRST COUNT]`: KIND is `mutated`, `bombs` or `large`. The input
that is opened lies in FOLDER: where the process dies, of a signal or of any error that is no `PhotoError`, it remains.
"""

from __future__ import annotations

import faulthandler
import json
import os
import resource
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

from gender_age.errors import PhotoError
from gender_age.images import open_photo

from .bombs import bombs, large_photos
from .inputs import mutated
from .measuring import peak_mb

# What a decoder that believes every header would ask for is far over it.
MOST_ADDRESSES = 6 << 30


def inputs(kind: str, first: int, count: int) -> Iterator[tuple[str, str, bytes]]:
    """Name, suffix and bytes."""
    if kind == "mutated":
        for number in range(first, first + count):
            yield str(number), *mutated(number)
    else:
        for name, data in (bombs() if kind == "bombs" else large_photos()).items():
            yield name, "jpg", data


def main(folder: Path, kind: str, first: int = 0, count: int = 0) -> dict:
    """Opens them all; the figures."""
    made = inputs(kind, first, count)
    slowest, pictures, sentences, unfit = (0.0, ""), 0, 0, []
    peak_before = None
    for name, suffix, data in made:
        path = folder / f"{name.replace(' ', '-').replace(',', '')}.{suffix}"
        path.write_bytes(data)
        del data
        if peak_before is None:
            peak_before = peak_mb(os.getpid())
        begun = time.perf_counter()
        try:
            image = open_photo(path)
            if image.mode != "RGB" or not all(image.size) or image.info:
                unfit.append((name, f"{image.mode} {image.size} {image.info}"))
            pictures += 1
            del image
        except PhotoError as error:
            sentences += 1
            if not str(error).endswith(".") or not str(error).isprintable() or str(folder) in str(error):
                unfit.append((name, str(error)))
        slowest = max(slowest, (time.perf_counter() - begun, name))
        path.unlink()
    return {
        "inputs": pictures + sentences,
        "pictures": pictures,
        "sentences": sentences,
        "unfit": unfit,
        "slowest_s": round(slowest[0], 2),
        "slowest": slowest[1],
        "peak_before_mb": round(peak_before),
        "peak_mb": round(peak_mb(os.getpid())),
    }


if __name__ == "__main__":
    faulthandler.enable()
    warnings.simplefilter("ignore")  # Pillow's, about files that are damaged
    resource.setrlimit(resource.RLIMIT_AS, (MOST_ADDRESSES, MOST_ADDRESSES))
    print(json.dumps(main(Path(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:]))))
