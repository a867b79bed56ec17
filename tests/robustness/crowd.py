"""Many visitors at once, each with a photo of its own whose right answer is known."""

from __future__ import annotations

import io
import json
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from gradio_client import Client, handle_file
from gradio_client.utils import QueueError
from PIL import Image, ImageDraw

from tests.conftest import REPOSITORY

from .hostile import ONE_OF, hostile

# How long a client waits before it asks a full queue again.
RETRY_S = 0.5
FULL = "Queue is full! Please try again."


@dataclass(frozen=True, slots=True)
class Asked:
    """One answer.

    Attributes:
        seconds: from the first try until the answer.
        refused: how often the queue was full.
    """

    client: int
    turn: int
    answer: dict
    seconds: float
    refused: int


def own_photos(count: int) -> list[bytes]:
    """So many JPEGs with faces: the examples in other sizes, parts and shades; no two have the same size."""
    names = ("group.jpg", "collins.jpg", "obama.jpg", "hopper.jpg")
    photos = []
    for number in range(count):
        with Image.open(REPOSITORY / "examples" / names[number % len(names)]) as example:
            image = example.convert("RGB")
        image.thumbnail((430 + 6 * number, 430 + 6 * number))
        width, height = image.size
        image = image.crop((number % 5, number % 7, width - number % 3, height - number % 4))
        mark = ImageDraw.Draw(image)
        mark.rectangle((0, 0, 5 + number, 4), fill=(number * 5 % 256, 90, 200 - number))
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=90 - number % 20)
        photos.append(stream.getvalue())
    return photos


def ask_together(
    url: str, folder: Path, photos: Sequence[bytes], turns: int, first: int = 0, with_hostile: bool = False
) -> list[Asked]:
    """One `gradio_client` a photo, numbered from `first` on; all start together, and each asks `turns` times, one after
    the other. `with_hostile`, one of `ONE_OF` files that they send is a hostile one.

    Returns:
        The answers for their own photos.

    Raises:
        Exception: the first that any client meets, but a full queue, which it asks again.
    """
    ready = threading.Barrier(len(photos))

    def visit(number: int) -> list[Asked]:
        client = Client(url, verbose=False, analytics_enabled=False)
        found = []
        ready.wait(120)
        for turn in range(turns):
            place = number * turns + turn
            if with_hostile and place % (ONE_OF - 1) == 0:
                name, data = hostile(first * turns + place)
                answer, *_ = _ask(client, folder / name, data)
                assert answer["photo"] == name
            name = f"client-{first + number}-{turn}.jpg"
            # Bytes after the end of a JPEG change the file and not the picture: no two uploads are the same file.
            found.append(Asked(first + number, turn, *_ask(client, folder / name, photos[number] + name.encode())))
        client.close()
        return found

    with ThreadPoolExecutor(len(photos)) as pool:
        return [asked for found in pool.map(visit, range(len(photos))) for asked in found]


def _ask(client: Client, path: Path, data: bytes) -> tuple[dict, float, int]:
    """The answer for a file, the seconds that it took, and how often the queue was full."""
    path.write_bytes(data)
    begun, refused = time.monotonic(), 0
    while True:
        try:
            answer = client.predict(handle_file(str(path)), api_name="/predict")
            break
        except QueueError as error:
            if str(error).strip("'\"") != FULL:
                raise
            refused += 1
            time.sleep(RETRY_S)
    path.unlink()
    return answer, time.monotonic() - begun, refused


def main(url: str, folder: Path, first: int, count: int, turns: int, with_hostile: bool) -> list[dict]:
    """Asks with the photos from `first` on; in a process of its own, as fifty clients keep one busy."""
    photos = own_photos(first + count)[first:]
    return [asdict(one) for one in ask_together(url, folder, photos, turns, first, with_hostile)]


if __name__ == "__main__":
    page_url, place, *numbers = sys.argv[1:]
    print(json.dumps(main(page_url, Path(place), *map(int, numbers))))
