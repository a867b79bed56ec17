"""Opens any source that `prepare` takes: by name, or by what is there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gender_age.photo_names import address_scheme

from ..errors import DataError
from .archives import ARCHIVE_SUFFIXES, is_archive, list_files
from .columns import Wishes
from .fairface import is_fairface, open_fairface
from .own_files import METADATA_STEM, is_image
from .own_photos import NO_WISHES, open_own_photos
from .record import Source
from .tables import TABLE_SUFFIXES
from .utkface import open_utkface, parse_name

COLUMN_OPTIONS = {
    "image": "column of image files or images",
    "age": "column of ages: 31, 30.6, 25-32, (25, 32), 60+",
    "age_min": "column of the youngest age",
    "age_max": "column of the oldest age",
    "birth_date": "column of dates or years of birth, in place of --age",
    "photo_date": "column of dates or years of the photos",
    "gender": "column of genders",
    "race": "column of groups, for measuring errors only",
    "identity": "column of people, each of whom lies in one split",
    "split": "column of splits (train, validation, test)",
    "box": "column of boxes of the labelled faces in the upright photos, or four columns: x1,y1,x2,y2",
}
"""Our column -> help of its option."""

OTHER_TABLES = (".xlsx", ".xls", ".ods", ".numbers", ".txt", ".xml", ".db", ".sqlite")
"""Files that people keep labels in and `prepare` does not read."""

ENOUGH_UTKFACE = 0.5


def open_source(path: Path, name: str | None = None, wishes: Wishes = NO_WISHES) -> Source:
    """Opens the source at `path`, of the kind `name` or as detected by content.

    Raises:
        DataError: there is none, or it cannot be read.
    """
    if not path.exists() and (scheme := address_scheme(path.as_posix())):
        raise DataError(f"{path} is an address ({scheme}:): download it first, then name its file")
    if path.is_file() and not (is_archive(path) or path.name.lower().endswith(TABLE_SUFFIXES)):
        raise DataError(f"{path} is not read: {_instead(path)}")
    if name == "utkface":
        return open_utkface(path)
    if name == "fairface" or (name is None and not wishes.columns and is_fairface(path)):
        return open_fairface(path)
    if name is None and not wishes.columns and _is_utkface(path):
        return open_utkface(path)
    source = open_own_photos(path, name, wishes)
    if source is not None:
        return source
    files = [file for file, _ in list_files(path)]
    images = sum(map(is_image, files))
    if not images:
        inside = [file for file in files if is_archive(Path(file))]
        raise DataError(f"{path} holds no images{f', but {inside[0]}: unpack it first' if inside else ''}")
    raise DataError(
        f"{path} holds {images:,} images, but nothing that labels them: a table with a column of their names, such as "
        "metadata.csv, folders named by age or gender, or names and files as UTKFace, FairFace and other published "
        f"datasets have them{_tables_there(files)}"
    )


def _instead(path: Path) -> str:
    """What to give in place of a file that is neither an archive nor a table."""
    if path.name.lower().endswith(OTHER_TABLES):
        return "save it as CSV"
    return f"give a folder, an archive ({', '.join(ARCHIVE_SUFFIXES)}) or a table ({', '.join(TABLE_SUFFIXES)})"


def _tables_there(files: Sequence[str]) -> str:
    """What is wrong with files that may be meant as tables."""
    tables = [file for file in files if file.lower().endswith(TABLE_SUFFIXES)]
    if tables and Path(tables[0]).stem.lower() == METADATA_STEM:
        return f". {tables[0]} has no rows"
    if tables:
        return f". {tables[0]} has no column that names them and is known by its name: say which with --image"
    others = [file for file in files if file.lower().endswith(OTHER_TABLES)]
    return f". {others[0]} is not read: {_instead(Path(others[0]))}" if others else ""


def _is_utkface(path: Path) -> bool:
    if not path.is_dir() and not path.name.lower().endswith((".tar.gz", ".tgz", ".tar", ".zip")):
        return False
    names = [Path(name) for name, _ in list_files(path)]
    if any(name.stem.lower() == METADATA_STEM for name in names):
        return False
    images = [name.name for name in names if is_image(name.name)]
    return bool(images) and sum(parse_name(name) is not None for name in images) >= ENOUGH_UTKFACE * len(images)
