"""Progress, summary and histograms of many photos."""

import re
from dataclasses import replace

from gender_age.results import PhotoPrediction
from page.many.html import charts_html, progress_html, summary_html
from tests import fakes

FACES = tuple(
    fakes.face(gender=gender, uncertain=gender == "male", age=age, age_interval=(age - 9, age + 9))
    for gender, age in (("female", 34.6), ("male", 100.0))
)
PHOTO = fakes.photo(photo="a.jpg", faces=FACES)
EMPTY = replace(PHOTO, photo="b.jpg", faces=())
BROKEN = PhotoPrediction.unusable("<b>c.jpg", "“<b>c.jpg” is not a photo.")


def test_summary():
    text = summary_html([PHOTO, EMPTY, BROKEN], 3, cancelled=False)
    assert "2 faces found in 2 photos" in text
    assert "No face was found in 1 photo." in text
    assert "1 file could not be used." in text
    assert "Median apparent age 67 years, from 35 to 100+." in text
    assert "“&lt;b&gt;c.jpg” is not a photo." in text
    assert "<b>c" not in text


def test_summary_of_a_stopped_run_and_of_many_problems():
    text = summary_html([BROKEN] * 20, 30, cancelled=True)
    assert "Stopped after 20 of 30 photos" in text
    assert text.count("is not a photo") == 8
    assert "12 more are in the table" in text
    assert "1 more is in the table" in summary_html([BROKEN] * 9, 9, cancelled=False)


def test_charts():
    assert charts_html([EMPTY, BROKEN]) == ""
    text = charts_html([PHOTO, PHOTO, EMPTY])
    assert "2 faces of 30 to 39 years" in text
    assert "2 faces of 90 and more years" in text
    assert "0 faces of 0 to 9 years" in text
    assert len(re.findall(r"height:100\.0%", text)) == 2
    assert "<b>male</b> 2 of 4, 2 of them uncertain" in text
    assert "<b>female</b> 2 of 4<" in text


def test_progress():
    assert 'aria-valuenow="0"' in progress_html(0, 60, 0.0)
    text = progress_html(20, 60, 10.0)
    assert 'role="progressbar"' in text
    assert "20 of 60 photos · about 20 seconds left" in text
    assert "about 4 minutes left" in progress_html(20, 500, 10.0)
