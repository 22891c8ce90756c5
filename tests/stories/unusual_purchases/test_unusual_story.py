"""The report of unusual purchases: its sentences by key and fact, its list, and shops with little to judge."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from notebook_cells import run_cells
from shop_codebook import shop_codebook
from usual_shop import NO_RETURNS, usual_shop

from crmresearch.errors import DataError
from crmresearch.mining.unusual.unusual_purchases import judged_purchases
from crmresearch.stories.unusual_purchases import charts, tables
from crmresearch.stories.unusual_purchases.cautions import cautions
from crmresearch.stories.unusual_purchases.story import UnusualStory, of_list


def shop(folder: Path, lines: pd.DataFrame, also: str = "") -> str:
    """A data set of lines (who, when, paid …)."""
    home = folder / "shop"
    home.mkdir()
    (home / "codebook.yaml").write_text(shop_codebook(also=also, last_day=None), encoding="utf-8")
    lines.to_csv(home / "shop.csv", index=False)
    return str(home)


def lines(customers: int = 120, days: int = 300) -> pd.DataFrame:
    orders = usual_shop(3, customers, days)
    return pd.DataFrame({"who": orders["customer"], "when": orders["day"].dt.date, "paid": orders["amount"]})


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A usual shop with an order returned, a very small one, and a closed week, all lines named by what could run."""
    sold = lines(300)
    sold["number"] = [f"<b>{i}</b>" for i in range(len(sold))]
    busiest = sold["who"].value_counts().index[0]
    rows = sold.index[sold["who"] == busiest]
    sold.loc[rows[0], "paid"], sold.loc[rows[1], "paid"] = 50_000.0, 0.01
    back = sold.loc[[rows[0]]].assign(paid=-50_000.0, number="back")
    sold = pd.concat([sold, back], ignore_index=True)
    closed = pd.to_datetime(sold["when"]).between("2022-06-01", "2022-06-07")
    folder = tmp_path_factory.mktemp("shop")
    return run_cells("unusual_purchases", {"dataset": shop(folder, sold[~closed], ", order: number"), "alpha": 0.005})


def test_the_list_names_order_customer_and_closed_days(names: dict[str, Any]) -> None:
    story = names["story"]
    orders = of_list(story, "orders")
    listed = story.found.listed("orders")
    assert orders["reason"].tolist() == story.reasons("orders", listed)
    returned, small = listed[listed["amount"] == 50_000], listed[listed["amount"] == 0.01]
    (reason,), (cause,) = story.reasons("orders", returned), story.causes("orders", returned)
    assert (reason.key, cause.key) == ("reason.amount_own", "cause.taken_back")
    assert (reason.facts["rank"], reason.facts["order"][:3]) == (1, "<b>")
    assert [cause.key for cause in story.causes("orders", small)] == ["cause.order_low"]
    days = story.found.listed("days")
    told = {reason.key for reason in story.reasons("days", days)}
    assert "reason.day_nothing" in told
    assert told <= {"reason.day_nothing", "reason.day_purchases", "reason.day_revenue"}
    everything = tables.full_list(story)
    assert len(everything) == story.found.summary["listed"].sum()
    assert everything["p_value"].is_monotonic_increasing


def test_findings_and_what_follows_are_those_of_the_lists(names: dict[str, Any]) -> None:
    story = names["story"]
    keys = [told.key for told in story.findings()]
    beyond = story.found.summary.set_index("list")["beyond"]
    assert keys.count("unusual.beyond") == beyond.sum()
    assert "unusual.carried" in keys
    follows = {told.key for told in story.follows()}
    assert {"unusual.look_taken_back", "unusual.leave_in"} <= follows
    assert charts.plot_orders(story).get_label() == "points"


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("nine customers", lambda t: t[t["who"].isin(t["who"].unique()[:9])]),
        ("one line", lambda t: t.head(1)),
        ("one price", lambda t: t.assign(paid=9.99)),
        ("nothing paid", lambda t: t.assign(paid=0.0)),
        ("bought once", lambda t: t.drop_duplicates("who")),
        ("all returned", lambda t: pd.concat([t, t.assign(paid=-2 * t["paid"])])),
        ("one day", lambda t: t.assign(when="2022-03-01")),
    ],
)
def test_shops_with_little_to_judge_have_a_page_that_says_so(name: str, changed: Any, tmp_path: Path) -> None:
    story = run_cells("unusual_purchases", {"dataset": shop(tmp_path, changed(lines(60)))})["story"]
    told = cautions(story)
    assert np.isfinite(story.found.summary["expected"]).all()
    if name in ("nothing paid", "one line", "one day"):
        assert "days_not_judged" in set(told["code"])
    if name == "nothing paid":
        assert "orders_not_judged" in set(told["code"])


def test_a_shop_of_returns_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Every line of the file is a return"):
        run_cells("unusual_purchases", {"dataset": shop(tmp_path, lines(30).assign(paid=-1.0))})


def test_nothing_listed_follows_nothing(names: dict[str, Any]) -> None:
    few = usual_shop(3, 40, 100).head(25)
    found = judged_purchases(few, NO_RETURNS,
                             few["day"].min().date(), few["day"].max().date(), 0.001, 1)  # fmt: skip
    story = UnusualStory(names["transactions"], found, 1)
    assert [told.key for told in story.follows()] == ["unusual.nothing_follows"]
    assert tables.full_list(story).empty
    assert "unusual.not_judged" not in {told.key for told in story.findings()[:1]} or not found.summary["judged"].any()


def test_a_share_of_others_is_all_only_where_it_is_all(names: dict[str, Any]) -> None:
    """Between the two neither 0.0 nor 100.0 %, whatever rounding would make of them."""
    story = names["story"]
    known = {"customer": "x", "frequency": 9, "spend_mean": 5.0, "gap_mean": 1.5, "times": np.nan, "usual": np.nan}

    def told(place: float, frequency: str, spend: str, gap: str) -> str:
        sides = {"side_frequency": frequency, "side_spend_mean": spend, "side_gap_mean": gap}
        places = {f"place_{name}": place for name in ("frequency", "spend_mean", "gap_mean")}
        row = pd.DataFrame([{**known, **sides, **places, "measure": "together"}]).itertuples()
        return str(story._customer(next(row)))

    most = told(1.0, "above", "below", "below")
    assert "(more than all other such customers have)" in most
    assert "(less than all others)" in most
    assert "(shorter than all others)" in most
    nearly = told(0.99999, "above", "below", "below")
    assert "(more than 99.9% of such customers have)" in nearly
    assert "(less than 99.9%)" in nearly
    assert "(shorter than 99.9%)" in nearly
    assert "(fewer than 98.6% of such customers have)" in told(0.986, "below", "above", "above")
    assert told(0.0, "alike", "alike", "alike").count("(as nearly all others)") == 3
    assert story._times(0.00001).key == "reason.hardly"
