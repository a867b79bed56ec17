"""What the cards say about the sources: provenance, licence, whom to ask for removal."""

from __future__ import annotations

from gender_age.records import SOURCE_NAMES

from ..sources.record import Origin

PROVENANCE = {
    "utkface": """\
[UTKFace](https://susanqq.github.io/UTKFace/) (Zhang, Song and Qi, *Age Progression/Regression by Conditional
Adversarial Autoencoder*, CVPR 2017): face images collected from the web by its authors. Age, gender and race are read
from the file names. The ages were estimated by an algorithm and then checked by a person; some labels are wrong.""",
    "fairface": """\
[FairFace](https://github.com/joojs/fairface) (Kärkkäinen and Joo, *FairFace: Face Attribute Dataset for Balanced Race,
Gender, and Age for Bias Measurement and Mitigation*, WACV 2021): faces from YFCC-100M, labelled by crowd workers. Ages
are ranges: "20-29" is `age_min` 20 and `age_max` 29, "70+" is 70 to 120. The published division into training and
validation images is not kept: all images given are divided anew.""",
    "all-age-faces": """\
[All-Age-Faces](https://github.com/JingchunCheng/All-Age-Faces-Dataset) (Cheng, Li, Wang, Yu and Wang, *Exploiting
effective facial patches for robust gender recognition*, Tsinghua Science and Technology 2019): mostly Asian faces of 2
to 80 years. Age and gender are those of its file names.""",
}
LICENCE = {
    "utkface": """\
UTKFace is available for **non-commercial research purposes only**. The copyright of the images stays with their
original owners. Do not sell, exploit or republish them for any commercial purpose; this copy is private unless you
have the right to share it. Models trained on it are for non-commercial research as well.""",
    "fairface": """\
FairFace is published under [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/): name its authors when you use or
share it. The images come from YFCC-100M and are under their photographers' Creative Commons licences.""",
    "all-age-faces": """\
All-Age-Faces is published for academic research only.""",
}
REMOVAL = {
    "utkface": "the contact on <https://susanqq.github.io/UTKFace/>",
    "fairface": "the issues of <https://github.com/joojs/fairface>",
    "all-age-faces": "the issues of <https://github.com/JingchunCheng/All-Age-Faces-Dataset>",
}
PUBLISHED = {"utkface": 23_707, "fairface": 97_698, "all-age-faces": 13_322}
"""Number of images that the authors of a source published: FairFace's 86,744 and 10,954 for training and validation."""

USE = {
    "utkface": "for non-commercial research only",
    "fairface": "as their licences allow",
    "all-age-faces": "for research only",
}
OTHER_USE = "as their owners allow"


def origin_of(source: str) -> Origin:
    """The origin of a source in `SOURCES`."""
    return Origin(SOURCE_NAMES[source], PROVENANCE[source], LICENCE[source], REMOVAL[source])
