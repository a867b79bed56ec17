"""A report and a record as the About tab gets them."""

import pytest

from tests.page.about.records import drawn_report, training_record


@pytest.fixture
def drawn():
    return drawn_report()


@pytest.fixture
def record():
    return training_record()
