"""Small drawn copies of published datasets, in their layouts."""

import io

import numpy as np
import pytest
from scipy.io import savemat

from tests.trainer.drawn_sources import drawing, write_folder, write_tar
from trainer.errors import DataError
from trainer.sources.opening import open_source
from trainer.sources.recipes import RECIPES

ADIENCE_HEAD = (
    "user_id\toriginal_image\tface_id\tage\tgender\tx\ty\tdx\tdy\ttilt_ang\tfiducial_yaw_angle\tfiducial_score"
)
LAGENDA_HEAD = "img_name,age,gender,face_x0,face_y0,face_x1,face_y1,person_x0,person_y0,person_x1,person_y1"


def imdb():
    """As `imdb.mat` is: a struct of vectors, the texts in arrays of their own."""
    names = [
        f"0{n}/nm000000{n}_rm{n}_{dates}.jpg" for n, dates in enumerate(("1899-5-10_1968", "1924-9-16_2004", "0_2000"))
    ]
    struct = {
        "dob": np.array([[693726.0, 702975.0, 0.0]]),
        "photo_taken": np.array([[1968, 2004, 2000]], np.uint16),
        "full_path": np.array([names], dtype=object),
        "gender": np.array([[1.0, np.nan, 0.0]]),
        "name": np.array([["Fred Astaire", "Lauren Bacall", np.array([], dtype=str)]], dtype=object),
        "face_location": np.array([[[1, 2, 3, 4]] * 3], dtype=object),
        "celeb_names": np.array([["a", "b", "c"]], dtype=object),
    }
    data = io.BytesIO()
    savemat(data, {"imdb": struct})
    return {f"imdb_crop/{name}": b"" for name in names} | {"imdb_crop/imdb.mat": data.getvalue()}


LAYOUTS = {
    "all-age-faces": (
        {
            "All-Age-Faces Dataset/original images/00012A02.jpg": b"",
            "All-Age-Faces Dataset/original images/07381A61.jpg": b"",
            "All-Age-Faces Dataset/aglined faces/00012A02.jpg": b"",
            "All-Age-Faces Dataset/aglined faces/07381A61.jpg": b"",
            "All-Age-Faces Dataset/image sets/train.txt": b"00012A02.jpg 0\n",
        },
        [(2, 2, "female", None, None), (61, 61, "male", None, None)],
    ),
    "appa-real": (
        {
            "appa-real-release/gt_avg_train.csv": b"file_name,num_ratings,apparent_age_avg,apparent_age_std,real_age\n"
            b"000000.jpg,36,5.055,1.6,4\n",
            "appa-real-release/gt_avg_valid.csv": b"file_name,num_ratings,apparent_age_avg,apparent_age_std,real_age\n"
            b"000000.jpg,36,30.6,1.6,28\n",
            "appa-real-release/gt_train.csv": b"file_name,age,apparent_age\n000000.jpg,5,4\n",
            "appa-real-release/train/000000.jpg": b"",
            "appa-real-release/train/000000.jpg_face.jpg": b"",
            "appa-real-release/valid/000000.jpg": b"",
        },
        [(5, 5, None, None, "train"), (31, 31, None, None, "validation")],
    ),
    "adience": (
        {
            "fold_0_data.txt": f"{ADIENCE_HEAD}\n"
            "30601258@N03\t1.jpg\t1\t(25, 32)\tf\t0\t414\t1086\t1383\t-115\t30\t17\n"
            "30601258@N03\t2.jpg\t2\tNone\tm\t0\t414\t1086\t1383\t-115\t30\t17\n"
            "7153718@N04\t3.jpg\t9\t35\tu\t0\t414\t1086\t1383\t-115\t30\t17\n"
            "7153718@N04\t4.jpg\t9\t(60, 100)\t\t0\t414\t1086\t1383\t-115\t30\t17\n".encode(),
            "fold_frontal_0_data.txt": f"{ADIENCE_HEAD}\n"
            "30601258@N03\t1.jpg\t1\t(25, 32)\tf\t0\t414\t1086\t1383\t0\t0\t17\n".encode(),
            "faces/30601258@N03/coarse_tilt_aligned_face.1.1.jpg": b"",
            "faces/30601258@N03/coarse_tilt_aligned_face.2.2.jpg": b"",
            "faces/7153718@N04/coarse_tilt_aligned_face.9.3.jpg": b"",
            "faces/7153718@N04/coarse_tilt_aligned_face.9.4.jpg": b"",
        },
        [
            (25, 32, "female", "30601258@N03", None),
            (None, None, "male", "30601258@N03", None),
            (35, 35, None, "7153718@N04", None),
            (60, 100, None, "7153718@N04", None),
        ],
    ),
    "agedb": (
        {"AgeDB/0_MariaCallas_35_f.jpg": b"", "AgeDB/16_JeanMarais_60_m.jpg": b""},
        [(35, 35, "female", "MariaCallas", None), (60, 60, "male", "JeanMarais", None)],
    ),
    "imdb-wiki": (
        imdb(),
        [
            (69, 69, "male", "Fred Astaire", None),
            (79, 79, None, "Lauren Bacall", None),
            (None, None, "female", None, None),
        ],
    ),
    "imdb-wiki by names": (
        {"wiki_crop/17/10000217_1981-05-05_2009.jpg": b"", "wiki_crop/48/10000548_1925-12-04_1964.jpg": b""},
        [(28, 28, None, "10000217", None), (38, 38, None, "10000548", None)],
    ),
    "cacd": (
        {"CACD2000/14_Aaron_Johnson_0001.jpg": b"", "CACD2000/53_Robin_Williams_0012.jpg": b""},
        [(14, 14, None, "Aaron_Johnson", None), (53, 53, None, "Robin_Williams", None)],
    ),
    "morph": (
        {
            "Album2/009055_1M54.JPG": b"",
            "Album2/012345_02F9.JPG": b"",
            "Album2/158175_23M56.jpg": b"",
            "morph_2008_nonCommercial.csv": b"id_num,picture_num,dob,doa,race,gender,facial_hair,age,age_diff,glasses,"
            b"photo\n009055,1,10/08/1950,10/30/2004,W,M,N,54,0,N,Album2/009055_1M54.JPG\n",
        },
        [
            (54, 54, "male", "009055", None),
            (9, 9, "female", "012345", None),
            (56, 56, "male", "158175", None),
        ],
    ),
    "lagenda": (
        {
            "lagenda_annotation.csv": f"{LAGENDA_HEAD}\n"
            "a.jpg,31,M,1,2,30,40,0,0,50,90\na.jpg,29.4,F,50,2,80,40,40,0,90,90\nb.jpg,-1,M,1,2,3,4,0,0,9,9\n"
            "b.jpg,-1,-1,5,2,9,8,0,0,9,9\nb.jpg,40,F,-1,-1,-1,-1,0,0,9,9\n".encode(),
            "lag_benchmark/a.jpg": b"",
            "lag_benchmark/b.jpg": b"",
        },
        [(31, 31, "male", None, None), (29, 29, "female", None, None), (None, None, "male", None, None)],
    ),
    "fg-net": (
        {"FGNET/images/001A02.JPG": b"", "FGNET/images/001A43a.JPG": b""},
        [(2, 2, None, "001", None), (43, 43, None, "001", None)],
    ),
    "afad": (
        {"AFAD-Full/15/111/638660-1.jpg": b"", "AFAD-Full/40/112/123-0.jpg": b""},
        [(15, 15, "male", None, None), (40, 40, "female", None, None)],
    ),
}


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("write", [write_folder, write_tar])
def test_a_published_layout_is_recognised_and_read(name, write, tmp_path):
    files, expected = LAYOUTS[name]
    source = open_source(write(tmp_path / "source.tar.gz", files, prefix=""))
    found = [(each.age_min, each.age_max, each.gender, each.identity, each.split) for each in source.records]
    assert source.name == name.partition(" ")[0]
    assert sorted(map(str, found)) == sorted(map(str, expected))
    assert {record.photo for record in source.records} <= files.keys()
    assert source.origin.title in source.origin.provenance


