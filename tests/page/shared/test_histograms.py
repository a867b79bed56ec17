"""Columns, shares and the age distribution: their geometry, their words, and that nothing gets through unescaped."""

import re
import xml.etree.ElementTree as ElementTree

import pytest

from page.shared.chart_parts import BLUE, SKY, VERMILION
from page.shared.histograms import Column, Share, column_chart, distribution_chart, share_chart

EVIL = '<img src=x onerror="alert(1)">&'


def having(html, name):
    return [each for each in ElementTree.fromstring(html).iter() if name in each.get("class", "").split()]


def distribution(peak=31):
    probabilities = [0.5 / 100] * 101
    probabilities[peak] = 0.5
    return probabilities


def drawn(expected=(31.2, "31"), interval=(30, 50), text="80% interval 30–50", **changes):
    values = {"distribution": distribution(), "summary": "Most likely 31.", "rows": [("0–9", "5%")]} | changes
    return distribution_chart("Ages", expected=expected, interval=interval, interval_text=text, **values)


def test_heights_are_shares_of_the_highest():
    html = column_chart("Faces", [Column("0", 3, "3 faces"), Column("10", 0, "0 faces"), Column("20", 4, "4 faces")])
    assert [column.get("style") for column in having(html, "ga-column")] == [
        "height:75.0%",
        "height:0.0%",
        "height:100.0%",
    ]
    assert [column.find("b").text for column in having(html, "ga-column")] == ["3", None, "4"]
    assert [column.text for column in having(html, "ga-unseen")] == ["3 faces", "0 faces", "4 faces"]
    # What the sentences say already.
    assert all(each.get("aria-hidden") == "true" for each in having(html, "ga-column-lane"))
    assert all(each.get("aria-hidden") == "true" for each in having(html, "ga-column-label"))


def test_shares_are_striped_where_they_are_uncertain():
    html = share_chart("Gender", [Share("female", "5 of 8, 3 of them uncertain", 5 / 8, 3 / 8, VERMILION)])
    (bar,) = having(html, "ga-share-bar")
    assert [part.get("style") for part in bar] == ["width:25.0%", "width:37.5%"]
    assert [part.get("class") for part in bar] == [None, "ga-striped"]
    assert bar.get("style") == f"--ga-fill:{VERMILION}"
    assert "".join(having(html, "ga-share-text")[0].itertext()) == "female 5 of 8, 3 of them uncertain"


def test_a_distribution_has_a_column_a_year_and_round_grid_lines():
    html = drawn()
    assert ElementTree.fromstring(html).find("figcaption").find("h2").text == "Ages"
    bars = [each for each in ElementTree.fromstring(html).iter("rect")]
    assert len(bars) == 101
    assert [line.find("b").text for line in having(html, "ga-grid-line")] == ["0%", "20%", "40%", "60%"]
    assert float(bars[31].get("height")) == pytest.approx(50 / 60 * 100, abs=0.01)
    assert [year for year, bar in enumerate(bars) if bar.get("class") == "ga-in"] == list(range(30, 51))
    (area, _legend) = having(html, "ga-interval")
    left, width = map(float, re.findall(r"([\d.]+)%", area.get("style")))
    assert (left, left + width) == pytest.approx((100 * 30 / 101, 100 * 51 / 101), abs=0.02)
    line = having(html, "ga-expected")[0]
    assert line.get("style") == f"left:{100 * 31.7 / 101:.2f}%"
    assert [tick.text for tick in having(html, "ga-distribution-ticks")[0]] == [
        *map(str, range(0, 100, 10)),
        "100+",
    ]
    (colours,) = having(html, "ga-distribution")
    assert colours.get("style") == f"--ga-fill-light:{BLUE};--ga-fill-dark:{SKY}"


def test_a_distribution_is_one_picture_with_its_numbers_in_words_and_in_a_table():
    html = drawn()
    (plot,) = having(html, "ga-distribution-plot")
    assert plot.get("role") == "img"
    assert plot.get("aria-label") == (
        "Bars for the probability of each age from 0 to 100. Expected age 31, 80% interval 30–50. Most likely 31."
    )
    rows = [["".join(cell.itertext()) for cell in row] for row in ElementTree.fromstring(html).iter("tr")]
    assert rows == [["Age in years", "Probability"], ["0–9", "5%"]]


@pytest.mark.parametrize("age", [-3.0, 0.0, 100.0, 119.0])
def test_an_expected_age_stays_on_the_axis(age):
    (place,) = re.findall(r"[\d.]+", having(drawn(expected=(age, "?")), "ga-expected")[0].get("style"))
    assert float(place) == pytest.approx(100 * (min(max(age, 0), 100) + 0.5) / 101, abs=0.01)


@pytest.mark.parametrize(
    "html",
    [
        column_chart(EVIL, [Column(EVIL, 1, EVIL)]),
        share_chart(EVIL, [Share(EVIL, EVIL, 1.0, 0.0, BLUE)]),
        drawn(expected=(40.0, EVIL), text=EVIL, summary=EVIL, rows=[(EVIL, EVIL)]),
    ],
    ids=["columns", "shares", "distribution"],
)
def test_text_is_escaped(html):
    tree = ElementTree.fromstring(html)
    assert list(tree.iter("img")) == []
    assert EVIL in "".join(tree.itertext())


def test_parts_with_a_key_are_buttons():
    assert "<button" not in column_chart("Faces", [Column("0", 3, "3 faces")])
    column = column_chart("Faces", [Column("0", 3, "3 faces", EVIL)])
    share = share_chart("Gender", [Share("female", "all", 1.0, 0.0, BLUE, "gender:female")])
    assert '<button type="button" data-key="gender:female" aria-pressed="false">' in share
    assert "<button" in column
    assert EVIL not in column
