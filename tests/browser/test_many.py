"""The tab for many photos in a real browser, with the real model."""

import csv
import io
import json
import re
import shutil
import zipfile
from pathlib import Path

import pyarrow.parquet
import pytest

from page.shared.histograms import Column, column_chart

from .steps import EXAMPLES, ONE_VIEW, first_in, open_tab, refuse, violations
from .test_layout import SMALL
from .test_words import INNER_NAMES

PHOTOS = [EXAMPLES / name for name in ("group.jpg", "collins.jpg", "obama.jpg")]


def analyse(page, files) -> None:
    """Chooses the files and starts."""
    open_tab(page, "Many photos")
    page.set_input_files("#many-files input[type=file]", [str(path) for path in files])
    page.wait_for_function(
        "count => document.querySelectorAll('#many-files td.filename').length === count", arg=len(files)
    )
    page.click("#many-analyse")


def ended(page) -> str:
    """The summary, once the run is over."""
    page.wait_for_selector("#many-csv", state="visible")
    page.wait_for_selector("#many-analyse", state="visible")
    return page.inner_text("#many-status")


def shown(page, part=".ga-many-name") -> list[str]:
    """A part of every row of the table that has it, from top to bottom."""
    return page.locator(f"#many-table tbody {part}").all_inner_texts()


def ages(page) -> list[int]:
    return [int(age.rstrip("+")) for age in shown(page, "td b")]


def wait_for_rows(page, count) -> None:
    page.wait_for_function("count => document.querySelectorAll('#many-table tbody tr').length === count", arg=count)


def downloaded(page, button) -> bytes:
    with page.expect_download() as download:
        page.click(button)
    return Path(download.value.path()).read_bytes()


@first_in("desktop-light")
def test_files_and_an_archive_become_one_table(page, tmp_path):
    (tmp_path / "notes.jpg").write_text("Dear all,\n")
    with zipfile.ZipFile(tmp_path / "trip.zip", "w") as packed:
        packed.write(EXAMPLES / "hopper.jpg", "=trip/<b>1.jpg")
        packed.writestr("trip/readme.txt", "?")
        packed.writestr("../evil.jpg", "?")
    analyse(page, [*PHOTOS, tmp_path / "notes.jpg", tmp_path / "trip.zip"])
    text = ended(page)
    assert "6 faces found in 4 photos" in text
    assert "2 files could not be used." in text
    assert re.search(r"Median apparent age \d+ years, from \d+ to \d+", text)
    assert "“notes.jpg” is not a photo (it holds text)" in text
    assert "“evil.jpg” has a path that leads out of its archive" in text
    names = ["group.jpg"] * 3 + ["collins.jpg", "obama.jpg", "notes.jpg", "=trip/<b>1.jpg", "evil.jpg"]
    assert shown(page) == [*names[:6], "<b>1.jpg", "evil.jpg"]
    assert shown(page, "small >> text=trip.zip") == ["trip.zip › =trip", "trip.zip"]
    assert "leads out of its archive" in shown(page, ".ga-many-problem")[-1]

    charts = page.inner_text("#many-charts")
    assert len(re.findall(r"\d+ faces? of \d+", charts)) == 10
    assert sum(int(count) for count in re.findall(r"(\d+) of 6", charts)) == 6
    assert page.locator(".ga-column").count() == 10

    header, *found = csv.reader(io.StringIO(downloaded(page, "#many-csv").decode("utf-8-sig")))
    photo = header.index("photo")
    assert [row[photo] for row in found] == [*names[:6], "'=trip/<b>1.jpg", "evil.jpg"]
    assert [photo["photo"] for photo in json.loads(downloaded(page, "#many-json"))] == sorted(
        set(names), key=names.index
    )
    parquet = pyarrow.parquet.read_table(io.BytesIO(downloaded(page, "#many-parquet")))
    assert parquet.column("photo").to_pylist() == names


