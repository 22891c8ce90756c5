"""Bad transactions as whole reports: each ends in one clear sentence, or in an honest report with its warnings.

The code cells of the committed notebook run here in one process, with a tiny file and the smallest parameters.
"""

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from notebook_cells import run_cells

from crmresearch.errors import CrmResearchError, DataError
from crmresearch.segmentation.contract import SegmentationError
from crmresearch.stories.customer_value.cautions import customer_warnings

pytestmark = pytest.mark.usefixtures("few_starts")

CODEBOOK = """\
kind: transactions
key: {key}
title: {{en: Tiny}}
about: {{en: Made up.}}
file: lines.csv
committed: false
how_to_get: Ask the test.
source: made up
citation: none
licence: none
columns: {{customer: customer, time: day, amount: amount}}
last_day: "2020-12-31"
currency: EUR
rules: {{returns: net, duplicates: {duplicates}}}
"""
CUTOFF, END = "2020-08-31", "2020-12-31"


def write(folder: Path, lines: pd.DataFrame | str, duplicates: str = "keep") -> str:
    """A data set in a folder of its own; returns its path, as the parameter `dataset` takes it."""
    home = folder / "tiny"
    home.mkdir()
    (home / "codebook.yaml").write_text(CODEBOOK.format(key="tiny", duplicates=duplicates), encoding="utf-8")
    text = lines if isinstance(lines, str) else lines.to_csv(index=False)
    (home / "lines.csv").write_text(text, encoding="utf-8")
    return str(home)


def customers(count: int, seed: int = 5, days: int = 366) -> pd.DataFrame:
    """Lines of ordinary customers of 2020: some buy once, some often, for different amounts."""
    rng = np.random.default_rng(seed)
    lines = []
    for i in range(count):
        start = int(rng.integers(0, 150))
        for at in [start, *rng.integers(start + 1, days, rng.poisson(rng.gamma(1.0, 3.0)))]:
            amount = round(float(rng.gamma(4, 5) * (1 + i % 3)), 2)
            lines.append((f"c{i:03d}", date(2020, 1, 1) + timedelta(days=int(at)), amount))
    return pd.DataFrame(lines, columns=["customer", "day", "amount"])


SMALLEST: dict[str, dict[str, Any]] = {
    "customer_value": {"folds": 3, "resamples": 50, "value_resamples": 50, "cutoff": CUTOFF, "holdout_end": END},
    "segmentation_comparison": {"folds": 2, "resamples": 50, "refits": 2, "sizes": [4], "earlier_cutoff": "2020-05-31",
                                "cutoff": CUTOFF, "holdout_end": END},
    "segment_monitoring": {"folds": 3, "resamples": 50, "simulations": 20, "windows": 3, "first_cutoff": "2020-05-31",
                           "step": 61},
    "customer_today": {"resamples": 20, "horizons_months": [3, 12]},
    "customer_profiles": {"resamples": 20, "refits": 2, "survey": None},
    "churn_warning": {"resamples": 20, "horizon_days": 91, "survey": None},
    "revenue_forecast": {"origins": 3},
    "new_customers": {"resamples": 20, "horizon": 60},
}  # fmt: skip


def report(dataset: str, notebook: str = "customer_value", **parameters: Any) -> dict[str, Any]:
    """The names left by the notebook's code cells; what a cell shows is turned into text, as a page would be."""
    return run_cells(notebook, {"dataset": dataset, **SMALLEST[notebook], **parameters})


def one_time_buyers() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    once = [(f"c{i}", date(2020, 1, 1) + timedelta(days=int(rng.integers(0, 240))), 5 + i % 17) for i in range(90)]
    return pd.DataFrame(once, columns=["customer", "day", "amount"])


def all_negative() -> pd.DataFrame:
    """Every customer returns more than was bought."""
    lines = customers(40)
    first = lines.groupby("customer")["day"].min()
    back = [(customer, day + timedelta(days=5), -9000.0) for customer, day in first.items()]
    return pd.concat([lines, pd.DataFrame(back, columns=lines.columns)])


