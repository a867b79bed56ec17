"""Opens what people have: own photos in any of the forms of `python -m trainer prepare --help`."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ..errors import DataError
from .archives import digest, is_archive, unpack
from .columns import MEANINGS, Wishes, check_values, choose_columns, choose_usual, parts
from .own_datasets import open_hub, open_parquet, open_saved, saved_folder
from .own_files import METADATA_STEM, Opened, embeds_images, is_image, list_source, open_files, open_table
from .own_records import Labels, read_labels
from .recipe_reading import columns_of, open_recipe, recognise
from .recipes import RECIPES_BY_NAME, Recipe
from .record import SOURCES, Origin, Skipped, Source
from .tables import TABLE_SUFFIXES

LABELS = {"age", "age_min", "age_max", "birth_date", "photo_date", "gender"}
NO_WISHES = Wishes()


def open_own_photos(path: Path, name: str | None = None, wishes: Wishes = NO_WISHES) -> Source | None:
    """Opens own photos, or a published dataset that has a recipe.

    Args:
        path: a folder, an archive, a table that names files, a Parquet file, or the id of a dataset on the Hub.
        name: of the source; the name of a recipe takes that one.
        wishes: what its columns mean.

    Returns:
        The source; None if the files at `path` have neither a table nor folders that label them.

    Raises:
        DataError: it cannot be read, or has no labels.
    """
    recipe = RECIPES_BY_NAME.get((name or "").casefold())
    listing = list_source(path) if path.exists() else []
    own = any(Path(each).stem.lower() == METADATA_STEM for each, _ in listing)
    if recipe is None and name is None and not wishes.columns and not own:
        recipe = recognise(path, listing)
    if recipe is not None and (recipe.tables or recipe.columns) and not own:
        opened = open_recipe(recipe, path, listing)
        wishes = replace(
            wishes,
            columns=columns_of(recipe, opened.columns) | dict(wishes.columns),
            values={**recipe.values, **wishes.values},
        )
        columns = {ours: theirs for ours, theirs in wishes.columns.items() if ours != "image"}
    else:
        opened = _open(path, listing, wishes)
        if opened is None:
            return None
        wanted = {ours: theirs for ours, theirs in wishes.columns.items() if ours != "image"}
        columns = choose_columns(wanted, [column for column in opened.columns if column != opened.image])
        columns.pop("image", None)
    if not LABELS & columns.keys():
        raise DataError(
            f"{path} has no column with ages or genders that is known by its name; it has "
            f"{', '.join(opened.columns) or 'none'}: say which with --age or --gender{_half_of_dates(opened.columns)}"
        )
    if recipe is None:
        check_values(wishes.values, columns)
    return _source(path, opened, columns, wishes, recipe, name)


def default_name(path: Path) -> str:
    """A source's name from that of its file, folder or Hub id: `My Photos.tar.gz` -> `my-photos`."""
    base = path.resolve().name if path.exists() else path.name.partition("@")[0]
    for suffix in (".tar.gz", ".tgz", ".tar", ".zip", *TABLE_SUFFIXES):
        base = base.removesuffix(suffix)
    name = re.sub(r"[^\w.-]+", "-", base).strip("-.").lower() or "own"
    return f"{name}-photos" if name in SOURCES or name in RECIPES_BY_NAME else name


def _open(path: Path, listing: Sequence[tuple[str, int]], wishes: Wishes) -> Opened | None:
    wanted = wishes.columns
    if not path.exists():
        name = path.as_posix()  # an id has no backslash on Windows either
        if name.startswith((".", "/", "~")) or not re.fullmatch(r"[\w.-]+/[\w.-]+(@[\w./-]+)?", name):
            raise DataError(f"{path} does not exist, and is no id of the Hub (owner/name)")
        return open_hub(name, wanted)
    if path.is_file() and path.name.lower().endswith(TABLE_SUFFIXES):
        parquet = path.name.lower().endswith(".parquet")
        return open_parquet(path, wanted) if parquet and embeds_images(path) else open_table(path, wanted)
    if (saved := saved_folder(path)) is not None:
        return open_saved(saved, wanted)
    names = [name for name, _ in listing]
    if not any(map(is_image, names)) and any(name.endswith((".parquet", ".arrow")) for name in names):
        if not is_archive(path):
            return open_parquet(path, wanted)
        return _open_unpacked(path, wanted)
    opened = open_files(path, listing, wishes)
    if opened is None and not is_archive(path) and any(_embeds_images(path / name) for name in names):
        return open_parquet(path, wanted, has_others=True)
    return opened


