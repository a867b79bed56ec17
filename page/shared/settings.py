"""Where things are, how long files stay, and how many photos are analysed at a time."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = tuple(
    ROOT / "examples" / name
    for name in (
        "group.jpg",
        "collins.jpg",
        "obama.jpg",
        "hopper.jpg",
        "collins-sideways-exif.jpg",
        "obama-turned.jpg",
        "hopper-small-dim.jpg",
    )
)
# Uploads and downloads are looked at every ten minutes and deleted once half an hour old.
CLEAN_EVERY_S, CLEAN_OLDER_S = 600, 1800
# What the page keeps of a photo in memory goes as soon.
STATE_SECONDS = CLEAN_OLDER_S
# Photos are analysed and explained one at a time, whoever asks: a second run would only slow both. Live streams alone
# run beside it, in places of their own (live_tab.py): a stream lasts, and each of its pictures is soon answered.
ONE_AT_A_TIME = {"concurrency_limit": 1, "concurrency_id": "model"}