UNUSUAL = {
    "one_time_buyers": one_time_buyers,
    "all_negative": all_negative,
    "constant_spend": lambda: customers(60).assign(amount=10.0),
    "nine_customers": lambda: customers(9),
}


@pytest.mark.parametrize(
    "notebook",
    [
        pytest.param("segmentation_comparison", marks=pytest.mark.long),
        "segment_monitoring",
        "customer_today",
        "customer_profiles",
        "churn_warning",
        "revenue_forecast",
        "new_customers",
    ],
)
@pytest.mark.parametrize("case", list(UNUSUAL))
def test_other_reports_end_in_findings_or_in_one_sentence(tmp_path: Path, notebook: str, case: str) -> None:
    dataset = write(tmp_path, UNUSUAL[case]())
    names = report(dataset, notebook)
    told = " ".join(names.get("told") or names["story"].findings())
    assert told
    assert "nan" not in told


def warned(names: dict[str, Any]) -> pd.DataFrame:
    return customer_warnings(names["story"])


def refused(dataset: str, **parameters: Any) -> str:
    with pytest.raises(CrmResearchError) as caught:
        report(dataset, **parameters)
    return str(caught.value)


@pytest.mark.parametrize("text", ["", "customer,day,amount\n"])
def test_an_empty_file_says_so(tmp_path: Path, text: str) -> None:
    dataset = write(tmp_path, text)
    with pytest.raises(DataError) as caught:
        report(dataset)
    assert "lines.csv" in str(caught.value)
    assert len(caught.value.problems) == 1


def test_one_customer_is_too_few_to_score(tmp_path: Path) -> None:
    lines = pd.DataFrame({"customer": ["a", "a"], "day": ["2020-02-01", "2020-10-01"], "amount": [10, 12]})
    with pytest.raises(SegmentationError, match=r"Only 1 customer has bought by the cut-off.*later `cutoff`"):
        report(write(tmp_path, lines))


def test_today_says_that_data_are_too_short_to_look_back_or_to_forecast(tmp_path: Path) -> None:
    """Five months and a half hold neither a quarter after a quarter nor halves of a quarter."""
    names = report(write(tmp_path, customers(60)), "customer_today", cutoff="2020-06-15")
    assert names["checks"] == ()
    assert names["story"].trust()[0].facts["told"].key == "today.check_none"
    box = names["cautions"](names["story"])
    assert (box["code"] == "no_check").sum() == 2
    once = tmp_path / "once"
    once.mkdir()
    names = report(write(once, one_time_buyers()), "customer_today")
    assert names["story"].findings()[0].key == "today.headline_none"
    assert {"no_forecast", "method_left_out"} <= set(names["cautions"](names["story"])["code"])
    assert not re.search(r"\bnan\b", " ".join(names["shown"]))


def test_more_segments_than_distinct_customers_leaves_those_methods_out(tmp_path: Path) -> None:
    names = report(write(tmp_path, customers(6)))
    left = warned(names).query("code == 'method_left_out'")
    assert left["message"].str.contains("segments, but only").any()
    assert {"abc_80_15_5"} <= {method.name for method in names["methods"]}
    # the eight classes ask for eight customers who differ, so the comparison is with no segments
    assert names["reference"] == "unsegmented"


def test_one_time_buyers_have_no_rhythm_and_no_value_model(tmp_path: Path) -> None:
    names = report(write(tmp_path, one_time_buyers()))
    told = warned(names)
    assert (told["code"] == "no_forecast").sum() == 1
    out = set(names["left_out"]["method"])
    assert {"life_cycle_rhythm", "life_cycle_alive", "expected_value_quantiles_8"} <= out
    assert (told["code"] == "method_left_out").sum() == len(out)
    assert names["forecast"].frame is None
    assert "No value model could be fitted" in " ".join(names["shown"])
    # nobody bought after the cut-off either, which the evaluator says of its scores
    assert {"constant_spend", "constant_activity"} <= set(told["code"])


