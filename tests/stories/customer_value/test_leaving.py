"""What a report says of customers who pay in a rhythm, and of those whose leaving the data do not tell."""

from dataclasses import replace
from pathlib import Path

import pytest
from rhythm_cases import random_buyers, shop, subscribers

from crmresearch.data.customers import customer_table
from crmresearch.data.transactions.transactions import load_transactions
from crmresearch.segmentation.fitting import fit_methods
from crmresearch.segmentation.methods.life_cycle import LifeCycle, LifeCycleAlive
from crmresearch.segmentation.methods.rfm_classes import RfmEight
from crmresearch.segmentation.scoring.evaluate import evaluate_segmentations
from crmresearch.segmentation.windows import two_windows
from crmresearch.stories.customer_value import tables
from crmresearch.stories.customer_value.cautions import customer_warnings
from crmresearch.stories.customer_value.story import CustomerStory
from crmresearch.value.forecast import forecast_customers, value_intervals
from crmresearch.value.rhythm import MONTHS, PERIODS, Rhythm, purchase_rhythm


def told(folder: Path) -> CustomerStory:
    transactions = load_transactions(str(folder))
    table = customer_table(transactions, "2023-06-30", "2023-12-31")
    forecast = forecast_customers(table, 0.1, rhythm=purchase_rhythm(transactions, "2023-06-30"))
    customers = forecast.beside(table.frame)
    methods, left_out = fit_methods([RfmEight("mean"), LifeCycle(), LifeCycleAlive()], customers)
    evaluation = evaluate_segmentations(customers, methods, forecast.individual, "rfm_eight_mean", 5, 50, 1)
    return CustomerStory(transactions, table, forecast, methods, left_out, evaluation)


@pytest.fixture(scope="module")
def stationary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Customers who buy at random and never leave."""
    return shop(tmp_path_factory.mktemp("data") / "stationary", random_buyers(800, 2, 60, 729, 5))


@pytest.fixture(scope="module")
def waiting(stationary: Path) -> CustomerStory:
    return told(stationary)


@pytest.fixture(scope="module")
def contract(tmp_path_factory: pytest.TempPathFactory) -> CustomerStory:
    """Customers who pay every month until they leave; one payment in twenty fails."""
    days, _ = subscribers(600, 1, (1.2, 10.0), failed=0.05)
    return told(shop(tmp_path_factory.mktemp("data") / "contract", days))


def keys(sentences: list[str]) -> list[str]:
    return [sentence.key for sentence in sentences]  # type: ignore[attr-defined]


@pytest.mark.long
def test_where_leaving_is_not_told_nothing_says_who_left(waiting: CustomerStory) -> None:
    assert not waiting.forecast.tells_dropout
    groups = waiting.fitted("rfm_eight_mean").predict(waiting.customers)  # type: ignore[union-attr]
    intervals, _ = value_intervals(waiting.forecast, groups, 10, 1)
    shown = [waiting.customers, tables.customer_list(waiting), tables.intervals_view(waiting, intervals), intervals]
    assert not any("p_alive" in frame for frame in shown)
    assert "p_alive" not in set(intervals["quantity"])
    assert waiting.fitted("life_cycle_alive") is None
    assert "customers.value_waiting" in keys(waiting.models())
    assert "customers.value_alive" not in keys(waiting.models())
    assert "cannot tell leaving from waiting" in " ".join(waiting.models())
    cautions = customer_warnings(waiting).set_index("code")["message"]
    assert "cannot tell leaving from waiting" in cautions["no_dropout"]
    (left,) = waiting.left_out.itertuples()
    assert left.method == "life_cycle_alive"
    assert cautions["method_left_out"] == waiting.say("customers.needs_dropout")
    assert "P(alive)" not in repr(waiting.worth_prose())
    assert "activity" not in waiting._terms


def test_a_model_at_its_bounds_is_never_the_best(waiting: CustomerStory) -> None:
    assert waiting.forecast.model in waiting.forecast.unsettled
    said = keys(waiting.models())
    assert "customers.value_unsettled" in said
    assert not {"customers.value_fit", "customers.value_fit_same", "customers.value_error"} & set(said)
    # let its forecast score best of all: it is still not named
    scores = waiting.evaluation.scores.copy()
    scores.loc[scores["kind"] == "forecast", ["r2_log", "r2_log_lower", "capture"]] = 0.99
    planted = replace(waiting, evaluation=replace(waiting.evaluation, scores=scores))
    named = {waiting.method_name(method) for method in waiting.forecast.individual}
    best = [planted._best(), [one for one in planted.comparison() if one.key == "customers.capture"]]  # type: ignore[attr-defined]
    assert not any(name in sentence for sentences in best for sentence in sentences for name in named)
    settled = replace(planted, forecast=replace(planted.forecast, unsettled=()))
    assert any(name in sentence for sentence in settled._best() for name in named)


def test_customers_who_pay_every_month_are_under_contract(contract: CustomerStory) -> None:
    rhythm = contract.forecast.rhythm
    assert rhythm is not None
    assert rhythm.period == "month"
    assert contract.forecast.model == "shifted_beta_geometric"
    cautions = customer_warnings(contract).set_index("code")["message"]
    assert "pay in a regular rhythm (every month)" in cautions["rhythm"]
    assert "customers.value_contract" in keys(contract.models())
    assert contract.fitted("life_cycle_alive") is not None
    assert {"p_alive", "expected_purchases", "expected_value"} <= set(contract.customers)
    models = contract.forecast.models.set_index("model")
    assert models["aic"].isna().to_dict() == {name: name == "shifted_beta_geometric" for name in models.index}
    off = contract.forecast.off.set_axis(models.index).abs()
    assert off["shifted_beta_geometric"] < 5
    assert models["absolute_error"].idxmin() == "shifted_beta_geometric"
    assert keys(contract.method_notes())[-1] == "customer_method.contract"
    assert "Fader & Hardie, 2007" in repr(contract.worth_prose())


@pytest.mark.long
def test_every_period_has_a_name(contract: CustomerStory) -> None:
    assert contract.texts.section("rhythm").keys() == {*PERIODS, *MONTHS}
    for period in (*PERIODS, *MONTHS):
        named = replace(contract, forecast=replace(contract.forecast, rhythm=Rhythm(period, 7, 1, 0.1, 50)))
        assert contract.say(f"rhythm.{period}") in customer_warnings(named).set_index("code")["message"]["rhythm"]


@pytest.mark.long
def test_a_comparison_has_no_p_alive_either(stationary: Path) -> None:
    windows = two_windows(load_transactions(str(stationary)), "2022-12-31", "2023-06-30", "2023-12-31", 0.1)
    assert not any("p_alive" in frame for frame in (windows.now, windows.earlier, windows.frozen))
    assert windows.value is not None
    estimates = windows.estimates
    assert estimates is not None
    assert estimates.columns == ("expected_purchases", "expected_value")
    again = estimates.learn(windows.now.sample(400, random_state=1))(windows.now)
    assert list(again) == [*estimates.columns]
