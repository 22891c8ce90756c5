"""From customer table to value, bootstrap intervals, and histories that cannot be."""

import numpy as np
import pandas as pd
import pytest
from clv_cases import cdnow, histories_of, simulate

from crmresearch.errors import EstimationError
from crmresearch.value import CustomerValue, bootstrap, fit_bg_nbd, fit_mbg_nbd, fit_pareto_nbd, histories, maximum
from crmresearch.value.customer_value import FORECAST, MODELS
from crmresearch.value.forecast import CustomerForecast
from crmresearch.value.resample import resample_counts


@pytest.fixture(scope="module")
def customers():
    """A customer table of the published sample, in days, one row a customer."""
    rows = cdnow()
    rows = rows.loc[rows.index.repeat(rows.customers)].reset_index(drop=True)
    table = pd.DataFrame({"repeat": rows.x, "t_last": (7 * rows.t_x).round(), "tenure": (7 * rows["T"]).round()})
    table["repeat_mean"] = rows.zbar.where(rows.x > 0)
    table.index = pd.Index([f"{number:05d}" for number in range(len(table))], name="customer")
    return table


@pytest.fixture(scope="module")
def value(customers):
    """BG/NBD and Gamma–Gamma per week."""
    return CustomerValue.fit(customers)


def test_parameters_are_the_published(value):
    assert value.purchases.parameters == pytest.approx((0.243, 4.414, 0.793, 2.426), abs=2e-3)
    assert value.spend.parameters == pytest.approx((6.25, 3.74, 15.44), abs=0.01)
    assert value.cautions == ()
    nobody = pd.DataFrame()
    table = CustomerForecast("bg_nbd", 273, 0.1, value, None, nobody, nobody).parameters
    assert table["model"].tolist() == ["bg_nbd"] * 4 + ["gamma_gamma"] * 3
    assert table["parameter"].tolist() == ["r", "alpha", "a", "b", "p", "q", "gamma"]
    assert table["estimate"].tolist() == [*value.purchases.parameters, *value.spend.parameters]
    assert table["se"].tolist() == [*value.purchases.standard_errors, *value.spend.standard_errors]


def test_forecast(value, customers):
    forecast = value.forecast(273, 0.1)
    assert list(forecast) == ["p_alive", "expected_purchases", "expected_spend", "value"]
    assert forecast.index.equals(customers.index)
    assert np.isfinite(forecast.to_numpy()).all()
    undiscounted = value.forecast(273, 0.0)
    assert undiscounted.value.to_numpy() == pytest.approx(undiscounted.expected_purchases * undiscounted.expected_spend)
    # nine months at 10 % a year: more than half, less than all of the discount at their end
    ratio = forecast.value / undiscounted.value
    assert ((ratio > 1.1 ** -(273 / 365.25)) & (ratio < 1)).all()
    # in the 39 weeks that followed, these customers bought on 1,882 days; the model is 12 % short
    assert undiscounted.expected_purchases.sum() == pytest.approx(1882, rel=0.15)


def test_new_customers_are_forecast_with_the_learned_parameters(value, customers):
    few = customers.iloc[[5, 2000]]
    of_all = value.forecast(273, 0.1).iloc[[5, 2000]]
    # numpy's vector units may give another last bit than the rest of an array, so equal customers agree to rounding
    pd.testing.assert_frame_equal(value.forecast(273, 0.1, few), of_all, rtol=1e-13, atol=0)


def test_unit_of_time_changes_nothing(value, customers):
    by_day = CustomerValue.fit(customers, unit_days=1).forecast(273, 0.1)
    assert by_day.to_numpy() == pytest.approx(value.forecast(273, 0.1).to_numpy(), rel=1e-6)


@pytest.mark.parametrize("model", ["bg_nbd", "mbg_nbd", "pareto_nbd"])
def test_endless_value(customers, model):
    fitted = CustomerValue.fit(customers, model=model)
    endless, long = fitted.forecast(np.inf, 0.15), fitted.forecast(365.25 * 150, 0.15)
    assert endless.value.to_numpy() == pytest.approx(long.value.to_numpy(), rel=1e-7)


def test_unusable_spend_is_counted(customers):
    broken = customers.copy()
    again = broken.index[broken["repeat"] > 0]
    broken.loc[again[:3], "repeat_mean"] = [0.0, -5.0, np.nan]
    fit = CustomerValue.fit(broken)
    (flag,) = fit.cautions
    assert (flag.code, flag.severity) == ("spend_unusable", "note")
    assert flag.facts == {"customers": 3, "repeating": 946}
    assert fit.forecast(91, 0.1).loc[again[:3], "expected_spend"].to_numpy() == pytest.approx(fit.spend.population_mean)


