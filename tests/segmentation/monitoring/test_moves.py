"""What movers spend against who was in their segment without moving: by hand, by the bootstrap, under no difference."""

import numpy as np
import pandas as pd
import pytest

from crmresearch.segmentation.monitoring.moves import directions, moves

KINDS = pd.CategoricalDtype(["low", "high", "top"])
RANKS = pd.DataFrame({"segment": ["top", "high", "low"], "spend": [30.0, 10.0, 1.0]})


def spend(after: pd.Series) -> pd.DataFrame:
    return pd.DataFrame({"spend_before": after, "spend_between": 2 * after, "spend_after": after})


def test_up_and_down_follow_the_spend_of_the_segments() -> None:
    before = pd.Series(["low", "high", "low", "high"], index=list("abcd"), dtype=KINDS)
    after = pd.Series(["high", "low", "low", "high"], index=list("abcx"), dtype=KINDS)
    assert directions(before, after, RANKS).to_dict() == {"a": "up", "b": "down", "c": "stayed"}


def test_movers_are_set_against_those_who_had_not_moved_in_their_own_mix() -> None:
    """Two movers to high (10, 14), one to top (31). In high, 4 stayed and 8 joined: mean 6, variance 8, 2 customers;
    in top 20, 24 and 28: mean 24, variance 16. Others: ⅔ 6 + ⅓ 24 = 12; gaps 4, 8, 7, mean 19/3, variance 13/3;
    the variance of the difference is 13/9 + 4/9 · 4 + 1/9 · 16/3. Who moved down into high counts on neither side."""
    segments = pd.Series(
        ["high", "high", "top", "high", "high", "top", "top", "top", "high", "low"],
        index=list("abcdefghij"),
        dtype=KINDS,
    )  # fmt: skip
    direction = pd.Series(
        ["up", "up", "up", "stayed", "stayed", "stayed", "stayed", "down", "down"], index=list("abcdfghij")
    )
    after = pd.Series([10.0, 14, 31, 4, 8, 20, 24, 28, 1000, 5], index=segments.index)
    rows = moves(direction, segments, spend(after)).set_index("direction")
    up = rows.loc["up"]
    assert (up.customers, up.compared, up.share) == (3, 3, 3 / 9)
    assert (up.spend_after, up.spend_of_others) == (pytest.approx(55 / 3), pytest.approx(12))
    assert up.difference == pytest.approx(19 / 3)
    reach = 1.959964 * np.sqrt(13 / 9 + 16 / 9 + 16 / 27)
    assert (up.lower, up.upper) == (pytest.approx(19 / 3 - reach), pytest.approx(19 / 3 + reach))
    down = rows.loc["down"]  # i into high; nobody who had not moved is in low, where j is
    assert (down.customers, down.compared, down.difference) == (2, 1, 994)
    assert np.isnan(down.lower)
    assert (rows.loc["level", "customers"], rows.loc["level", "compared"]) == (0, 0)
    assert rows.loc["stayed", "compared"] == 0
    assert rows.loc["stayed", ["spend_of_others", "difference", "lower"]].isna().all()


def planted(rng: np.random.Generator, n: int = 400) -> tuple[pd.Series, pd.Series, pd.DataFrame]:
    """Customers of two segments, a third of them movers; all of a segment spend alike, movers prefer the poor one."""
    up = rng.random(n) < 1 / 3
    top = rng.random(n) < np.where(up, 0.3, 0.7)
    after = pd.Series(np.where(top, 30.0, 10.0) * rng.gamma(1.0, size=n))
    segments = pd.Series(pd.Categorical(np.where(top, "top", "high"), categories=KINDS.categories))
    return pd.Series(np.where(up, "up", "stayed")), segments, spend(after)


@pytest.mark.long
def test_the_interval_is_that_of_a_bootstrap_of_customers() -> None:
    direction, segments, money = planted(np.random.default_rng(5))
    up = moves(direction, segments, money).set_index("direction").loc["up"]
    rng, drawn = np.random.default_rng(6), []
    for _ in range(200):
        again = rng.integers(0, len(money), len(money))
        parts = (frame.iloc[again].reset_index(drop=True) for frame in (direction, segments, money))
        drawn.append(moves(*parts).set_index("direction").loc["up", "difference"])
    # the standard deviation of 200 draws is known to 1 / √400, 5 %
    assert (up.upper - up.lower) / (2 * 1.959964) == pytest.approx(np.std(drawn, ddof=1), rel=0.15)


@pytest.mark.long
def test_where_nothing_tells_the_interval_holds_none_95_times_of_100() -> None:
    """200 worlds in which the segment says everything; ±3 % is two standard errors of that share."""
    held = 0
    for seed in range(200):
        up = moves(*planted(np.random.default_rng(seed))).set_index("direction").loc["up"]
        held += up.lower <= 0 <= up.upper
    assert 0.92 <= held / 200 <= 0.98
