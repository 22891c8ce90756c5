"""What is told of each customer under contract: an independent program's digits, sums by hand, identities."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crmresearch.value import CustomerValue, fit_survivors
from crmresearch.value.contract import ContractFit
from crmresearch.value.contract_outlook import by_renewals, contract_outlook
from crmresearch.value.customer_value import DAYS_A_YEAR

# own likelihood in R, Newton polished, on the survivors of Fader & Hardie (2007), table 1; see its `_about`
REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "sbg.json").read_text(encoding="utf-8"))
RATE = 0.1
MONEY = [4.0, 5.0, 6.0, 7.0, 8.0]


def yearly(case: str, paid: float = 1.0) -> CustomerValue:
    """Customers who pay once a year, renewed 0 to 4 times, with their next payment due now: a fit at the estimates."""
    expected = REFERENCE[case]
    named = ContractFit.names(expected["alpha"], expected["beta"])
    fit = ContractFit(named, named, np.nan, 1.0, True, (), np.full((2, 2), np.nan), None, 1.0, paid)
    renewed = np.arange(5)
    table = pd.DataFrame({"repeat": renewed, "t_last": DAYS_A_YEAR * renewed, "tenure": DAYS_A_YEAR * (renewed + 1)})
    table["repeat_mean"] = MONEY
    customers = table.set_index(pd.Index(list("abcde"), name="customer"))

    class Spend:
        """Everybody spends what they did."""

        @staticmethod
        def expected_spend(x: np.ndarray, mean: np.ndarray) -> np.ndarray:
            return mean

    return CustomerValue(fit, Spend(), DAYS_A_YEAR, customers)  # type: ignore[arg-type]


@pytest.mark.parametrize("case", ["regular", "high_end"])
def test_every_customer_has_the_numbers_of_the_published_cases(case: str) -> None:
    """Fader & Hardie (2010): renewal n is due now and not discounted; n − 1 renewals have been made."""
    expected = REFERENCE[case]
    days = {12: 366, 36: 1096}
    told = contract_outlook(yearly(case), days, RATE, 0.5)
    assert told["renewals"].tolist() == [0, 1, 2, 3, 4]
    assert told["renewal_chance"].tolist() == pytest.approx(expected["retention_rate_1_to_12"][:5], abs=1e-9)
    lifetimes = [expected["DERL_d_10pct_in_period_n"][f"n={n}"] for n in range(1, 6)]
    assert told["residual_payments"].tolist() == pytest.approx(lifetimes, abs=1e-8)
    assert told["residual_value"].tolist() == pytest.approx(0.5 * np.array(MONEY) * lifetimes, abs=1e-7)
    survival = np.array(expected["survival_0_to_12"])
    # the payments due now and a year from now lie within a year
    assert told["survival_12"].tolist() == pytest.approx((survival[2:7] / survival[:5]).tolist(), abs=1e-9)
    assert told["survival_36"].tolist() == pytest.approx((survival[4:9] / survival[:5]).tolist(), abs=1e-9)


def test_margins_of_each_customer_scale_their_value_alone() -> None:
    value, each = yearly("regular"), pd.Series([0.1, 0.2, 0.3, 0.4, 0.5], index=list("abcde"))
    whole, own = (contract_outlook(value, {12: 365}, RATE, margin) for margin in (1.0, each))
    assert (own["residual_value"] / whole["residual_value"]).tolist() == pytest.approx(each.tolist())
    assert own.drop(columns="residual_value").equals(whole.drop(columns="residual_value"))


def test_without_a_discount_there_is_no_residual_value() -> None:
    assert REFERENCE["regular"]["alpha"] < 1  # the expected lifetime has no end
    told = contract_outlook(yearly("regular"), {12: 365}, 0.0)
    assert list(told) == ["renewals", "renewal_chance", "survival_12"]


def test_survival_and_residual_payments_are_sums_over_the_story() -> None:
    """With payments that fail, P(alive) is a doubt, which both carry; the sum goes on until nothing is left of it."""
    value = yearly("high_end", paid=0.8)
    value.customers["tenure"] += 0.3 * DAYS_A_YEAR  # late, so that one payment counts as missed
    fit, told = value.purchases, contract_outlook(value, {24: 730}, RATE)
    x, t_x, T = (value.customers[name].to_numpy(float) for name in ("repeat", "t_last", "tenure"))
    alive = fit.p_alive(x, t_x / DAYS_A_YEAR, T / DAYS_A_YEAR)
    assert ((alive > 0.1) & (alive < 0.9)).all()
    decided, alpha, beta = np.arange(5) + 1, *fit.parameters
    steps = np.arange(1, 40_000)[:, None]
    chances = (beta + decided + steps - 1) / (alpha + beta + decided + steps - 1)
    staying = np.cumprod(chances, axis=0)
    assert told["survival_24"].tolist() == pytest.approx((alive * staying[1]).tolist())  # due in .7 and 1.7 years
    paid = 0.8 * alive * (staying * 1.1 ** -(0.7 + steps - 1)).sum(axis=0)
    assert told["residual_payments"].tolist() == pytest.approx(paid.tolist(), rel=1e-9)


def test_customers_by_renewals_are_means_of_who_is_still_there() -> None:
    customers = pd.DataFrame(
        {
            "renewals": [0, 0, 1, 2, 5, 9],
            "p_alive": [1.0, 0.0, 0.5, 0.1, 1.0, 0.0],
            "renewal_chance": [0.6, 0.8, 0.7, 0.8, 0.9, 0.95],
            "survival_12": [0.5, 0.0, 0.3, 0.05, 0.8, 0.0],
            "residual_value": [10.0, 0.0, 8.0, 1.0, 40.0, 0.0],
        }
    )
    table = by_renewals(customers, 5).set_index("renewals")
    assert table["customers"].tolist() == [2, 1, 1, 2]
    assert table["active"].tolist() == [1.0, 0.5, 0.1, 1.0]
    assert table.loc[2].drop(["customers", "active"]).isna().all()  # of one in ten customers nothing is told
    table = table.drop(index=2)
    assert table["renewal_chance"].tolist() == pytest.approx([0.6, 0.7, 0.9])
    assert table["survival_12"].tolist() == pytest.approx([0.5, 0.6, 0.8])
    assert table["residual_value"].tolist() == pytest.approx([10, 16, 40])


def test_the_estimates_are_those_of_the_reference() -> None:
    """The parameters used above are what the package itself finds from the published survivors."""
    survivors = np.rint(1000 * np.array(REFERENCE["regular"]["survival_0_to_12_actual"]))[:8]
    assert fit_survivors(survivors).parameters == pytest.approx(yearly("regular").purchases.parameters, abs=2e-9)