def test_intervals_by_group(value, customers):
    groups = pd.Series(np.where(customers["repeat"] > 0, "again", "once"), index=customers.index)
    table, replicates = value.intervals(273, 0.1, resamples=25, seed=3, groups=groups)
    assert table.group.unique().tolist() == ["all", "again", "once"]
    assert replicates.undefined == replicates.unconverged == 0
    assert ((table.ci_lower <= table.estimate) & (table.estimate <= table.ci_upper)).mean() > 0.8
    forecast = value.forecast(273, 0.1)
    mean = table.query("group == 'again' and quantity == 'value'").estimate.item()
    assert mean == pytest.approx(forecast.value[groups == "again"].mean())
    spent = table.query("group == 'again' and quantity == 'spend_expected'")
    assert spent.estimate.item() == pytest.approx(value.forecast(273, 0.0).value[groups == "again"].mean())
    fewer, _ = value.intervals(273, 0.1, resamples=25, seed=3)
    shared = ["estimate", "se", "ci_lower", "ci_upper"]
    assert fewer[shared].to_numpy() == pytest.approx(table.loc[table.group == "all", shared].to_numpy(), rel=1e-12)


def test_a_replicate_is_both_models_fitted_to_the_customers_drawn_and_their_mean(value, customers):
    groups = pd.Series(np.where(customers["repeat"] > 0, "again", "once"), index=customers.index)
    table, replicates = value.intervals(273, 0.1, resamples=3, seed=3, groups=groups)
    quantities = list(FORECAST)
    assert table.quantity.unique().tolist() == [*quantities, "spend_expected"]
    for b, counts in enumerate(resample_counts(np.ones(len(customers)), 3, seed=3)):
        drawn = customers.loc[customers.index.repeat(counts.astype(int))].reset_index(drop=True)
        refit = CustomerValue.fit(drawn)
        forecast = refit.forecast(273, 0.1)[quantities]
        again = drawn["repeat"] > 0
        by_hand = [forecast.mean(), forecast[again].mean(), forecast[~again].mean()]
        assert replicates.values[b].reshape(3, -1) == pytest.approx(np.array(by_hand), rel=1e-6)
        # far from what either model of everybody, or the mean over everybody, would give
        of_all = refit.forecast(273, 0.1, customers)["value"].mean()
        assert abs(by_hand[0]["value"] / of_all - 1) > 1e-3
        assert refit.spend.parameters != pytest.approx(value.spend.parameters, rel=1e-3)


@pytest.mark.long
def test_standard_errors_are_those_of_the_bootstrap():
    x, t_x, T = simulate("bg_nbd", (0.5, 6.0, 0.8, 2.4), 3000, seed=11)
    fit = fit_bg_nbd(x, np.ceil(t_x), np.ceil(T))
    replicates = bootstrap(fit, 150, seed=2)
    assert replicates.standard_errors == pytest.approx(fit.standard_errors, rel=0.3)
    assert bootstrap(fit, 3, seed=2).values.tolist() == replicates.values[:3].tolist()
    lower, upper = replicates.interval()
    assert ((lower < fit.parameters) & (fit.parameters < upper)).all()


@pytest.mark.parametrize("fit", [fit_bg_nbd, fit_mbg_nbd, fit_pareto_nbd])
def test_a_resample_fitted_from_its_neighbour_is_at_its_own_maximum(fit):
    everyone = fit(**histories_of(cdnow()))
    counts = np.random.default_rng(4).multinomial(int(everyone.n), everyone.rows.weights / everyone.n)
    rows = everyone.rows.counted(counts)
    near, alone = type(everyone).estimate(rows, near=everyone), type(everyone).estimate(rows)
    assert near.parameters == pytest.approx(alone.parameters, rel=1e-6)
    assert near.log_likelihood == pytest.approx(alone.log_likelihood, rel=1e-13)
    assert near.converged
    # errors are those of this resample, or none: never its neighbour's
    assert np.isnan(near.standard_errors).all() or near.standard_errors == pytest.approx(alone.standard_errors)


def test_a_neighbour_too_far_away_gives_way_to_the_whole_search():
    x, t_x, T = simulate("bg_nbd", (0.5, 6.0, 0.8, 2.4), 3000, seed=11)
    far = fit_bg_nbd(*simulate("bg_nbd", (3.0, 1.0, 0.2, 9.0), 500, seed=12))
    alone = fit_bg_nbd(x, t_x, T)
    near = type(alone).estimate(alone.rows, near=far)
    assert near.parameters == pytest.approx(alone.parameters, rel=1e-6)
    assert near.standard_errors == pytest.approx(alone.standard_errors, rel=1e-6)