def test_every_recipe_has_a_layout_here():
    assert {recipe.name for recipe in RECIPES} <= LAYOUTS.keys()


def test_lagendas_faces_have_their_boxes(tmp_path):
    source = open_source(write_folder(tmp_path / "source", LAYOUTS["lagenda"][0], prefix=""))
    assert {record.file: record.box for record in source.records} == {
        "lag_benchmark/a.jpg": (1, 2, 30, 40),
        "lag_benchmark/a.jpg#2": (50, 2, 80, 40),
        "lag_benchmark/b.jpg": (1, 2, 3, 4),
    }


def test_of_two_copies_of_all_age_faces_the_photos_themselves_are_read(tmp_path):
    source = open_source(write_folder(tmp_path / "source", LAYOUTS["all-age-faces"][0], prefix=""))
    assert {record.photo.split("/")[1] for record in source.records} == {"original images"}
    assert {skip.reason for skip in source.skipped} == {"another copy of a photo"}
    aligned = open_source(tmp_path / "source" / "All-Age-Faces Dataset" / "aglined faces")
    assert (aligned.name, len(aligned.records)) == ("all-age-faces", 2)


def test_files_that_are_named_otherwise_are_left_out(tmp_path):
    files = {f"{n}_MariaCallas_35_f.jpg": b"" for n in range(10)} | {"cover.jpg": b""}
    source = open_source(write_folder(tmp_path / "source", files, prefix=""))
    assert len(source.records) == 10
    assert [(skip.file, skip.reason) for skip in source.skipped] == [("cover.jpg", "malformed name")]


def test_a_recipe_is_chosen_by_name(tmp_path):
    files = {f"{n}.jpg": b"" for n in range(10)} | {"001A02.jpg": b""}
    source = open_source(write_folder(tmp_path / "source", files, prefix=""), "fg-net")
    assert [(record.file, record.age_min) for record in source.records] == [("001A02.jpg", 2)]
    with pytest.raises(DataError, match="not laid out as AgeDB"):
        open_source(tmp_path / "source", "agedb")


def test_a_table_of_ones_own_comes_before_a_layout(tmp_path):
    files = {"001A02.jpg": drawing(1), "metadata.csv": b"file_name,age\n001A02.jpg,3\n"}
    source = open_source(write_folder(tmp_path / "source", files, prefix=""))
    assert (source.name, source.records[0].age_min) == ("source", 3)
    named = open_source(tmp_path / "source", "fg-net")
    assert (named.name, named.records[0].age_min) == ("fg-net", 3)


def test_common_names_are_no_layout_of_others(tmp_path):
    files = {f"00{n}_anna_2021.jpg": drawing(n) for n in range(1, 5)}
    table = "file_name\tage\tgender\n" + "".join(f"00{n}_anna_2021.jpg\t{30 + n}\tf\n" for n in range(1, 5))
    folder = write_folder(tmp_path / "mine", files | {"labels.tsv": table.encode()}, prefix="")
    source = open_source(folder)
    assert (source.name, {record.gender for record in source.records}) == ("mine", {"female"})
    assert sorted(record.age_min for record in source.records) == [31, 32, 33, 34]
    assert open_source(folder, "cacd").records[0].identity == "anna"