@ONE_VIEW
def test_the_table_is_filtered_sorted_and_shows_its_photos(page, tmp_path):
    (tmp_path / "notes.jpg").write_text("Dear all,\n")
    with zipfile.ZipFile(tmp_path / "trip.zip", "w") as packed:
        packed.write(EXAMPLES / "hopper.jpg", "day1/a.jpg")
        packed.write(EXAMPLES / "collins.jpg", "day2/a.jpg")
    analyse(page, [EXAMPLES / "group.jpg", tmp_path / "notes.jpg", tmp_path / "trip.zip"])
    ended(page)
    wait_for_rows(page, 6)
    loaded = "images => images.length === 5 && images.every(image => image.complete && image.naturalWidth)"
    page.locator("#many-table tbody tr").last.scroll_into_view_if_needed()
    page.wait_for_function(f"({loaded})([...document.querySelectorAll('.ga-many-tile img')])")

    page.fill("#many-table [data-field=name]", "male")
    wait_for_rows(page, 0)
    page.fill("#many-table [data-field=name]", "DAY1")
    wait_for_rows(page, 1)
    page.click("text=Show all")
    wait_for_rows(page, 6)
    page.select_option("#many-table [data-field=folder]", "trip.zip › day2")
    wait_for_rows(page, 1)
    assert shown(page, "small >> text=trip.zip") == ["trip.zip › day2"]
    page.click("text=Show all")
    page.click("text=no face or a problem")
    wait_for_rows(page, 1)
    assert shown(page) == ["notes.jpg"]
    page.click("text=Show all")

    page.click("#many-table [data-key='gender:male']")
    wait_for_rows(page, 1)
    assert shown(page, "td > span:first-child") == ["male"]
    assert page.get_attribute("#many-charts [data-key='gender:male']", "aria-pressed") == "true"
    page.click("#many-table [data-key='gender:male']")
    wait_for_rows(page, 6)
    page.focus("#many-charts [data-key='decade:80']")
    page.keyboard.press("Enter")
    wait_for_rows(page, 2)
    assert all(80 <= age < 90 for age in ages(page))
    assert page.input_value("#many-table [data-field=decade]") == "80"
    assert "2 of 6 rows" in page.inner_text(".ga-many-count")
    page.keyboard.press("Enter")
    wait_for_rows(page, 6)

    age = page.get_by_role("columnheader", name="Age")
    age.get_by_role("button").click()
    assert age.get_attribute("aria-sort") == "ascending"
    assert len(ages(page)) == 5
    assert ages(page) == sorted(ages(page))
    age.get_by_role("button").click()
    assert age.get_attribute("aria-sort") == "descending"
    assert ages(page) == sorted(ages(page), reverse=True)
    assert shown(page)[-1] == "notes.jpg", "who has no age stands above those that have one"
    small = page.eval_on_selector_all(
        "#many-table button:not([hidden]), #many-table select, #many-table input",
        "all => all.filter(each => each.offsetParent && each.offsetHeight < 40).map(each => each.outerHTML)",
    )
    assert small == []

    row = page.locator("#many-table tbody button", has_text="day2")
    row.click()
    picture = page.locator("dialog .ga-many-photo img")
    picture.wait_for()
    assert page.inner_text("#ga-many-title").split("\n") == ["a.jpg", "trip.zip › day2"]
    assert re.search(r"\d+ years, most likely \d+–\d+ · female", page.inner_text("dialog .ga-many-faces"))
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") >= 600
    assert violations(page) == []
    first = picture.get_attribute("src")
    page.get_by_role("button", name="Photo before").click()
    page.wait_for_function(
        "first => document.querySelector('.ga-many-photo img').getAttribute('src') !== first", arg=first
    )
    # Of two presses at once, the second is asked after the first is answered.
    title = page.inner_text("#ga-many-title")
    press = "step => document.querySelector(`.ga-many-dialog [data-step='${step}']`).click()"
    page.evaluate(f"() => [1, -1].forEach({press})")
    page.wait_for_selector(".ga-many-dialog.ga-waiting")
    page.wait_for_selector(".ga-many-dialog:not(.ga-waiting) [data-asked='4']")
    assert page.inner_text("#ga-many-title") == title
    page.keyboard.press("Escape")
    picture.wait_for(state="hidden")
    assert row.evaluate("each => each === document.activeElement"), "the focus does not come back to the row"


