"""Paths, retention times, and how many photos are analysed at a time."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Faces that are easy to read, of many kinds of people; then what goes wrong more often.
EXAMPLES = tuple(
    ROOT / "examples" / name
    for name in ("group.jpg", "congress.jpg", "hopper.jpg", "obama.jpg", "bera.jpg", "collins.jpg")
)
STRESS_TESTS = tuple(
    ROOT / "examples" / name for name in ("collins-sideways-exif.jpg", "obama-turned.jpg", "hopper-small-dim.jpg")
)
# Its answer is shown before the first photo.
SAMPLE = EXAMPLES[1]
# Of one file: an archive of some forty phone photos.
MAX_UPLOAD_MB = 200
# Every ten minutes, uploads and downloads older than half an hour are deleted: each is kept for 40 minutes at most.
CLEAN_EVERY_S, CLEAN_OLDER_S = 600, 1800
KEPT_MINUTES = (CLEAN_EVERY_S + CLEAN_OLDER_S) // 60
# What the page keeps of a photo in memory expires after the same time.
STATE_SECONDS = CLEAN_OLDER_S
# Events that run at once, for all visitors. They share the model photo by photo (opening.py), so that a run of many
# photos takes no longer than before and lets others in between. Live streams have concurrency slots of their own
# (page/live/tab.py): a stream lasts long, but each of its pictures is fast.
PHOTO_PLACES = {"concurrency_limit": 8, "concurrency_id": "model"}
MANY_PLACES = {"concurrency_limit": 2, "concurrency_id": "many"}
# Decoding a large video may take 1.4 GB.
VIDEO_PLACES = {"concurrency_limit": 1, "concurrency_id": "video"}