@pytest.mark.parametrize("fit", [fit_bg_nbd, fit_pareto_nbd])
def test_a_search_that_begins_at_a_part_ends_at_the_maximum_of_everybody(fit, monkeypatch):
    """The search among all of them is the reference, of parameters and of their errors; blocks change no digit."""
    alone = fit(**histories_of(cdnow()))
    monkeypatch.setattr(maximum, "MANY", 500)
    monkeypatch.setattr(histories, "BLOCK", 300)
    found = type(alone).estimate(alone.rows)
    assert found.parameters == pytest.approx(alone.parameters, rel=1e-7)
    assert found.standard_errors == pytest.approx(alone.standard_errors, rel=1e-6)
    assert found.log_likelihood == pytest.approx(alone.log_likelihood, rel=1e-13)
    theta = np.log(alone.parameters)
    in_blocks = type(alone).score(theta, alone.rows)
    monkeypatch.undo()
    at_once = type(alone).score(theta, alone.rows)
    assert in_blocks[0] == at_once[0]
    assert in_blocks[1].tolist() == at_once[1].tolist()


def test_bootstrap_of_a_quantity():
    fit = fit_bg_nbd(**histories_of(cdnow()))
    replicates = bootstrap(fit, 20, seed=2, quantity=lambda refit: refit.expected_purchases_of_new(39))
    assert replicates.values.shape == (20, 1)
    assert replicates.values.mean() == pytest.approx(fit.expected_purchases_of_new(39), rel=0.05)


def test_fractional_customers_are_not_resampled():
    fit = fit_bg_nbd([0, 1, 2, 5], [0, 3, 9, 30], [30, 30, 30, 30], [10.5, 5, 3, 2])
    with pytest.raises(EstimationError, match="whole customers"):
        bootstrap(fit, 2, seed=1)


@pytest.mark.parametrize("fit", [fit_bg_nbd, fit_mbg_nbd, fit_pareto_nbd])
@pytest.mark.parametrize(
    ("x", "t_x", "T", "sentence"),
    [
        ([], [], [], "no customers"),
        ([0, 0], [0, 0], [30, 20], "Nobody bought again"),
        ([1], [2], [1], "not be later than T"),
        ([1.5], [1], [2], "whole numbers"),
        ([-1], [1], [2], "must not be negative"),
        ([1], [-1], [2], "must not be negative"),
        ([0], [1], [3], "t_x must be 0 for customers with x = 0"),
        (["a"], [1], [2], "must be numbers"),
        ([1], [np.nan], [2], "missing or infinite"),
        ([1, 2], [1], [2], "give one a customer"),
        ([[1]], [[1]], [[2]], "dimensions"),
        ([0], [0], [0], "T = 0"),
    ],
)
def test_impossible_histories(fit, x, t_x, T, sentence):
    with pytest.raises(EstimationError, match=sentence) as caught:
        fit(x, t_x, T)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("fit", [fit_bg_nbd, fit_mbg_nbd, fit_pareto_nbd])
@pytest.mark.parametrize(
    ("x", "t_x"), [([3], [20]), ([5, 6, 7, 8], [30, 30, 30, 30]), ([0] * 50 + [1], [0] * 50 + [3])]
)
def test_too_little_to_know_is_flagged_and_still_forecasts(fit, x, t_x):
    T = np.full(len(x), 30.0)
    fitted = fit(x, t_x, T)
    assert {"boundary"} <= {flag.code for flag in fitted.cautions}
    held = [flag.quantity for flag in fitted.cautions if flag.code == "boundary"]
    assert all(np.isnan(getattr(fitted.standard_errors, name)) for name in held)
    expected = fitted.expected_purchases(x, t_x, T, 30)
    assert (np.isfinite(expected) & (expected >= 0)).all()


@pytest.mark.parametrize(
    ("weights", "sentence"), [([1], "give one for each"), ([0, 0], "at least one"), ([1, -1], "must not be negative")]
)
def test_impossible_weights(weights, sentence):
    with pytest.raises(EstimationError, match=sentence):
        fit_bg_nbd([1, 2], [3, 4], [9, 9], weights)


@pytest.mark.parametrize(
    ("horizon", "rate", "sentence"),
    [
        (-1, 0.1, "horizon"),
        (np.nan, 0.1, "horizon"),
        (np.inf, 0.0, "endless"),
        (30, -0.1, "discount"),
        (30, np.nan, "discount"),
    ],
)
def test_impossible_outlooks(value, horizon, rate, sentence):
    with pytest.raises(EstimationError, match=sentence):
        value.forecast(horizon, rate)


