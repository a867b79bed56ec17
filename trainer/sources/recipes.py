"""Public face datasets that are read in the layout in which they are published; each is a short description."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a published dataset is laid out.

    Attributes:
        name: of the source.
        title: as its authors write it.
        url: where it is published.
        paper: by whom and where it was described.
        ages: what its ages are, for the card.
        file: pattern of the images' paths; named groups are columns. Images that do not match are left out.
        tables: pattern of the paths of its tables of labels; "" where the file names hold all.
        image: of a table's columns, the end of an image's path: `"{user_id}/{original_image}"`.
        columns: our column -> the table's, or a group of `file`.
        values: our column -> word -> the word that is meant.
        folder: name of the folder of the photos themselves, where others hold copies, cut or aligned, under the same
            names; empty where there are none.
        is_common: its files' names are common ones, so it is recognised only where its name is in a path, too.
        gender_from: the first number of a file's name from which on it shows a man; below it, a woman.
    """

    name: str
    title: str
    url: str
    paper: str
    ages: str
    file: str
    tables: str = ""
    image: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    folder: str = ""
    is_common: bool = False
    gender_from: int | None = None

    def matches_file(self, name: str) -> re.Match[str] | None:
        """The match of an image's path, from any folder on."""
        return re.search(rf"(?:^|/){self.file}$", name, re.IGNORECASE)

    def matches_table(self, name: str) -> re.Match[str] | None:
        """The match of a table's path."""
        return re.search(rf"(?:^|/){self.tables}$", name) if self.tables else None


PICTURE = r"\.(?:jpe?g|png|webp)"

