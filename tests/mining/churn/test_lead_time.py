"""The lead of a warner against loops over customers and looks, and on warners of known worth."""

from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from crmresearch.mining.churn.lead_time import LeadTimes, lead_times

HORIZON, CUT = 56, date(2023, 6, 30)


class Said:
    """Warners that know nothing but silence, and a number of each customer."""

    @staticmethod
    def scores(customers: pd.DataFrame) -> pd.DataFrame:
        quick = customers["recency"] * customers["speed"]
        none = np.zeros(len(customers))
        return pd.DataFrame({"recency": customers["recency"], "own_rhythm": quick, "trees": none}, customers.index)


@pytest.fixture(scope="module")
def warned() -> SimpleNamespace:
    rng = np.random.default_rng(4)
    n = 300
    lost = rng.random(n) < 0.4
    recency = rng.integers(0, HORIZON, n).astype(float)
    back = pd.Series(pd.Timestamp(CUT) + pd.to_timedelta(rng.integers(1, HORIZON + 1, n), "D")).where(~lost)
    speed = np.where(lost, 1.5, 1.0) * rng.gamma(9, 1 / 9, n)
    customers = pd.DataFrame({"recency": recency, "t_last": 50.0, "tenure": 50 + recency, "speed": speed})
    scores = Said.scores(customers)
    return SimpleNamespace(
        cutoff=CUT, customers=customers, warners=Said(), scores=scores, churned=pd.Series(lost.astype(int)), back=back
    )


@pytest.fixture(scope="module")
def found(warned: SimpleNamespace) -> LeadTimes:
    return lead_times(warned, HORIZON, 0.2, resamples=40, seed=1)


def by_hand(warned: SimpleNamespace, column: str, threshold: float) -> tuple[float, list[float]]:
    """Share of those who came back who were warned of before, and the weeks ahead of each who did not."""
    false, leads, kept = 0, [], 0
    for row, lost, back in zip(warned.customers.itertuples(), warned.churned, warned.back, strict=True):
        last = pd.Timestamp(CUT) - pd.Timedelta(days=row.recency)
        end = HORIZON if lost else min(HORIZON, (back - last).days - 1)
        first = None
        for look in range(0, HORIZON + 1, 7):
            score = look * (row.speed if column == "own_rhythm" else 1.0)
            if look <= end and first is None and score > threshold:
                first = look
        if lost:
            leads.append(0.0 if first is None else (HORIZON - first) / 7)
        else:
            kept += 1
            false += first is not None
    return false / kept, leads


@pytest.mark.parametrize("column", ["recency", "own_rhythm"])
def test_leads_are_those_of_a_loop_over_customers_and_looks(warned, found, column):
    row = found.summary.set_index("warner").loc[column]
    false, leads = by_hand(warned, column, row["threshold"])
    assert row["false_alarms"] == pytest.approx(false)
    assert false <= 0.2
    assert row["lead"] == pytest.approx(np.mean(leads))
    curve = found.curve.query("warner == @column")
    for weeks, share in zip(curve["weeks"], curve["share"], strict=True):
        # warned at the end itself is a lead of 0 as well, as is never: it stands in `warned`
        if weeks > 0:
            assert share == pytest.approx(np.mean(np.array(leads) >= weeks))


def test_a_lower_threshold_would_warn_too_many_in_vain(warned, found):
    threshold = found.summary.set_index("warner").loc["own_rhythm", "threshold"]
    assert by_hand(warned, "own_rhythm", np.nextafter(threshold, 0))[0] > 0.2


def test_who_knows_more_warns_earlier_and_who_knows_nothing_never(found):
    leads = found.summary.set_index("warner")["lead"]
    assert leads["own_rhythm"] > leads["recency"]
    assert leads["trees"] == 0
    assert found.alike == ["own_rhythm"]
    assert (found.curve["ci_lower"] <= found.curve["ci_upper"]).all()
