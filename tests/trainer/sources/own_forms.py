"""Three own photos in every form in which people may have them."""

import json

from datasets import ClassLabel, Dataset, Features, Image, Value

from tests.trainer.drawn_sources import drawing, write_folder, write_tar, write_zip

PEOPLE = {"a.jpg": (23, "female"), "b.jpg": (41, "male"), "c.jpg": (7, "female")}


def pictures(folder=""):
    return {f"{folder}{name}": drawing(number + 1) for number, name in enumerate(PEOPLE)}


def table(separator=",", head="file_name,age,gender"):
    rows = [f"{name},{age},{gender}" for name, (age, gender) in PEOPLE.items()]
    return "\n".join([head, *rows]).replace(",", separator).encode()


def jsonl():
    rows = [{"file_name": name, "age": age, "gender": gender} for name, (age, gender) in PEOPLE.items()]
    return "\n".join(map(json.dumps, rows)).encode()


def labels(source):
    return {record.file.rpartition("/")[2]: (record.age_min, record.gender) for record in source.records}


def rows(images, **columns):
    kinds = {"image": Image()} | {name: kind for name, (_, kind) in columns.items()}
    cells = {"image": [{"bytes": data, "path": name} for name, data in images.items()]}
    return Dataset.from_dict(cells | {name: values for name, (values, _) in columns.items()}, features=Features(kinds))


def saved():
    ages, genders = zip(*PEOPLE.values(), strict=True)
    return rows(
        pictures(),
        age=(list(ages), Value("int64")),
        gender=([["male", "female"].index(each) for each in genders], ClassLabel(names=["male", "female"])),
    )


def as_parquet(path):
    path.mkdir(parents=True)
    saved().to_parquet(path / "train-00000-of-00001.parquet")
    return path


def saved_in_zip(path):
    saved().save_to_disk(path / "saved")
    files = {file.relative_to(path).as_posix(): file.read_bytes() for file in path.rglob("*") if file.is_file()}
    return write_zip(path / "photos.zip", files, prefix="")


def saved_to_disk(path):
    saved().save_to_disk(path)
    return path


def one_parquet(path):
    saved().to_parquet(path / "people.parquet")
    return path / "people.parquet"


def table_beside(path):
    write_folder(path, pictures("images/"), prefix="")
    (path / "people.csv").write_bytes(table().replace(b"a.jpg", b"images/a.jpg").replace(b"b.jpg", b"images/b.jpg")
                                      .replace(b"c.jpg", str(path / "images" / "c.jpg").encode()))  # fmt: skip
    return path / "people.csv"


def parquet_of_paths(path):
    write_folder(path, pictures(), prefix="")
    ages, genders = zip(*PEOPLE.values(), strict=True)
    Dataset.from_dict({"path": list(PEOPLE), "age": ages, "sex": genders}).to_parquet(path / "people.parquet")
    return path / "people.parquet"


FORMS = {
    "metadata.csv": lambda path: write_folder(path, pictures() | {"metadata.csv": table()}, prefix=""),
    "semicolons": lambda path: write_folder(path, pictures() | {"metadata.csv": table(";")}, prefix="in/"),
    "metadata.jsonl": lambda path: write_folder(path, pictures() | {"metadata.jsonl": jsonl()}, prefix=""),
    "labels.tsv": lambda path: write_folder(path, pictures("img/") | {"labels.tsv": table("\t")}, prefix=""),
    "zip": lambda path: write_zip(path / "p.zip", pictures() | {"metadata.csv": table()}, prefix="p/"),
    "tar": lambda path: write_tar(path / "p.tar.gz", pictures() | {"metadata.csv": table()}, prefix="p/"),
    "other suffixes": lambda path: write_folder(
        path, pictures() | {"metadata.csv": table().replace(b".jpg", b"")}, prefix=""
    ),
    "table": table_beside,
    "Parquet of paths": parquet_of_paths,
    "Parquet": one_parquet,
    "folder of Parquet": lambda path: as_parquet(path / "data").parent,
    "save_to_disk": lambda path: saved_to_disk(path / "saved"),
    "zip of save_to_disk": saved_in_zip,
}