RECIPES = (
    Recipe(
        name="appa-real",
        title="APPA-REAL",
        url="https://chalearnlap.cvc.uab.cat/dataset/26/description/",
        paper="Agustsson and others, *Apparent and real age estimation in still images with deep residual regressors "
        "on APPA-REAL database*, FG 2017",
        ages="the mean apparent age of some 38 people's guesses, rounded; genders are not published",
        file=r"(?:train|valid|test)/\d+\.jpg",
        tables=r"gt_avg_(?:train|valid|test)\.csv",
        image="{folder}/{file_name}",
        columns={"age": "apparent_age_avg"},
    ),
    Recipe(
        name="adience",
        title="Adience",
        url="https://talhassner.github.io/home/projects/Adience/Adience-data.html",
        paper="Eidinger, Enbar and Hassner, *Age and Gender Estimation of Unfiltered Faces*, TIFS 2014",
        ages="one of eight ranges, in some rows a year; the person is the album's owner, as in its published folds",
        file=rf"(?:coarse_tilt_aligned_face|landmark_aligned_face)\..+{PICTURE}",
        tables=r"fold_(?:frontal_)?\d_data\.txt",
        image="{user_id}/*.{face_id}.{original_image}",
        columns={"age": "age", "gender": "gender", "identity": "user_id"},
        values={"gender": {"u": ""}},
    ),
    Recipe(
        name="agedb",
        title="AgeDB",
        url="https://ibug.doc.ic.ac.uk/resources/agedb/",
        paper="Moschoglou and others, *AgeDB: the first manually collected, in-the-wild age database*, CVPRW 2017",
        ages="the age in the year of the photo, collected by hand",
        file=rf"\d+_(?P<identity>[^/]+)_(?P<age>\d{{1,3}})_(?P<gender>[fm]){PICTURE}",
        columns={"age": "age", "gender": "gender", "identity": "identity"},
    ),
    Recipe(
        name="imdb-wiki",
        title="IMDB-WIKI",
        url="https://data.vision.ee.ethz.ch/cvl/rrothe/imdb-wiki/",
        paper="Rothe, Timofte and Van Gool, *DEX: Deep EXpectation of apparent age from a single image*, ICCVW 2015",
        ages="from the date of birth to the middle of the photo's year; many are wrong, since names and photos were "
        "matched automatically",
        file=rf"(?P<identity>nm\d+|\d+)(?:_rm\d+)?_(?P<birth>\d{{4}}-\d{{1,2}}-\d{{1,2}})_(?P<year>\d{{4}}){PICTURE}",
        tables=r"(?:imdb|wiki)\.mat",
        image="{full_path}",
        columns={"birth_date": "dob", "photo_date": "photo_taken", "gender": "gender", "identity": "name"},
        values={"gender": {"0": "female", "1": "male"}},
    ),
    Recipe(
        name="cacd",
        title="CACD",
        url="https://bcsiriuschen.github.io/CARC/",
        paper="Chen, Chen and Hsu, *Cross-Age Reference Coding for Age-Invariant Face Recognition and Retrieval*, ECCV "
        "2014",
        ages="the photo's year less the year of birth; genders are not published",
        file=rf"(?P<age>\d{{1,3}})_(?P<identity>[^/\d]+?)_\d{{4}}{PICTURE}",
        columns={"age": "age", "identity": "identity"},
        is_common=True,
    ),
    Recipe(
        name="morph",
        title="MORPH",
        url="https://uncw.edu/oic/tech/morph.html",
        paper="Ricanek and Tesafaye, *MORPH: A Longitudinal Image Database of Normal Adult Age-Progression*, FG 2006",
        ages="the age when the photo was taken, from records",
        file=rf"(?P<identity>\d{{5,6}})_\d{{1,2}}(?P<gender>[mf])(?P<age>\d{{1,3}}){PICTURE}",
        columns={"age": "age", "gender": "gender", "identity": "identity"},
    ),
    Recipe(
        name="lagenda",
        title="LAGENDA",
        url="https://wildchlamydia.github.io/lagenda/",
        paper="Kuprashevich and Tolstykh, *MiVOLO: Multi-input Transformer for Age and Gender Estimation*, 2023 "
        "(https://arxiv.org/abs/2307.04616)",
        ages="votes of ten people, weighted; every face is a row, by the published box",
        file=rf"[^/]+{PICTURE}",
        tables=r"lagenda\w*\.csv",
        image="{img_name}",
        columns={"age": "age", "gender": "gender", "box": "face_x0,face_y0,face_x1,face_y1"},
        values={"age": {"-1": ""}, "gender": {"-1": ""}},
    ),
    Recipe(
        name="fg-net",
        title="FG-NET",
        url="https://yanweifu.github.io/FG_NET_data/",
        paper="Panis and others, *Overview of research on facial ageing using the FG-NET ageing database*, IET "
        "Biometrics 2016",
        ages="the age when the photo was taken; genders are not published",
        file=rf"(?P<identity>\d{{3}})A(?P<age>\d{{2}})[a-z]?{PICTURE}",
        columns={"age": "age", "identity": "identity"},
    ),
    Recipe(
        name="afad",
        title="AFAD",
        url="https://afad-dataset.github.io/",
        paper="Niu and others, *Ordinal Regression With Multiple Output CNN for Age Estimation*, CVPR 2016",
        ages="from the users' years of birth in a social network",
        file=rf"(?P<age>\d{{2}})/(?P<gender>11[12])/[^/]+{PICTURE}",
        columns={"age": "age", "gender": "gender"},
        values={"gender": {"111": "male", "112": "female"}},
    ),
    Recipe(
        name="all-age-faces",
        title="All-Age-Faces",
        url="https://github.com/JingchunCheng/All-Age-Faces-Dataset",
        paper="Cheng, Li, Wang, Yu and Wang, *Exploiting effective facial patches for robust gender recognition*, "
        "Tsinghua Science and Technology 2019",
        ages="as published in the file names; the number before them tells the gender",
        file=rf"(?P<number>\d{{5}})A(?P<age>\d{{2}}){PICTURE}",
        columns={"age": "age", "gender": "gender"},
        folder="original images",
        gender_from=7381,
    ),
)
"""Recognised by layout, in this order, or chosen by name."""

RECIPES_BY_NAME = {recipe.name: recipe for recipe in RECIPES}
