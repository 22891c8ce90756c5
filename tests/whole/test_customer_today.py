"""The report of today as its notebook makes it on CDNOW, in this process: its cells and sentences."""

import re

import pytest
from notebook_cells import run_cells

pytestmark = pytest.mark.long

GIVEN = {
    "horizons_months": [9, 12],
    "resamples": 20,
    "margin": 0.4,
    "contact_cost": 1.5,
    "rules": "data/cdnow/segments.yaml",
}


@pytest.fixture(scope="module")
def names() -> dict:
    return run_cells("customer_today", GIVEN)


def test_the_cells_run_and_tell_numbers(names: dict) -> None:
    shown = " ".join(names["shown"])
    assert not re.search(r"\bnan\b", shown)
    for told in (
        "The forecast of purchases and value: ",
        "When they buy next",
        "Who is overdue",
        "RFM",
        "What this cannot say",
        "Glossary",
    ):
        assert told in shown
    assert str(names["today"]) == "1998-06-30"
    assert [check.months for check in names["checks"]] == [9, 12]


def test_the_window_back_of_nine_months_is_nearly_the_published_split(names: dict) -> None:
    """1998-06-30 less 273 days: the same 39 weeks before and after the cut-off, of all customers."""
    check = names["checks"][0]
    assert (str(check.table.cutoff), check.days) == ("1997-09-30", 273)
    assert check.table.frame["holdout_purchases"].sum() == check.customers["purchases"].sum() == 19_684


def test_margin_and_cost_are_told(names: dict) -> None:
    story = names["story"]
    assert story.findings()[0].facts["told"].key == "today.headline_margin"
    assert "today.do_cost_raise" in [told.key for told in story.follows()]
    assert names["headings"]["expected_value_9"] == "Margin, 9 months"