@first_in("phone-dark")
def test_columns_are_as_high_as_their_counts(page):
    counts = (0, 1, 3, 4)
    chart = column_chart("Faces", [Column(f"{count}", count, "") for count in counts])
    open_tab(page, "Many photos")
    show = "(place, chart) => { place.innerHTML = chart; }"
    page.eval_on_selector("#many-status", show, f'<div class="ga-many-charts">{chart}</div>')
    heights = page.eval_on_selector_all(".ga-column", "bars => bars.map(bar => bar.getBoundingClientRect().height)")
    assert heights[-1] > 90
    for count, height in zip(counts, heights, strict=True):
        assert abs(height - heights[-1] * count / 4) <= 1, "a height is no share of the highest"
    above = page.locator(".ga-column b").last.bounding_box()["y"] - page.locator(".ga-columns").bounding_box()["y"]
    assert above >= 0, "the count above the highest column leaves the chart"


@ONE_VIEW
def test_cancel_keeps_the_finished_part(page, tmp_path):
    copies = [tmp_path / f"{number:02}.jpg" for number in range(60)]
    for number, path in enumerate(copies):
        shutil.copy(PHOTOS[number % 3], path)
    analyse(page, copies)
    page.wait_for_selector("#many-status [role=progressbar]")
    page.wait_for_selector("#many-table tbody tr")
    page.click("#many-cancel")
    stopped = re.search(r"Stopped after (\d+) of 60 photos", ended(page))
    assert stopped, page.inner_text("#many-status")
    num_photos = int(stopped[1])
    assert 0 < num_photos < 60
    assert len(json.loads(downloaded(page, "#many-json"))) == num_photos
    assert shown(page)[0] == "00.jpg"
    assert "faces per decade" in page.inner_text("#many-charts")
    assert page.locator("#many-cancel").is_hidden()


@pytest.mark.slow  # page/many/test_tab.py asks without a browser
@ONE_VIEW
def test_without_files_it_says_what_to_do(page):
    open_tab(page, "Many photos")
    page.click("#many-analyse")
    page.wait_for_selector("#many-status >> text=There are no photos yet")
    page.wait_for_selector("#many-analyse", state="visible")


@pytest.mark.slow  # test_visit.py shows a full queue, page/many/test_tab.py the buttons after a failure
def test_a_full_queue_ends_the_waiting_and_the_next_try_works(busy_page):
    refuse(busy_page)
    analyse(busy_page, PHOTOS[1:])
    busy_page.wait_for_selector("#many-status >> text=The photos could not be analysed.")
    busy_page.wait_for_selector("#many-cancel", state="hidden")
    busy_page.unroute_all()
    busy_page.click("#many-analyse")
    assert "2 faces found in 2 photos" in ended(busy_page)


@ONE_VIEW
def test_files_are_added_with_one_button_that_says_so(page):
    open_tab(page, "Many photos")
    page.set_input_files("#many-files input[type=file]", EXAMPLES / "bera.jpg")
    page.wait_for_selector("#many-files td.filename >> text=bera")
    assert [each for each in page.evaluate(SMALL) if "icon-button" in each] == []
    assert not INNER_NAMES.search(page.inner_html("#many-files"))
    assert violations(page) == []
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Click to upload or drop files").click()
    chooser.value.set_files(EXAMPLES / "obama.jpg")
    page.wait_for_selector("#many-files td.filename >> text=obama")
