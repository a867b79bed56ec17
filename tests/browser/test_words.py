"""Every word is English, whatever the browser asks for, and none is the name of something inside the program."""

import re

import pytest

from .conftest import WatchedPage
from .steps import open_tab

INNER_NAMES = re.compile(
    r"\b(common|upload_text|blocks|errors|image|file)\.[a-z_]+\b|\bvalue_\d+\b|\{url\}|\bundefined\b"
)
OTHER_SCRIPTS = re.compile(r"[\u0590-\u06ff\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
FOREIGN = re.compile(r"\b(hochladen|ablegen|klicken|oder|und|über|einstellungen)\b", re.IGNORECASE)
TABS = ("Photo", "Why?", "Many photos", "Live", "About")


@pytest.mark.parametrize("locale", ["ar", *(pytest.param(name, marks=pytest.mark.slow) for name in ("de-DE", "zh-CN"))])
def test_all_words_are_english(browser, page_url, locale):
    with WatchedPage(browser, page_url, (390, 844), "light", locale=locale) as page:
        for tab in TABS:
            open_tab(page, tab)
            text = page.inner_text("body")
            labels = page.eval_on_selector_all(
                "[aria-label], [title], [placeholder]",
                "all => all.map(each => [each.ariaLabel, each.title, each.placeholder].join(' ')).join('\\n')",
            )
            for words in (text, labels):
                assert not FOREIGN.search(words), (tab, FOREIGN.search(words))
                assert not OTHER_SCRIPTS.search(words), tab
                assert not INNER_NAMES.search(words), (tab, INNER_NAMES.search(words))
        assert page.evaluate("[document.documentElement.lang, document.documentElement.dir]") in (
            ["en", ""],
            ["en", "ltr"],
        )
