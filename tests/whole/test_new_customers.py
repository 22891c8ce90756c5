"""The report of new customers as its notebook makes it on CDNOW, in this process: its cells and sentences."""

import re

import pytest
from notebook_cells import run_cells

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def names() -> dict:
    return run_cells("new_customers", {"resamples": 20, "margin": 0.4, "silence": 180})


def test_the_cells_run_and_tell_numbers(names: dict) -> None:
    shown = " ".join(names["shown"])
    assert not re.search(r"\bnan\b", shown)
    for told in ("The forecast of new customers: ", "not out of time", "Remind those", "Kaplan–Meier", "Glossary"):
        assert told in shown
    assert [one.trial.kind for one in names["trials"]] == ["crossed", "later"]
    assert "not_out_of_time" in set(names["cautions"](names["story"])["code"])


def test_the_findings_tell_what_the_tables_hold(names: dict) -> None:
    story, one = names["story"], names["trials"][0]
    row = one.scores.set_index("method").loc[one.lead]
    first = story.findings()[0]
    assert first.key == "new.capture"
    assert first.facts["capture"] == row["capture"]
    top = names["found"].prospects.customers.head(2357)
    invest = story.follows()[0]
    assert invest.key == "new.do_later"  # nobody came after March 1997
    assert invest.facts["worth"] == pytest.approx(0.4 * top["expected"].mean())
