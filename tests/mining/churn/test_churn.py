"""Warners of churn on simulated customers of known dropout, against a future that is changed, and in limit cases."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from leaving_cases import leaving_buyers
from rhythm_cases import BEGIN, histories, shop, subscribers

import crmresearch as crm
from crmresearch.data.customers import customer_table
from crmresearch.data.transactions.transactions import Transactions, load_transactions
from crmresearch.errors import ParameterError
from crmresearch.mining.calibration import auc, probability_scores
from crmresearch.mining.churn.churn import ChurnWarning, at_risk, churn_warning, next_purchases
from crmresearch.mining.churn.churn_scores import comparisons, leader, out_of_time, ranking
from crmresearch.mining.churn.warners import BASE, WARNERS, at_silence
from crmresearch.value import fit_bg_nbd

HORIZON = 120
LAST = date(2023, 12, 31)  # 729 days after BEGIN


@pytest.fixture(scope="module")
def made() -> tuple[pd.DataFrame, pd.DataFrame]:
    return leaving_buyers(2500, 730, seed=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, made: tuple[pd.DataFrame, pd.DataFrame]) -> Path:
    return shop(tmp_path_factory.mktemp("leaving") / "leaving", made[0])


@pytest.fixture(scope="module")
def transactions(folder: Path) -> Transactions:
    return load_transactions(str(folder))


@pytest.fixture(scope="module")
def warning(transactions: Transactions) -> ChurnWarning:
    return churn_warning(transactions, HORIZON, seed=1)


def test_p_alive_is_calibrated_against_who_had_left() -> None:
    """Of customers at risk in eight simulated worlds together; in one alone the intercept misses 0 by 2.7 errors."""
    told, truth = [], []
    for seed in range(8):
        days, known = leaving_buyers(1500, 730, seed)
        past = histories(days, "2023-09-02")
        times = [past[name].to_numpy() / 7 for name in ("t_last", "tenure")]
        alive = fit_bg_nbd(past["repeat"], *times).p_alive(past["repeat"], *times)
        risk = (past["repeat"] > 0) & (past["tenure"] - past["t_last"] < HORIZON)
        gone = known["gone"].to_numpy()[past.index] <= (np.datetime64("2023-09-02") - BEGIN).astype(int) + 1
        told.append(1 - alive[risk])
        truth.append(gone[risk])
    found = probability_scores(np.concatenate(told), np.concatenate(truth)).set_index("measure")
    assert 0.1 < np.concatenate(truth).mean() < 0.5
    assert abs(found.loc["intercept", "estimate"]) < 3 * found.loc["intercept", "error"]
    assert abs(found.loc["slope", "estimate"] - 1) < 3 * found.loc["slope", "error"]
    assert found.loc["intercept", "error"] < 0.06


def test_the_purchase_model_ranks_nearly_as_who_knows_the_truth(
    warning: ChurnWarning, made: tuple[pd.DataFrame, pd.DataFrame]
):
    """Who knows every rate, every coin and who has left: no score of the purchases can rank better but by luck."""
    check = warning.check
    truth = made[1].reindex(check.customers.index)
    gone = truth["gone"] <= (np.datetime64(check.cutoff) - BEGIN).astype(int)
    oracle = np.where(gone, 1.0, np.exp(-truth["rate"] * HORIZON))
    best = auc(oracle, check.churned)["estimate"]
    found = out_of_time(check).set_index("warner")
    assert found.loc["purchase_model", "auc"] <= best
    assert found.loc["purchase_model", "auc"] > 0.5 + 0.6 * (best - 0.5)
    assert found.loc["purchase_model", "slope_lower"] < 1 < found.loc["purchase_model", "slope_upper"]
    assert leader(check, 1) in ranking(check).alike(1)
    told = comparisons(check, 1).set_index(["measure", "warner"])
    assert told.loc[("auc", "purchase_model"), "verdict"] == "wins"  # over recency
    assert told.loc[("brier", "purchase_model"), "verdict"] == "wins"  # over the base rate


def test_who_is_at_risk_and_who_churned_are_counted_by_hand(warning: ChurnWarning, made):
    check = warning.check
    cut = np.datetime64(check.cutoff)
    days = made[0].assign(customer=made[0]["customer"].astype(str))
    known = days[days["day"] <= cut].groupby("customer")["day"].agg(["max", "count"])
    at_risk = known[(known["count"] > 1) & ((cut - known["max"]).dt.days < HORIZON)].index
    assert set(check.customers.index) == set(at_risk)
    after = days[days["day"] > cut].groupby("customer")["day"].min()
    assert (check.churned == (~check.customers.index.isin(after.index)).astype(int)).all()
    assert (check.back.dropna() == after.reindex(check.back.dropna().index)).all()
    assert check.back.isna().sum() == check.churned.sum()


def test_nothing_after_a_cut_off_enters(
    tmp_path: Path, folder: Path, transactions: Transactions, warning: ChurnWarning
):
    """Half of the later purchases left out, the others a day earlier: what was told of the cut-off stays to the bit."""
    cut = pd.Timestamp(warning.check.cutoff)
    lines = pd.read_csv(folder / "purchases.csv", parse_dates=["day"])
    later = lines["day"] > cut
    lines.loc[later, "amount"] *= 3
    moved = lines["day"].where(lines["day"] <= cut + pd.Timedelta(days=1), lines["day"] - pd.Timedelta(days=1))
    kept = lines.assign(day=moved)[~later | (np.random.default_rng(3).random(len(lines)) < 0.5)]
    (tmp_path / "leaving").mkdir()
    kept.to_csv(tmp_path / "leaving" / "purchases.csv", index=False)
    (tmp_path / "leaving" / "codebook.yaml").write_text((folder / "codebook.yaml").read_text(encoding="utf-8"))
    other = churn_warning(load_transactions(str(tmp_path / "leaving")), HORIZON, seed=1)
    assert (other.check.churned != warning.check.churned).any()
    assert (other.today.scores["trees"].reindex(warning.today.scores.index) != warning.today.scores["trees"]).any()
    pd.testing.assert_frame_equal(other.check.customers, warning.check.customers, check_exact=True)
    pd.testing.assert_frame_equal(other.check.scores, warning.check.scores, check_exact=True)
    pd.testing.assert_frame_equal(other.check.probabilities, warning.check.probabilities, check_exact=True)
    then = churn_warning(transactions, HORIZON, warning.check.cutoff, seed=1)
    pd.testing.assert_frame_equal(then.today.scores, warning.check.scores, check_exact=True)
    pd.testing.assert_frame_equal(then.today.probabilities, warning.check.probabilities, check_exact=True)


def test_the_same_seed_gives_the_same_bytes(transactions: Transactions, warning: ChurnWarning):
    again = churn_warning(transactions, HORIZON, seed=1)
    pd.testing.assert_frame_equal(again.customers, warning.customers, check_exact=True)


def test_a_silence_that_goes_on_is_what_a_later_cut_off_sees(transactions: Transactions, warning: ChurnWarning):
    """Who buys nothing for four weeks has the features of the later day, whichever way they are made."""
    later = customer_table(transactions, "2023-09-30").frame
    earlier = customer_table(transactions, "2023-09-02").frame
    quiet = later.index[(later["recency"] >= 28)].intersection(earlier.index)
    moved = at_silence(earlier.loc[quiet], later.loc[quiet, "recency"])
    pd.testing.assert_frame_equal(
        warning.today.warners.scores(moved), warning.today.warners.scores(later.loc[quiet]), rtol=1e-12
    )


def test_every_warner_is_there_and_every_probability_is_one(warning: ChurnWarning):
    assert list(warning.today.scores) == list(WARNERS)
    assert list(warning.today.probabilities) == [*WARNERS, BASE]
    assert warning.today.probabilities.to_numpy().min() >= 0
    assert warning.today.probabilities.to_numpy().max() <= 1
    assert set(warning.customers) == set(WARNERS) | {f"probability_{name}" for name in (*WARNERS, BASE)}
    assert len(warning.customers) == len(warning.today.customers)


def test_repeat_buyers_are_more_than_the_active(warning: ChurnWarning):
    repeat = at_risk(warning.today.table.frame, HORIZON, "repeat")
    assert set(warning.today.customers.index) < set(repeat.index)
    assert (repeat["repeat"] > 0).all()


def test_data_too_short_to_learn_or_to_check_say_so(tmp_path: Path, made):
    days = made[0]
    lines = days[days["day"] >= np.datetime64("2023-06-01")]
    short = load_transactions(str(shop(tmp_path / "short", lines)))
    found = churn_warning(short, HORIZON)
    assert ("no_window", "logistic") in {(one.code, one.quantity) for one in found.check.warners.left_out}
    assert BASE not in found.check.probabilities
    assert "logistic" not in found.check.scores
    assert "logistic" in found.today.scores
    assert churn_warning(short, 250).unchecked.code == "too_short"
    few = load_transactions(str(shop(tmp_path / "few", days[days["customer"] < 30])))
    assert churn_warning(few, HORIZON).unchecked.code == "too_few"


def test_customers_under_contract_have_the_model_of_contracts(tmp_path: Path):
    days, _ = subscribers(1200, seed=2, churn=(1.0, 5.0), failed=0.05)
    transactions = load_transactions(str(shop(tmp_path / "contract", days)))
    found = churn_warning(transactions, 92, seed=1)
    assert found.rhythm.period == "month"
    scores = out_of_time(found.check).set_index("warner")
    assert scores.loc["purchase_model", "auc"] > 0.6
    with pytest.raises(ParameterError, match="pay every 30 days"):
        churn_warning(transactions, 30)


@pytest.mark.parametrize(
    "wrong", [{"horizon_days": 7}, {"horizon_days": 90.5}, {"horizon_days": True}, {"who": "all"}, {"cutoff": "soon"}]
)
def test_what_cannot_be_asked_is_told(transactions: Transactions, wrong):
    with pytest.raises(ParameterError):
        crm.churn_warning(transactions, **({"horizon_days": HORIZON} | wrong))


def test_the_next_purchase_is_the_first_that_is_no_return(transactions: Transactions):
    found = next_purchases(transactions, date(2023, 9, 2), LAST)
    assert found.index.is_unique
    assert found.min() > pd.Timestamp("2023-09-02")
