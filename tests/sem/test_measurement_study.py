"""What a study of measurement picks out of its tables: closest pairs, the gravest overlap, half of the variance."""

import pandas as pd
import pytest

from crmresearch.sem.common_source import CommonSource
from crmresearch.sem.measurement_study import MeasurementStudy


def test_of_every_construct_the_closest_other_stands_once_in_an_outcome() -> None:
    rows = [
        ("image", "quality", 0.8, "met"), ("quality", "value", 0.95, "missed"), ("value", "quality", 0.95, "missed"),
        ("loyalty", "value", 0.9, "not_told"),
    ]  # fmt: skip
    quality = pd.DataFrame(rows, columns=["construct", "about", "estimate", "outcome"]).assign(
        criterion="discrimination"
    )
    quality.loc[len(quality)] = ["image", "", 0.99, "met", "reliability"]
    study = MeasurementStudy(None, None, quality, pd.DataFrame(), None, None, {})  # type: ignore[arg-type]
    assert study.closest["construct"].tolist() == ["quality", "loyalty", "image"]
    assert study.beyond.empty  # without a covariance structure


@pytest.mark.parametrize(
    ("outcomes", "gravest", "named"),
    [("met missed missed", "missed", "cb"), ("met met not_told", "not_told", "c"), ("met met met", "met", "cab")],
)
def test_the_gravest_overlap_is_told(outcomes: str, gravest: str, named: str) -> None:
    full = pd.DataFrame({"construct": [*"abc"], "estimate": [3.0, 2.0, 4.0], "outcome": outcomes.split()})
    outcome, rows = CommonSource(full, pd.DataFrame(), pd.DataFrame()).overlap
    assert (outcome, "".join(rows["construct"])) == (gravest, named)


@pytest.mark.parametrize(("ends", "side"), [((0.51, 0.6), "above"), ((0.3, 0.49), "below"), ((0.4, 0.6), "open")])
def test_half_of_the_variance_is_told_beyond_chance_only(ends: tuple[float, float], side: str) -> None:
    share = pd.DataFrame({"estimate": [0.5], "ci_lower": ends[0], "ci_upper": ends[1]})
    assert CommonSource(pd.DataFrame(), share, pd.DataFrame()).half == side