def test_constant_spend_is_reported_with_what_cannot_be_said(tmp_path: Path) -> None:
    names = report(write(tmp_path, customers(60).assign(amount=10.0)))
    told = warned(names)
    assert len(told[told["code"].isin(["no_forecast", "unconverged", "boundary", "vague", "information"])])
    assert names["story"].findings()


def test_returns_above_purchases_are_not_negative_shares(tmp_path: Path) -> None:
    lines = customers(60)
    first = lines.groupby("customer")["day"].min()
    back = pd.DataFrame(
        {"customer": first.index[:10], "day": first.to_numpy()[:10] + timedelta(days=20), "amount": -900}
    )
    only = pd.DataFrame({"customer": ["returns_only"], "day": ["2020-03-01"], "amount": [-5.0]})
    names = report(write(tmp_path, pd.concat([lines, back, only])))
    frame = names["table"].frame
    assert (frame["monetary_total"] < 0).sum() >= 5
    assert "returns_only" not in frame.index
    told = {sentence.key: sentence for sentence in names["story"].quality() if hasattr(sentence, "key")}
    assert told["customers.only_returns"].facts["customers"] == 1
    share = names["story"].findings()[0]
    assert "brought" in share
    assert not re.search(r"\bnan\b", " ".join(names["shown"]))  # the references name maintenance


def test_future_dates_duplicates_and_text_for_amounts_are_counted_and_left_out(tmp_path: Path) -> None:
    lines = customers(40).astype({"amount": object})
    wrong = pd.DataFrame(
        [("c000", "2031-01-01", 5), ("c001", "2020-02-30", 5), ("c002", "2020-03-01", "ten"), ("", "2020-03-01", 5)],
        columns=["customer", "day", "amount"],
    )
    twice = lines.head(3)
    copies = int(lines.duplicated().sum()) + 3
    names = report(write(tmp_path, pd.concat([lines, wrong, twice]), duplicates="drop"))
    counted = names["table"].counts.set_index("rule")["rows"]
    assert counted["time in the future"] == 1
    assert counted["time missing or not readable"] == 1
    assert counted["amount missing or not a number"] == 1
    assert counted["no customer id"] == 1
    assert counted["exact copy of another line"] == copies
    assert names["transactions"].rows == len(lines.drop_duplicates())


def test_only_wrong_lines_name_the_reason(tmp_path: Path) -> None:
    lines = customers(3).assign(amount="much")
    assert "nothing is left of its" in refused(write(tmp_path, lines))
    assert "amount missing or not a number" in refused(str(tmp_path / "tiny"))


def test_dates_that_cannot_be_and_rules_that_are_not_there(tmp_path: Path) -> None:
    dataset = write(tmp_path, customers(12))
    assert "before the first purchase" in refused(dataset, cutoff="1999-01-01")
    assert "after the cut-off" in refused(dataset, holdout_end="2020-01-01")
    assert "There is no rule file 'nowhere.yaml'" in refused(dataset, rules="nowhere.yaml")


def test_categories_are_a_portfolio_of_their_own(tmp_path: Path) -> None:
    """Tea grows, cups shrink, by sales counted here; no bad input, but the same tiny report."""
    lines = customers(60)
    category = np.where(lines["day"] > date(2020, 6, 1), "tea", "cups")
    lines["category"] = np.where(lines.index % 4 == 0, "cups", category)
    dataset = write(tmp_path, lines)
    book = Path(dataset) / "codebook.yaml"
    book.write_text(book.read_text(encoding="utf-8").replace("amount: amount}", "amount: amount, category: category}"))
    names = report(dataset)
    recent = lines[(lines["day"] > date(2020, 6, 1)) & (lines["day"] <= date(2020, 8, 31))]
    share = recent.groupby("category")["amount"].sum() / recent["amount"].sum()
    table = names["categories"].set_index("category")
    assert list(table.index) == ["tea", "cups"]
    assert table.share["tea"] == pytest.approx(share["tea"])
    assert list(table.quadrant) == ["Stars", "Dogs"]


