"""Forecasts: the linear model moved by its own equations, and the interval of its estimates by brute force."""

import numpy as np
import pytest

from crmresearch.strategy.what_if import forecast, one_at_a_time


def test_shifts_of_the_equations_add_up_to_total_effects() -> None:
    """x → m → y and x → y: what x brings to m is in its total effect; a shift of m comes on top."""
    rng = np.random.default_rng(4)
    e = rng.normal(size=(3, 500))

    def y(of_x: float, of_m: float) -> float:
        x = 50 + 5 * e[0] + of_x
        m = 10 + 0.5 * x + 3 * e[1] + of_m
        return float((5 + 0.3 * x + 0.4 * m + e[2]).mean())

    totals = np.array([0.3 + 0.5 * 0.4, 0.4])
    draws = totals[:, None] + 0.01 * rng.normal(size=(2, 100))
    found = forecast(y(0, 0), np.full(100, y(0, 0)), totals, draws, np.array([10.0, 10.0]))
    for shift in ([0, 0], [1, 0], [0, 1], [1, 1], [-1, 0.5]):
        assert found.at(np.array(shift, dtype=float))[0] == pytest.approx(y(10 * shift[0], 10 * shift[1]))


def test_the_interval_is_that_of_what_is_estimated() -> None:
    rng = np.random.default_rng(6)
    spread = rng.normal(size=(3, 3))
    drawn = np.array([60.0, 0.5, 0.2])[:, None] + np.diag([1, 0.05, 0.05]) @ spread @ rng.normal(size=(3, 20_000))
    found = forecast(60.0, drawn[0], np.array([0.5, 0.2]), drawn[1:], np.array([10.0, 10.0]))
    shift = np.array([1.5, -0.5])
    values = drawn[0] + 10 * shift @ drawn[1:]
    estimate, lower, upper = found.at(shift)
    assert estimate == pytest.approx(60 + 7.5 - 1)
    assert upper - estimate == pytest.approx(1.959964 * values.std(ddof=1))
    np.testing.assert_allclose([lower, upper], np.quantile(values, [0.025, 0.975]), atol=0.15)


def test_an_index_stays_within_its_ends_and_an_undefined_factor_has_no_forecast() -> None:
    draws = np.array([[0.5, 0.5, 0.5], [np.nan] * 3])
    found = forecast(90.0, np.array([89.0, 90.0, 91.0]), np.array([0.5, np.nan]), draws, np.array([10.0, 10.0]))
    assert found.at(np.array([9.0, 0.0])) == (100, 100, 100)
    table = one_at_a_time(found)
    assert table["estimate"].tolist()[:2] == [90, 95]
    assert table.iloc[2].isna().all()
    assert table.columns.tolist() == ["estimate", "ci_lower", "ci_upper"]
