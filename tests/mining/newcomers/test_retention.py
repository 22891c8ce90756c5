"""How long customers stay against cases counted by hand, and the model's curve against customers simulated from it."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from simulated_newcomers import LAST, shop

import crmresearch as crm
from crmresearch.errors import DataError
from crmresearch.mining.newcomers.retention import MONTH, model_survival


def test_lapses_are_counted_by_hand() -> None:
    days = {"a": [0, 10, 100], "b": [0, 10, 30, 55, 80], "c": [0], "d": [0, 25, 50, 75, 99], "late": [95]}
    days |= {f"n{i}": [0, 20, 40, 60, 80] for i in range(40)}
    rows = [(name, pd.Timestamp("2020-01-01") + pd.Timedelta(days=day), 1.0) for name in days for day in days[name]]
    lines = pd.DataFrame(rows, columns=["customer", "time", "amount"])
    found = crm.retention(lines, silence=40, last_day="2020-04-11")  # day 101, watched until day 61
    people = found.people
    assert "late" not in people.index
    of = people.loc[["a", "b", "c", "d"], ["days", "lapsed", "returned"]].values.tolist()
    assert of == [[10, 1, 1], [61, 0, 0], [0, 1, 0], [61, 0, 0]]
    assert found.returned == 0.5
    assert found.once == pytest.approx(1 / 44)
    assert found.cautions[0].facts == {"silence": 40, "returned": 0.5}
    assert found.curve["survival"].round(4).tolist() == [round(43 / 44, 4), round(42 / 44, 4)]


def test_silence_by_default_is_longer_than_nine_in_ten_ever_paused() -> None:
    found = crm.retention(shop(8, 600, told=0.0), last_day=LAST)
    gaps = shop(8, 600, told=0.0).drop_duplicates(["customer", "time"]).sort_values(["customer", "time"])
    days = gaps.groupby("customer")["time"].diff().dt.days.groupby(gaps["customer"]).max().dropna()
    assert found.silence == int(np.ceil(days.quantile(0.9)))
    assert found.rhythm is None
    assert found.months["model"].isna().all()  # nobody leaves in this shop: the model tells nothing
    assert [caution.code for caution in found.cautions] == ["silence", "no_dropout"]


def test_the_curve_of_the_model_is_that_of_customers_simulated_from_it() -> None:
    rng, n, (r, alpha, a, b) = np.random.default_rng(2), 200_000, (0.8, 6.0, 0.9, 2.5)
    rate, leaves = rng.gamma(r, 1 / alpha, n), rng.beta(a, b, n)
    model = SimpleNamespace(parameters=(r, alpha, a, b))
    for week in (1.0, 10.0, 50.0):
        alive = rng.random(n) < (1 - leaves) ** (1 + rng.poisson(rate * week))
        expected = model_survival(model, np.array([week]))[0]  # type: ignore[arg-type]
        assert abs(alive.mean() - expected) < 4 * np.sqrt(0.25 / n)


def test_customers_under_contract_stay_by_their_payments() -> None:
    rng, rows = np.random.default_rng(4), []
    for i in range(400):
        start, left = rng.integers(0, 300), rng.geometric(rng.beta(2, 12))
        rows += [(i, day) for day in range(start, min(start + 28 * left, 720), 28)]
    lines = pd.DataFrame(rows, columns=["customer", "day"]).assign(amount=9.0)
    lines["time"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(lines["day"], unit="D")
    found = crm.retention(lines, last_day="2021-12-21")
    assert found.rhythm is not None
    assert found.silence == 42
    seen = found.months[found.months["months"] <= 12]
    assert np.abs(seen["survival"] - seen["model"]).max() < 0.08
    assert found.returned == 0
    assert "silence" not in {caution.code for caution in found.cautions}


def test_too_little_is_told() -> None:
    once = shop(9, 100).drop_duplicates("customer")
    with pytest.raises(DataError, match="bought again"):
        crm.retention(once, last_day=LAST)
    with pytest.raises(DataError, match="shorter `silence`"):
        crm.retention(once, silence=400, last_day=LAST)
    assert crm.retention(once, silence=100, last_day=LAST).months["months"].iloc[0] * MONTH < 31
