"""The charts' geometry, numbers and tables; and that nothing gets through unescaped."""

import re
import xml.etree.ElementTree as ElementTree

import pytest

from page.shared.charts import (
    BLUE,
    MIN_IN_BIN,
    VERMILION,
    Bar,
    Scale,
    bar_chart,
    reliability_chart,
    scale_for,
    shown,
)

MINUS = "\N{MINUS SIGN}"
BARS = [Bar("0–9", 2.0, 279, (1.5, 4.0)), Bar("60+", 8.0, 1239, (7.0, 9.5))]


def parsed(html):
    """The tree; fails where tags or attributes do not match."""
    return ElementTree.fromstring(html)


def having(tree, name):
    return [each for each in tree.iter() if name in each.get("class", "").split()]


def percents(element):
    """`left` and `width` of an element's style."""
    return tuple(float(each) for each in re.findall(r"(?:left|width):([\d.]+)%", element.get("style")))


def table_rows(tree):
    return [["".join(cell.itertext()) for cell in row] for row in tree.iter("tr")]


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (5.2289, "years", "5.2"),
        (-4.26, "signed", f"{MINUS}4.3"),
        (0.04, "signed", "+0.0"),
        (-0.04, "signed", "+0.0"),
        (0.93283, "share", "93.3%"),
        (0.9725, "share", "97.2%"),  # as the model card has it
        (1.0, "share", "100.0%"),
    ],
)
def test_values_as_text(value, kind, text):
    assert shown(value, kind) == text


@pytest.mark.parametrize(
    ("ends", "kind", "scale"),
    [
        ((2.0, 9.5), "years", Scale(0.0, 10.0, 5)),
        ((0.0, 0.0), "years", Scale(0.0, 0.01, 1)),
        ((-4.5, 3.1), "signed", Scale(-5.0, 5.0, 10)),
        ((0.51, 0.97), "share", Scale(0.5, 1.0, 5)),
        ((0.3, 0.97), "share", Scale(0.0, 1.0, 5)),
        ((0.0, 0.07), "share", Scale(0.0, 0.08, 4)),
    ],
)
def test_axes_hold_everything_in_few_round_steps(ends, kind, scale):
    found = scale_for([Bar("a", end, 10) for end in ends], kind)
    assert (found.low, found.high) == pytest.approx((scale.low, scale.high))
    assert found.steps == scale.steps


def test_axes_hold_the_intervals_too():
    assert scale_for([Bar("a", 1.0, 9, (0.5, 19.0))], "years").high == 20


def test_bars_start_at_zero_and_whiskers_span_their_interval():
    tree = parsed(bar_chart("Error", BARS, "years"))
    assert [percents(bar) for bar in having(tree, "ga-bar")] == [(0, 20), (0, 80)]
    assert [percents(bar) for bar in having(tree, "ga-whisker")] == [(15, 25), (70, 25)]
    assert having(tree, "ga-dot") == []


def test_signed_bars_go_both_ways_from_the_middle():
    tree = parsed(bar_chart("Bias", [Bar("young", 2.5, 30), Bar("old", -5.0, 30)], "signed"))
    assert [percents(bar) for bar in having(tree, "ga-bar")] == [(50, 25), (0, 50)]
    assert [percents(bar) for bar in having(tree, "ga-zero")] == [(50,), (50,)]
    (axis,) = having(tree, "ga-scale")
    assert "".join(axis.itertext()) == f"{MINUS}50+5"


def test_dots_where_the_axis_has_no_zero_and_a_reference_line():
    bars = [Bar("60+", 0.75, 30, series="female"), Bar("60+", 1.0, 40, series="male")]
    tree = parsed(bar_chart("Recall", bars, "share", reference=0.8))
    assert having(tree, "ga-bar") == []
    (circle,), (square,) = having(tree, "ga-dot"), having(tree, "ga-square")
    assert (percents(circle), percents(square)) == ((50,), (100,))
    assert [percents(line) for line in having(tree, "ga-reference")] == [(60,), (60,)]
    fills = [row.get("style") for row in having(tree, "ga-row") if row.get("style")]
    assert fills == [f"--ga-fill:{VERMILION}", f"--ga-fill:{BLUE}"]
    assert [each.text for each in having(tree, "ga-group")] == ["60+"]
    assert [each.text for each in having(tree, "ga-name")] == ["female", "male"]


def test_a_value_beyond_the_axis_is_drawn_at_its_end():
    tree = parsed(bar_chart("Recall", [Bar("a", 0.2, 30)], "share", Scale(0.5, 1.0, 5)))
    assert percents(having(tree, "ga-dot")[0]) == (0,)


def test_the_table_has_every_number():
    tree = parsed(bar_chart("Error", [*BARS, Bar("all", 5.0, 12)], "years"))
    assert table_rows(tree) == [
        ["Group", "Value", "95% interval", "n"],
        ["0–9", "2.0", "1.5 to 4.0", "279"],
        ["60+", "8.0", "7.0 to 9.5", "1,239"],
        ["all", "5.0", "–", "12"],
    ]
    (plot,) = having(tree, "ga-plot")
    assert plot.get("role") == "img"
    assert plot.get("aria-label") == "Chart: Error. Its numbers are in the table below."
    assert "".join(having(tree, "ga-value")[1].itertext()) == "8.0 n\N{THIN SPACE}=\N{THIN SPACE}1,239"


def test_reliability_places_dots_and_hollows_small_bins():
    bins = [(0.5, 0.5, 50), (0.75, 0.7, MIN_IN_BIN - 1), (1.0, 1.0, 5000)]
    tree = parsed(reliability_chart("Right", bins))
    first, small, last = tree.iter("circle")
    (line,) = having(tree, "ga-diagonal")
    ends = re.findall(r"[\d.]+", line.get("d"))
    assert [first.get("cx"), first.get("cy"), last.get("cx"), last.get("cy")] == ends
    assert (first.get("fill"), small.get("fill")) == (BLUE, "none")
    assert float(last.get("r")) > float(first.get("r"))
    assert table_rows(tree)[1:] == [["50.0%", "50.0%", "50"], ["75.0%", "70.0%", "9"], ["100.0%", "100.0%", "5,000"]]
    assert next(tree.iter("svg")).get("role") == "img"


@pytest.mark.parametrize("right", [0.0, 0.44, 1.0])
def test_reliability_dots_stay_in_the_picture(right):
    tree = parsed(reliability_chart("Right", [(0.55, right, 30)]))
    (circle,) = tree.iter("circle")
    width, height = map(float, next(tree.iter("svg")).get("viewBox").split()[2:])
    radius = float(circle.get("r"))
    assert radius <= float(circle.get("cx")) <= width - radius
    assert radius <= float(circle.get("cy")) <= height - radius


def test_text_is_escaped():
    evil = '<img src=x onerror="alert(1)">&'
    for html in (bar_chart(evil, [Bar(evil, 1.0, 9, series=evil)], "years"), reliability_chart(evil, [(0.6, 0.6, 9)])):
        tree = parsed(html)
        assert list(tree.iter("img")) == []
        assert tree.find("figcaption").text == evil
