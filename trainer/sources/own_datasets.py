"""Own photos as a dataset of `datasets`: saved to disk, as Parquet with its images, or on the Hub."""

from __future__ import annotations

import glob
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from datasets import (
    ClassLabel,
    Dataset,
    DatasetDict,
    Image,
    LargeList,
    List,
    Value,
    config,
    load_dataset,
    load_from_disk,
)
from datasets.exceptions import DatasetsError
from huggingface_hub.errors import HFValidationError, HTTPError
from pyarrow import compute

from ..errors import DataError
from .archives import file_digest, folder_digest, read_plain
from .class_folders import split_of
from .columns import choose_columns, choose_usual
from .own_faces import Row
from .own_files import Opened
from .own_labels import parse_split, split_of_table
from .own_paths import is_address
from .own_records import ADDRESS

SAVED_FILES = ("state.json", "dataset_dict.json")
"""What `save_to_disk` writes beside the rows of a dataset, or of several splits."""

BINARY = ("binary", "large_binary")
"""Types of columns that can hold encoded images only."""

ROWS_AT_ONCE = 256


def saved_folder(path: Path) -> Path | None:
    """The folder at or right below `path` that `save_to_disk` wrote."""
    folders = [path, *sorted(each for each in path.iterdir() if each.is_dir())] if path.is_dir() else []
    return next((folder for folder in folders if any((folder / name).is_file() for name in SAVED_FILES)), None)


def open_saved(folder: Path, wanted: Mapping[str, str]) -> Opened:
    """Opens what `save_to_disk` wrote.

    Raises:
        DataError: it cannot be read, or no column holds images.
    """
    try:
        return open_splits(load_from_disk(str(folder)), folder, wanted)
    except (OSError, ValueError, KeyError, DatasetsError) as error:
        raise DataError(f"the saved dataset {folder} cannot be read: {error}") from error


def open_parquet(path: Path, wanted: Mapping[str, str], has_others: bool = False) -> Opened:
    """Opens a Parquet file with its images, or a folder of such files, whose names and folders may tell splits.

    Args:
        path: the file or folder.
        wanted: our column -> theirs, as the user says.
        has_others: whether the folder holds pictures beside these files.

    Raises:
        DataError: it cannot be read, or no column holds images.
    """
    # The cache of `datasets` knows local files by path and time of change, which a copy may keep (faces/loading.py).
    content = folder_digest(path) if path.is_dir() else file_digest(path)
    cache_dir = str(Path(config.HF_DATASETS_CACHE) / f"content-{content[:16]}")
    try:
        place = path if path.is_dir() else path.parent
        return open_splits(load_dataset(**local_dataset(path, has_others), cache_dir=cache_dir), place, wanted)
    except (OSError, ValueError, DatasetsError) as error:
        raise DataError(f"{path} cannot be read as a dataset: {error}") from error


def local_dataset(path: Path, has_others: bool = False) -> dict:
    """The arguments of `load_dataset` for a Parquet file or a dataset's folder.

    It takes brackets in a folder's path for a pattern: https://github.com/huggingface/datasets/issues/7468. The Parquet
    files of such a folder are listed, with the splits that their names and folders tell; so are those among others, of
    which it would read the more frequent kind. Of a relative path, brackets of the working folder count as well.
    """
    path = path.resolve()
    if path.is_file():
        return {"path": "parquet", "data_files": glob.escape(str(path))}
    files: dict[str, list[str]] = defaultdict(list)
    for file in sorted(path.rglob("*.parquet")) if has_others or glob.has_magic(str(path)) else ():
        split = split_of(file.relative_to(path).as_posix()) or split_of_table(file.stem) or "train"
        files[split].append(glob.escape(str(file)))
    return {"path": "parquet", "data_files": dict(files)} if files else {"path": str(path)}


def open_hub(name: str, wanted: Mapping[str, str]) -> Opened:
    """Opens a dataset of the Hub, `owner/name` or `owner/name@revision`.

    Raises:
        DataError: it does not exist, cannot be fetched, or no column holds images.
    """
    repo_id, _, revision = name.partition("@")
    try:
        return open_splits(load_dataset(repo_id, revision=revision or None), Path(), wanted)
    except (OSError, ValueError, HTTPError, HFValidationError, DatasetsError) as error:
        raise DataError(f"{name} is neither a path nor a dataset that can be loaded from the Hub: {error}") from error


