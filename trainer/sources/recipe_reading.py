"""Recognises and opens published datasets by their recipes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from ..errors import DataError
from .archives import read_files
from .class_folders import split_of
from .own_faces import Row
from .own_files import Opened, is_image
from .own_labels import parse_split
from .recipes import RECIPES, Recipe
from .record import Skipped
from .tables import read_table
from .utkface import MALFORMED

ENOUGH_NAMES = 0.9
"""Share of the images that have to be named as a recipe's are."""

ANOTHER_COPY = "another copy of a photo"

STARTS = ("coarse_tilt_aligned_face", "landmark_aligned_face")
"""What `*` stands for: Adience is published with two alignments."""


def recognise(path: Path, listing: Sequence[tuple[str, int]]) -> Recipe | None:
    """The recipe that the files of a folder or archive are laid out by."""
    images = [name for name, _ in listing if is_image(name)]
    for recipe in RECIPES:
        if recipe.is_common and not any(recipe.name in name.casefold() for name in (path.name, *images)):
            continue
        if recipe.tables and any(recipe.matches_table(name) for name, _ in listing):
            return recipe
        labelled = bool({"age", "birth"} & re.compile(recipe.file).groupindex.keys())
        if labelled and images and sum(map(bool, map(recipe.matches_file, images))) >= ENOUGH_NAMES * len(images):
            return recipe
    return None


def open_recipe(recipe: Recipe, path: Path, listing: Sequence[tuple[str, int]]) -> Opened:
    """Opens a dataset that is laid out by `recipe`.

    Raises:
        DataError: its tables cannot be read, or no image is named as they are.
    """
    names = [name for name, _ in listing if is_image(name)]
    matches = _preferred({name: match for name in names if (match := recipe.matches_file(name))}, recipe.folder)
    tables = {name for name, _ in listing if recipe.matches_table(name)}
    rows = _table_rows(recipe, path, tables, names) if tables else _named_rows(recipe, matches)
    if not rows:
        raise DataError(f"{path} is not laid out as {recipe.title} is published: no file is named as there")

    def read(files: set[str]) -> Iterator[tuple[str, bytes | None]]:
        yield from read_files(path, files)

    columns = list(dict.fromkeys(column for row in rows for column in row.values))
    others = () if tables else tuple(_left_out(recipe, name) for name in names if name not in matches)
    return Opened(rows, columns, listing, read, "the published tables" if tables else "the files' names", others)


def columns_of(recipe: Recipe, available: Sequence[str]) -> dict[str, str]:
    """Our column -> the name in the rows, of those that are there."""
    return {
        ours: theirs for ours, theirs in recipe.columns.items() if all(part in available for part in theirs.split(","))
    }


def _preferred(matches: dict[str, re.Match[str]], folder: str) -> dict[str, re.Match[str]]:
    """The files in folders of this name; all of them where none is."""
    inside = {name: match for name, match in matches.items() if PurePosixPath(name).parent.name == folder}
    return inside or matches


def _left_out(recipe: Recipe, name: str) -> Skipped:
    return Skipped(name, ANOTHER_COPY if recipe.matches_file(name) else MALFORMED)


def _named_rows(recipe: Recipe, matches: dict[str, re.Match[str]]) -> list[Row]:
    """Rows whose labels are in the files' names."""
    rows = []
    for name, match in matches.items():
        values: dict[str, object] = dict(match.groupdict())
        if recipe.gender_from is not None:
            values["gender"] = "male" if int(match["number"]) >= recipe.gender_from else "female"
        if "birth" in values:
            values |= {"dob": values["birth"], "photo_taken": values["year"], "name": values["identity"]}
        rows.append(Row(name, name, values, split_of(name)))
    return rows


def _table_rows(recipe: Recipe, path: Path, tables: set[str], images: Sequence[str]) -> list[Row]:
    by_base = defaultdict(list)
    for name in images:
        by_base[PurePosixPath(name).name].append(name)
    rows = []
    for table, data in read_files(path, tables):
        split = parse_split(PurePosixPath(table).stem.rpartition("_")[2])
        for values in read_table(table, data or b""):
            wanted = _filled(recipe.image, values, PurePosixPath(table).stem.rpartition("_")[2])
            rows.append(Row(wanted, _found(wanted, by_base), values, split))
    return rows


def _filled(template: str, values: dict, folder: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: str({"folder": folder, **values}.get(match[1], "")), template)


def _found(wanted: str, by_base: dict) -> str | None:
    base = PurePosixPath(wanted).name
    if "*" in base:
        end = base.partition("*")[2]
        near = [name for start in STARTS for name in by_base.get(start + end, [])]
    else:
        near = by_base.get(base, [])
    parent = PurePosixPath(wanted).parent.as_posix()
    end = "/" if parent == "." else f"/{parent}/"
    return next((name for name in near if f"/{name.rpartition('/')[0]}/".endswith(end)), None)
