"""What targeting leaves, in a sentence for every outcome."""

import pandas as pd
import pytest

from crmresearch.data.margins import Margins, as_margins
from crmresearch.stories.targeting import targeting_sentences

ROW = {"contacted": 0.4, "targeted": 500.0, "everybody": 300.0, "gained": 200.0, "ci_lower": 100.0, "ci_upper": 300.0}


@pytest.mark.parametrize(
    ("changed", "cost", "key"),
    [
        ({}, 2.0, "wins"),
        ({"everybody": -900.0}, 2.0, "wins"),
        ({"gained": 5.0, "ci_lower": 1.0}, 2.0, "hardly"),
        ({"ci_lower": -10.0}, 2.0, "ties"),
        ({"ci_lower": -300.0, "ci_upper": -100.0}, 2.0, "loses"),
        ({"contacted": 1.0}, 2.0, "all"),
        ({"contacted": 0.0, "targeted": 0.0}, 2.0, "nobody"),
        ({"targeted": -50.0, "everybody": -900.0}, 2.0, "negative"),  # better than everybody, and still a loss
        ({"contacted": 1.0, "targeted": -900.0, "everybody": -900.0}, 2.0, "negative"),
        ({}, 0.0, "free"),
    ],
)
def test_every_outcome_has_its_sentence(changed: dict[str, float], cost: float, key: str) -> None:
    told = targeting_sentences(pd.Series({**ROW, **changed}), as_margins(0.3), cost, "EUR", "RFM", "en")
    assert told[0].key == f"targeting.{key}"  # type: ignore[attr-defined]
    if cost:
        assert told[0].facts["margins"] == "a margin of 30%"  # type: ignore[attr-defined]


def test_margins_by_category_are_told_as_such() -> None:
    margins = Margins(0.38, pd.Series([0.38]), {"tea": 0.2}, 0.5)
    (told, _) = targeting_sentences(pd.Series(ROW), margins, 2.0, "EUR", "RFM", "en")
    assert told.facts["margins"] == "margins by category (38% of all spend together)"  # type: ignore[attr-defined]