def _embeds_images(file: Path) -> bool:
    try:
        return file.suffix == ".parquet" and embeds_images(file)
    except DataError:  # a table that nobody named
        return False


def _open_unpacked(path: Path, wanted: Mapping[str, str]) -> Opened:
    """Opens an archive of a saved dataset or of Parquet files, which `datasets` reads from a disk only."""
    folder = tempfile.TemporaryDirectory(prefix="gender-age-prepare-", ignore_cleanup_errors=True)
    inside = Path(folder.name)
    unpack(path, inside)
    saved = saved_folder(inside)
    opened = open_saved(saved, wanted) if saved else open_parquet(inside, wanted)
    read = opened.read

    def read_unpacked(files: set[str], _kept: tempfile.TemporaryDirectory = folder):  # until the source is gone
        yield from read(files)

    return replace(opened, read=read_unpacked)


def _source(
    path: Path, opened: Opened, columns: Mapping[str, str], wishes: Wishes, recipe: Recipe | None, name: str | None
) -> Source:
    labels = read_labels(opened.rows, columns, wishes)
    skipped = [*opened.skipped, *labels.skipped]
    if not labels.records:
        raise DataError(f"none of the {len(opened.rows)} rows of {path} can be used: {_why(skipped, labels)}")
    photos = {record.file: record.photo for record in labels.records}

    def read(files: set[str]):
        faces: dict[str, list[str]] = {}
        for file in sorted(files):
            faces.setdefault(photos[file] or file, []).append(file)
        for photo, data in opened.read(set(faces)):
            for file in faces[photo]:
                yield file, data

    rows = ((row.name, row.file, row.split, *sorted((k, str(v)) for k, v in row.values.items())) for row in opened.rows)
    used = {part for ours, theirs in columns.items() for part in parts(ours, theirs)}
    used |= {opened.image, opened.image.rpartition(" of ")[0]}
    return Source(
        name=recipe.name if recipe else name or default_name(path),
        records=tuple(sorted(labels.records, key=lambda record: record.file)),
        skipped=tuple(sorted(skipped, key=lambda skip: skip.file)),
        fingerprint=digest([*opened.listing, *rows]),
        read=read,
        origin=_origin(recipe) if recipe else OWN_ORIGIN,
        reading={"image": opened.image, **columns, **_boxes(labels, columns)},
        not_understood=labels.not_understood(),
        not_read=() if recipe else tuple(column for column in opened.columns if column not in used),
        unnamed=tuple(opened.unnamed),
        relative_boxes=labels.boxes is not None and labels.boxes.relative,
        options=wishes.to_dict(),
    )


def _boxes(labels: Labels, columns: Mapping[str, str]) -> dict[str, str]:
    return {"box": f"{columns['box']} ({labels.boxes})"} if labels.boxes else {}


def _why(skipped: Sequence[Skipped], labels: Labels) -> str:
    """Why no row can be used: each reason with its count and an example."""
    examples: dict[str, list[str]] = {}
    for skip in skipped:
        examples.setdefault(skip.reason, []).append(skip.file)
    text = "; ".join(f"{reason}: {len(files)}, such as {files[0]}" for reason, files in sorted(examples.items()))
    words = labels.not_understood()
    if not words:
        return text
    column, _, word = next(iter(words)).partition(": ")
    hint = f"; `--values {column}:{word}=...` says what a word means" if column in MEANINGS else ""
    return f"{text}; not understood: {', '.join(words)}{hint}"


def _half_of_dates(columns: Sequence[str]) -> str:
    """What is missing where there is only one of the two dates that make an age."""
    both = ("birth_date", "photo_date")
    found = next((each for each in both if choose_usual(each, columns)), None)
    if found is None:
        return ""
    other = both[1 - both.index(found)].replace("_", "-")
    return f"; ages from {choose_usual(found, columns)} need --{other}, too"


OWN_ORIGIN = Origin(
    title="",
    provenance="Photos and labels as whoever prepared this dataset had them. Who took the photos, who is shown, and "
    "who gave the labels or how is not recorded here.",
    licence="No licence is recorded. Share the images only if you have the right to.",
    removal="the owner of this dataset",
)


def _origin(recipe: Recipe) -> Origin:
    return Origin(
        title=recipe.title,
        provenance=f"[{recipe.title}]({recipe.url}) ({recipe.paper}). Its ages: {recipe.ages}.",
        licence=f"{recipe.title} is on its authors' terms, which are not copied here: read them at <{recipe.url}> "
        "before you share the images or a model that was trained on them.",
        removal=f"the authors at <{recipe.url}>",
    )
