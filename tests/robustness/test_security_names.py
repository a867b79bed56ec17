"""What a photo is called ends up in no log line and in no table as a formula, through the running page."""

from __future__ import annotations

import csv
import io
import logging

from tests.page.many.visitor import Visitor

from .archives import named, packed
from .inputs import saved

MARK = "INJECTED"
NAMES = (
    f"a\n{MARK} line.png",
    f"a\r\n{MARK} line.png",
    f"a\x1b[2J{MARK}.png",
    f"a\u2028{MARK}.png",
    f"={MARK}()+cmd|' -C calc'!A0.png",
    f"@SUM({MARK}).png",
    f"<script>{MARK}.png",
)


def all_ways(page):
    """Photos with these names as uploads, in an archive, and damaged: everything that is answered."""
    answers = []
    for name in NAMES:
        answers.append(page.caller.predict(name, saved("PNG")))
        answers.append(page.caller.predict(name, b"Dear all"))
    files = [(named(name), data) for name in NAMES for data in (saved("PNG"), b"Dear all")]
    answers += page.caller.predict_batch((f"{MARK}\n.zip", packed(*files)), (f"b\n{MARK}.zip", b"no archive"))
    return answers


def test_no_name_is_logged(served, capfd, caplog):
    with caplog.at_level(logging.INFO):
        answers = all_ways(served)
    assert sum(MARK in answer["photo"] for answer in answers) > 20, "the names got lost on the way"
    assert MARK not in "".join(capfd.readouterr())
    # Other libraries' loggers may name an address; ours, and the root's, say nothing of a visitor's file.
    assert not [record for record in caplog.records if MARK in record.getMessage()]


def test_names_are_one_line_everywhere(served):
    for answer in all_ways(served):
        assert answer["photo"].isprintable()
        assert answer["error"] is None or answer["error"].isprintable()


def test_the_table_on_the_page_and_its_files(served):
    """As the browser has it: the run of the tab for many photos, its table, status and CSV."""
    visitor = Visitor(served.url, served.demo)
    uploaded = served.caller.upload("a.zip", packed(*((named(name), saved("PNG")) for name in NAMES))).json()
    value = [{"path": path, "meta": {"_type": "gradio.FileData"}} for path in uploaded]
    visitor.trigger("start")
    number = next(number for number, fn in served.demo.fns.items() if fn.name == "analyse_files")
    last = visitor.trigger("analyse_files", value, 0.6, None)[-1]["data"]
    outputs = [block.elem_id for block in served.demo.fns[number].outputs]
    shown = dict(zip(outputs, last, strict=True))
    # tests/browser/test_many.py: table.js shows names as text.
    assert len(shown["many-table"]["lines"].strip().split("\n")) == len(NAMES)
    assert "<script" not in str(shown["many-status"]) + str(shown["many-charts"])
    data = visitor.download(shown["many-csv"].get("value") or shown["many-csv"])
    cells = [cell for row in csv.reader(io.StringIO(data.decode("utf-8-sig"))) for cell in row]
    assert sum(MARK in cell for cell in cells) == 2 * len(NAMES), "in the columns path and photo"
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