def open_splits(found: Dataset | DatasetDict, place: Path, wanted: Mapping[str, str]) -> Opened:
    """Rows and images of the splits of a dataset; images that are paths are read from `place`."""
    splits = dict(found) if isinstance(found, dict) else {"": found}
    first = next(iter(splits.values()))
    image = _image_column(first, wanted)
    images = {
        split: rows.select_columns(image).cast_column(image, Image(decode=False)) for split, rows in splits.items()
    }
    paths = {split: stored(rows, image) for split, rows in images.items()}
    bases = [path and PurePosixPath(path.replace("\\", "/")).name for each in paths.values() for path, _ in each]
    # Stored names identify the rows if all have one and none repeats, else split and number.
    named = all(bases) and len(set(bases)) == len(bases)
    rows: list[Row] = []
    numbered: dict[str, tuple[str, int]] = {}
    for split, labels in splits.items():
        own_split = parse_split(split) if len(splits) > 1 else None
        for number, values in enumerate(_labels(labels.remove_columns(image))):
            path, has_bytes = paths[split][number]
            if path and not has_bytes and is_address(path):
                rows.append(Row(path, None, values, own_split, ADDRESS))
                continue
            file = bases[len(rows)] if named else f"{split or 'row'}/{number:06d}"
            numbered[file] = (split, number)
            rows.append(Row(file, file, values, own_split))

    def read(files: set[str]) -> Iterator[tuple[str, bytes | None]]:
        for split in splits:
            here = {numbered[file][1]: file for file in files if numbered[file][0] == split}
            wanted_rows = images[split].select(sorted(here))
            for number, cell in zip(sorted(here), _cells(wanted_rows, image), strict=True):
                yield here[number], _bytes(cell, place)

    listing = [*((split, len(rows)) for split, rows in splits.items()), _digest_of_images(images, image)]
    return Opened(rows, [name for name in first.column_names if name != image], listing, read, image)


def _image_column(dataset: Dataset, wanted: Mapping[str, str]) -> str:
    if "image" in wanted:
        image = choose_columns({"image": wanted["image"]}, dataset.column_names)["image"]
    else:
        kinds = [name for name, feature in dataset.features.items() if isinstance(feature, Image)]
        kinds += [name for name in [choose_usual("image", dataset.column_names)] if name is not None]
        kinds += [name for name, feature in dataset.features.items() if getattr(feature, "dtype", "") in BINARY]
        image = kinds[0] if kinds else ""
    feature = dataset.features.get(image)
    if not isinstance(feature, Image) and not (isinstance(feature, Value) and feature.dtype in (*BINARY, "string")):
        raise DataError(f"no column holds images, among {', '.join(dataset.column_names)}: say which with --image")
    return image


def _cells(images: Dataset, image: str) -> Iterator[dict]:
    for batch in images.iter(ROWS_AT_ONCE):
        yield from batch[image]


def stored(images: Dataset, image: str) -> list[tuple[str | None, bool]]:
    """Of each row's image the stored name, and whether its bytes are stored; the column `image` is not decoded."""
    found: list[tuple[str | None, bool]] = []
    for table in images.with_format("arrow").iter(ROWS_AT_ONCE):
        cells = table[image].combine_chunks()
        # A null image may have fields that are none.
        has_bytes = compute.and_(cells.is_valid(), cells.field("bytes").is_valid())
        found += zip(cells.field("path").to_pylist(), has_bytes.to_pylist(), strict=True)
    return found


def _digest_of_images(images: dict[str, Dataset], image: str) -> str:
    state = hashlib.sha256()
    for rows in images.values():
        for cell in _cells(rows, image):
            state.update(hashlib.sha256((cell or {}).get("bytes") or b"").digest())
    return state.hexdigest()


def class_names(feature: ClassLabel, values: Sequence[int | None]) -> list[str | None]:
    """The names of classes; None for null and for -1, which `datasets` has for no label."""
    return [None if value is None or value == -1 else feature.int2str(value) for value in values]


def _labels(rows: Dataset) -> Iterator[dict]:
    """The rows, with class names instead of indices; without pictures and other columns that label nothing."""
    rows = rows.select_columns([name for name, feature in rows.features.items() if _may_label(feature)])
    classes = {name: feature for name, feature in rows.features.items() if isinstance(feature, ClassLabel)}
    if not rows.column_names:
        return
    for batch in rows.with_format(None).iter(ROWS_AT_ONCE):
        for name, feature in classes.items():
            batch[name] = class_names(feature, batch[name])
        yield from (dict(zip(batch, cells, strict=True)) for cells in zip(*batch.values(), strict=True))


def _may_label(feature: object) -> bool:
    """Whether a column holds text, numbers, classes or, as boxes are, lists or mappings of these."""
    if isinstance(feature, Mapping):
        return all(map(_may_label, feature.values()))
    if isinstance(feature, (List, LargeList)):
        return _may_label(feature.feature)
    return isinstance(feature, ClassLabel) or (isinstance(feature, Value) and feature.dtype not in BINARY)


def _bytes(cell: dict | None, place: Path) -> bytes | None:
    if not cell:
        return None
    if cell.get("bytes") is not None:
        return cell["bytes"]
    # Where the Hub's files lie, the working folder says nothing of them.
    return read_plain(place / cell["path"], place if place.parts else None) if cell.get("path") else None
