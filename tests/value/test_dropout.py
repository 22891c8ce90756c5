"""Whether data tell leaving from waiting: never in a world without leaving, always where many leave."""

import numpy as np
import pandas as pd
import pytest
from clv_cases import cdnow, histories_of, simulate

from crmresearch.caution import Caution
from crmresearch.data.customers import CustomerTable
from crmresearch.value import BgNbdFit, CustomerValue, MbgNbdFit, ParetoNbdFit
from crmresearch.value.customer_value import MODELS
from crmresearch.value.forecast import forecast_customers
from crmresearch.value.histories import unique_rows
from crmresearch.value.maximum import hessian
from crmresearch.value.negative_binomial import fit_nbd, nbd_score

every_model = pytest.mark.parametrize("model", [BgNbdFit, MbgNbdFit, ParetoNbdFit])


def nobody_leaves(n, seed, r=2.0, alpha=26.0, weeks=78.0):
    """x, t_x, T of customers who go on buying at their rate."""
    rng = np.random.default_rng(seed)
    rate, T = rng.gamma(r, 1 / alpha, n), rng.uniform(weeks / 3, weeks, n)
    x = rng.poisson(rate * T)
    t_x = np.where(x > 0, T * rng.random(n) ** (1 / np.maximum(x, 1)), 0.0)  # the last of x uniform times
    return x, t_x, T


def table_of(x, t_x, T, seed=1):
    rng = np.random.default_rng(seed)
    spend = np.where(x > 0, rng.gamma(6, 20 / rng.gamma(4, 1, len(x))), np.nan)
    frame = {"repeat": x, "t_last": 7 * t_x, "tenure": 7 * T, "repeat_mean": spend}
    return pd.DataFrame(frame, index=pd.Index(np.arange(len(x)).astype(str), name="customer"))


def test_nbd_is_the_limit_without_dropout():
    rows = unique_rows([np.array([0.0, 3, 1]), np.array([0.0, 9, 2]), np.array([10.0, 12, 30])])
    theta = np.log([0.7, 9.0])
    assert nbd_score(theta, rows)[0] == pytest.approx(BgNbdFit.score(np.log([0.7, 9, 1e-9, 1]), rows)[0], abs=1e-6)
    assert nbd_score(theta, rows)[0] == pytest.approx(ParetoNbdFit.score(np.log([0.7, 9, 1e-9, 9]), rows)[0], abs=1e-6)
    step = 1e-6 * np.eye(2)
    slopes = [(nbd_score(theta + h, rows)[0] - nbd_score(theta - h, rows)[0]) / 2e-6 for h in step]
    assert nbd_score(theta, rows)[1] == pytest.approx(slopes, abs=1e-7)
    curves = [(nbd_score(theta + h, rows)[1] - nbd_score(theta - h, rows)[1]) / 2e-6 for h in step]
    assert hessian(lambda at: nbd_score(at, rows), theta) == pytest.approx(np.array(curves), abs=1e-7)


def test_nbd_recovers_truth():
    x, t_x, T = nobody_leaves(5000, 1)
    best = fit_nbd(unique_rows([x.astype(float), t_x, T]))
    assert best.converged
    assert (np.abs(best.parameters - [2, 26]) < 3 * best.standard_errors).all()


@pytest.mark.parametrize("model", [BgNbdFit, pytest.param(MbgNbdFit, marks=pytest.mark.long)])
def test_a_world_without_leaving_shows_none(model):
    """60 worlds: at a level of 1 % more than three of them have a chance of less than 1 in 250."""
    found = [model.fit(*nobody_leaves(400, seed)) for seed in range(60)]
    assert sum(fit.tells_dropout for fit in found) <= 3
    assert all(fit.dropout_evidence > -0.1 for fit in found)  # the larger model fits no worse, but for its bounds


@every_model
def test_a_world_of_leaving_shows_it(model):
    name = next(name for name, one in MODELS.items() if one is model)
    truth = {"bg_nbd": (0.5, 6.0, 0.8, 2.4), "mbg_nbd": (0.7, 6.0, 0.9, 2.0), "pareto_nbd": (0.55, 10.6, 0.6, 11.7)}
    assert model.fit(*simulate(name, truth[name], 1500, 1)).tells_dropout
    published = model.fit(**histories_of(cdnow()))
    assert published.tells_dropout
    assert published.settled


@every_model
@pytest.mark.long
def test_without_leaving_there_is_no_p_alive_and_no_best_model(model):
    """A stationary world of which all three run to their bounds."""
    x, t_x, T = nobody_leaves(1500, 3)
    name = next(name for name, one in MODELS.items() if one is model)
    value = CustomerValue.fit(table_of(x, t_x, T), name)
    assert not value.purchases.settled
    assert value.quantities == ("expected_purchases", "expected_spend", "value")
    assert list(value.forecast(182, 0.1)) == [*value.quantities]
    intervals, _ = value.intervals(182, 0.1, 5, 1)
    assert intervals["quantity"].tolist() == [*value.quantities, "spend_expected"]
    assert value.cautions[0].code == "no_dropout"
    assert value.cautions[0].facts["evidence"] < 0.01
    assert isinstance(value.cautions[0], Caution)


def test_the_forecast_of_a_table_asks_the_model():
    x, t_x, T = nobody_leaves(1500, 3)
    frame = table_of(x, t_x, T).assign(holdout_purchases=0)
    days = (pd.Timestamp("2023-12-31").date(), pd.Timestamp("2024-06-30").date())
    table = CustomerTable(frame, *days, pd.DataFrame(), None, 1.0)  # type: ignore[arg-type]
    forecast = forecast_customers(table, 0.1)
    assert not forecast.tells_dropout
    assert "p_alive" not in forecast.beside(frame)
    assert {"expected_purchases", "expected_value"} <= set(forecast.beside(frame))
    assert set(forecast.unsettled) == {"bg_nbd", "mbg_nbd", "pareto_nbd"}
    assert forecast.best.empty
    assert len(forecast.models) == 3