@pytest.mark.long
def test_growth_of_a_category_from_more_returns_than_sales_is_told_as_not_defined(tmp_path: Path) -> None:
    lines = customers(60).assign(category="tea")
    lines.loc[lines.index % 3 == 0, "category"] = "cups"
    back = pd.DataFrame({"customer": ["c000"], "day": ["2020-04-15"], "amount": [-9000.0], "category": ["pots"]})
    sold = pd.DataFrame({"customer": ["c000"], "day": ["2020-08-15"], "amount": [900.0], "category": ["pots"]})
    start = pd.DataFrame({"customer": ["c000"], "day": ["2020-01-01"], "amount": [9.0], "category": ["tea"]})
    # sales of the whole are above 0 in both windows
    tea = pd.DataFrame({"customer": ["c001"], "day": ["2020-04-16"], "amount": [20_000.0], "category": ["tea"]})
    dataset = write(tmp_path, pd.concat([start, lines, back, sold, tea]))
    book = Path(dataset) / "codebook.yaml"
    book.write_text(book.read_text(encoding="utf-8").replace("amount: amount}", "amount: amount, category: category}"))
    names = report(dataset)
    pots = names["categories"].set_index("category").loc["pots"]
    assert pots[["growth", "quadrant", "strategy"]].isna().all()
    assert any("growth from there is not defined" in shown and "pots" in shown for shown in names["shown"])


@pytest.mark.long
def test_suspicions_and_early_returns_stand_in_the_box_of_every_report(tmp_path: Path) -> None:
    lines = customers(60)
    early = pd.DataFrame({"customer": lines["customer"].unique(), "day": "2020-01-01", "amount": -3.0})
    lines["customer"] = np.where(lines.index % 4 == 0, lines["customer"].str.upper(), lines["customer"])
    first = pd.DataFrame({"customer": ["c999"], "day": ["2020-01-01"], "amount": [1.0]})
    dataset = write(tmp_path, pd.concat([first, early, lines]))
    for notebook in SMALLEST:
        names = report(dataset, notebook)
        box = (customer_warnings if notebook == "customer_value" else names["cautions"])(names["story"])
        assert {"ids_alike", "early_returns"} <= set(box["code"]), notebook
        assert (box.set_index("code").loc[["ids_alike", "early_returns"], "severity"] == "weak").all()


@pytest.mark.long
def test_a_negative_sum_has_no_shares(tmp_path: Path) -> None:
    """Most customers bought little, one returned more than all of them bought together."""
    lines = customers(60)
    back = pd.DataFrame({"customer": ["c000"], "day": ["2020-08-30"], "amount": [-1e6]})
    names = report(write(tmp_path, pd.concat([lines, back])))
    story = names["story"]
    assert names["table"].frame["monetary_total"].sum() < 0 < names["table"].frame["monetary_total"].max()
    assert story.findings()[0].key == "customers.headline_no_spend"
    assert story.concentration()[0].key == "customers.no_spend"
    told = warned(names).set_index("code").loc["negative_totals"]
    assert told["severity"] == "weak"
    assert told["message"].startswith("1 customers (")


@pytest.mark.long
def test_the_comparison_asks_whether_demographics_reach_the_segments(tmp_path: Path) -> None:
    """The town of a customer tells how much they spend; of every fifth nothing is on record."""
    lines = customers(90)
    number = lines["customer"].str[1:].astype(int)
    lines["town"] = np.where(number % 5 == 0, None, np.where(number % 3 == 2, "Ulm", "Bonn"))
    dataset = write(tmp_path, lines)
    book = Path(dataset) / "codebook.yaml"
    book.write_text(book.read_text(encoding="utf-8") + "attributes: {town: {en: Town}}\n", encoding="utf-8")
    names = report(dataset, "segmentation_comparison")
    reached = names["story"].reached
    assert (reached["balanced_accuracy"] > reached["chance"]).any()
    known = names["windows"].table.frame["town"].notna().mean()
    assert f"Demographics are on record for {known:.0%} of the customers" in " ".join(names["shown"])
