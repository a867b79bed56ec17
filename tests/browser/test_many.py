"""The tab for many photos in a real browser, with the real model."""

import csv
import io
import json
import re
import shutil
import zipfile
from pathlib import Path

import pyarrow.parquet

from page.shared.histograms import Column, column_chart

from .steps import EXAMPLES, ONE_VIEW, open_tab, refuse

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


def column(page, number) -> list[str]:
    """The cells of one column of the table, from top to bottom."""
    rows = "rows => rows.sort((a, b) => a.dataset.index - b.dataset.index)"
    cell = f".map(row => row.querySelector(\"[data-col='{number}']\").innerText.trim())"
    return page.eval_on_selector_all("#many-table .virtual-row", rows + cell)


def downloaded(page, button) -> bytes:
    with page.expect_download() as download:
        page.click(button)
    return Path(download.value.path()).read_bytes()


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
    assert column(page, 0) == names

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

    sentence = page.locator("#many-table .virtual-row [data-col='12'] .text", has_text="leads out of its archive")
    height = sentence.bounding_box()["height"]
    sentence.click()
    assert sentence.bounding_box()["height"] > height, "a click does not show all of a long cell"

    page.fill("#many-table .search-input", "collins")
    page.wait_for_function("document.querySelectorAll('#many-table .virtual-row').length === 1")
    assert column(page, 0) == ["collins.jpg"]
    page.fill("#many-table .search-input", "")
    page.wait_for_function("document.querySelectorAll('#many-table .virtual-row').length === 8")
    page.click("#many-table th[data-heading='2'] .cell-menu-button")
    page.get_by_text("Sort ascending").click()
    page.wait_for_selector("#many-table th[data-heading='2'] .sort-indicator")
    ages = [float(age) for age in column(page, 2) if age]
    assert len(ages) == 6
    assert ages == sorted(ages)


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
    page.wait_for_selector("#many-table .virtual-row")
    page.click("#many-cancel")
    stopped = re.search(r"Stopped after (\d+) of 60 photos", ended(page))
    assert stopped, page.inner_text("#many-status")
    num_photos = int(stopped[1])
    assert 0 < num_photos < 60
    assert len(json.loads(downloaded(page, "#many-json"))) == num_photos
    assert column(page, 0)[0] == "00.jpg"
    assert "faces per decade" in page.inner_text("#many-charts")
    assert page.locator("#many-cancel").is_hidden()


@ONE_VIEW
def test_without_files_it_says_what_to_do(page):
    open_tab(page, "Many photos")
    page.click("#many-analyse")
    page.wait_for_selector("#many-status >> text=There are no photos yet")
    page.wait_for_selector("#many-analyse", state="visible")


def test_a_full_queue_ends_the_waiting_and_the_next_try_works(busy_page):
    refuse(busy_page)
    analyse(busy_page, PHOTOS[1:])
    busy_page.wait_for_selector("#many-status >> text=The photos could not be analysed.")
    busy_page.wait_for_selector("#many-cancel", state="hidden")
    busy_page.unroute_all()
    busy_page.click("#many-analyse")
    assert "2 faces found in 2 photos" in ended(busy_page)