def test_impossible_tables(customers):
    with pytest.raises(EstimationError, match="lacks the columns tenure"):
        CustomerValue.fit(customers.drop(columns="tenure"))
    with pytest.raises(EstimationError, match="use one of bg_nbd"):
        CustomerValue.fit(customers, model="nbd")
    with pytest.raises(EstimationError, match="unit_days"):
        CustomerValue.fit(customers, unit_days=0)
    with pytest.raises(EstimationError, match="must be numbers"):
        CustomerValue.fit(customers.astype({"repeat": object}).replace({"repeat": {1: "one"}}))
    with pytest.raises(EstimationError, match="spend the same"):
        CustomerValue.fit(customers.assign(repeat_mean=7.0))


@pytest.mark.parametrize("model", list(MODELS))
@pytest.mark.long
def test_what_is_drawn_has_the_mean_that_is_expected(customers, model):
    """The draws and the formulas are two ways from the same assumptions; 400 draws leave a standard error."""
    fitted = CustomerValue.fit(customers, model)
    x, t_x, T = (customers[column].to_numpy(dtype=float) for column in ("repeat", "t_last", "tenure"))
    rng = np.random.default_rng(1)
    drawn = np.array([fitted.purchases.draw_purchases(x, t_x / 7, T / 7, 39, rng) for _ in range(400)])
    for part in (x == 0, x == 1, x > 3):
        means = drawn[:, part].mean(axis=1)
        expected = fitted.purchases.expected_purchases(x, t_x / 7, T / 7, 39)[part].mean()
        assert means.mean() == pytest.approx(expected, abs=4 * means.std() / 20)
    again = x > 0
    mean = np.where(again, customers["repeat_mean"].to_numpy(), np.nan)
    spent = np.array([fitted.spend.draw_spend(x, mean, np.full(len(x), 3), rng) for _ in range(400)]) / 3
    for part in (again, ~again):
        means = spent[:, part].mean(axis=1)
        expected = fitted.spend.expected_spend(x, mean)[part].mean()
        assert means.mean() == pytest.approx(expected, abs=4 * means.std() / 20)
    nothing = fitted.spend.draw_spend(x, mean, np.zeros(len(x)), rng)
    assert (nothing == 0).all()


@pytest.mark.long
def test_the_predictive_interval_holds_what_groups_spend_and_that_of_the_mean_does_not():
    """Customers of BG/NBD and Gamma–Gamma, three groups of 10 times; 95 % less 4 standard errors of 30 is 79 %."""
    rng, held, of_mean = np.random.default_rng(7), [], []
    for seed in range(10):
        frame, spent = simulated(400, rng)
        groups = pd.cut(frame["repeat"], [-1, 0, 2, np.inf], labels=["none", "few", "many"]).astype(str)
        table, _ = CustomerValue.fit(frame).intervals(182, 0.0, resamples=50, seed=seed, groups=groups)
        made = spent.groupby(groups).mean()
        for quantity, holds in (("spend_expected", held), ("value", of_mean)):
            rows = table[table.quantity == quantity].set_index("group").drop(index="all")
            holds += ((rows.ci_lower <= made) & (made <= rows.ci_upper)).tolist()
    assert np.mean(held) > 0.79
    assert np.mean(of_mean) < 0.8


def simulated(n, rng):
    """A year of n customers, and what they spend in the half year after: r .6, alpha 60 days, a .8, b 3."""
    rate, dropout = rng.gamma(0.6, 1 / 60, n), rng.beta(0.8, 3, n)
    ticket = rng.gamma(4, 1 / 45, n)  # nu; purchases are gamma(6, nu)
    rows, spent = [], []
    for i in range(n):
        start = rng.uniform(0, 180)
        gaps = rng.exponential(1 / rate[i], rng.geometric(dropout[i]))
        times = start + np.cumsum(gaps)
        seen, later = times[times <= 365], times[(times > 365) & (times <= 365 + 182)]
        mean = rng.gamma(6 * len(seen)) / ticket[i] / len(seen) if len(seen) else np.nan
        rows.append((len(seen), seen[-1] - start if len(seen) else 0.0, 365 - start, mean))
        spent.append(rng.gamma(6 * len(later)) / ticket[i] if len(later) else 0.0)
    return pd.DataFrame(rows, columns=["repeat", "t_last", "tenure", "repeat_mean"]), pd.Series(spent)


def test_a_value_is_the_margin_of_the_spend(customers):
    fitted = CustomerValue.fit(customers.iloc[::20])
    whole, half = fitted.forecast(273, 0.1), fitted.forecast(273, 0.1, margin=0.5)
    assert half["value"].to_numpy() == pytest.approx(whole["value"].to_numpy() / 2)
    pd.testing.assert_frame_equal(half.drop(columns="value"), whole.drop(columns="value"))
    for margin in (0, 1.01, float("nan")):
        with pytest.raises(EstimationError, match="margin must be above 0 and at most 1"):
            fitted.forecast(273, 0.1, margin=margin)
