"""What is told of segments: planted days, categories and needs are found, files read, nothing leaks, cards escape."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import crmresearch as crm
from crmresearch.data.transactions.codebook import TransactionsCodebook
from crmresearch.data.transactions.transactions import Transactions, read_transactions
from crmresearch.errors import DataError, ParameterError
from crmresearch.mining.profiles.chosen_segments import chosen_segments
from crmresearch.mining.profiles.customer_features import CustomerFeatures, asked, customer_features
from crmresearch.mining.profiles.portrait import Portrait, portrait
from crmresearch.segmentation import customer_methods
from crmresearch.stories.customer_profiles.cards import cards
from crmresearch.stories.customer_profiles.story import ProfilesStory
from crmresearch.value.outlook import Outlook, customer_outlook

CUT = "2021-12-31"


def lines(later: float = 1.0) -> pd.DataFrame:
    """300 customers of three regions; those of the north buy tea on Sundays; all later amounts times `later`."""
    rng = np.random.default_rng(1)
    rows = []
    for i in range(300):
        region = ["north", "south", "<b>west</b> {0}"][i % 3]
        for _ in range(1 + rng.poisson(rng.gamma(2, 2))):
            day = pd.Timestamp("2021-01-01") + pd.Timedelta(days=int(rng.integers(0, 365)))
            if region == "north" and rng.random() < 0.6:
                day -= pd.Timedelta(days=(day.weekday() + 1) % 7)
            tea = rng.random() < (0.7 if region == "north" else 0.2)
            rows.append(
                (f"c{i}", max(day, pd.Timestamp("2021-01-01")), rng.gamma(3, 5), "tea" if tea else "coffee", region)
            )
        rows.append((f"c{i}", pd.Timestamp("2022-03-01"), 10 * later, "tea" if later > 1 else "coffee", region))
    table = pd.DataFrame(rows, columns=["customer", "date", "amount", "kind", "region"])
    return table.assign(amount=table["amount"].round(2))


def loaded(folder: Path, table: pd.DataFrame) -> Transactions:
    folder.mkdir(exist_ok=True)
    table.to_parquet(folder / "shop.parquet", index=False)
    text = {"en": "Shop"}
    book = TransactionsCodebook.model_validate(
        {
            "kind": "transactions", "key": "shop", "title": text, "about": text, "file": "shop.parquet",
            "committed": False, "how_to_get": "-", "source": "-", "citation": "None.", "licence": "-",
            "currency": "EUR",
            "columns": {"customer": "customer", "time": "date", "amount": "amount", "category": "kind"},
            "attributes": {"region": {"en": "Region"}}, "rules": {"returns": "net", "duplicates": "keep"},
        }
    )  # fmt: skip
    return read_transactions(book, folder / "shop.parquet")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Transactions, Outlook, CustomerFeatures]:
    transactions = loaded(tmp_path_factory.mktemp("shop"), lines())
    table = crm.customer_table(transactions, CUT, attributes=["region"])
    return transactions, customer_outlook(table, [12], 0.1), customer_features(transactions, table)


def described(shop: tuple[Transactions, Outlook, CustomerFeatures], **chosen: str) -> Portrait:
    transactions, outlook, features = shop
    found = chosen_segments(transactions, outlook.customers, features, outlook.cutoff, **{"method": "region", **chosen})
    return portrait(transactions, outlook, features, found, resamples=20, refits=4)


@pytest.fixture(scope="module")
def regions(shop: tuple[Transactions, Outlook, CustomerFeatures]) -> Portrait:
    return described(shop)


def test_planted_days_and_categories_are_found_and_nothing_else(regions: Portrait) -> None:
    named = regions.named
    assert {"day_sunday"} <= set(named.loc[named["segment"] == "north", "feature"])
    assert {name for name in named["feature"] if not name.startswith("day_")} <= {"first_day", "first_category"}
    bought = regions.bought.set_index(["segment", "item"])
    assert bought.loc[("north", "tea"), "told"]
    assert bought.loc[("north", "tea"), "lift"] > 1.5
    pairs = regions.apart.set_index(["segment", "other"])["told"]
    assert not pairs[("<b>west</b> {0}", "south")]
    assert pairs[("north", "south")]
    assert regions.rule is None  # the column is the rule
    assert regions.recognised is not None
    assert regions.recognised.told
    assert "attribute_region" not in regions.recognised.features


def test_features_by_hand(shop: tuple[Transactions, Outlook, CustomerFeatures]) -> None:
    _, _, features = shop
    table = lines().query("date <= @CUT")
    days = table.drop_duplicates(["customer", "date"])
    days = days[days["date"] < days.groupby("customer")["date"].transform("max")]  # the last is what recency is made of
    sunday = days["date"].dt.day_of_week.eq(6).groupby(days["customer"]).mean().reindex(features.frame.index)
    pd.testing.assert_series_equal(features.frame["day_sunday"], sunday, check_names=False)
    first = table[table["date"] == table.groupby("customer")["date"].transform("min")]
    spent = first.groupby("customer")["amount"].sum()
    np.testing.assert_allclose(features.frame["first_spend"], spent.reindex(features.frame.index), atol=1e-9)
    assert features.made_of(["monetary_total"]) == {*features.of("behaviour"), "first_spend"}
    assert features.made_of(["region"]) == {"attribute_region"}


def test_the_weekday_on_which_old_customers_are_first_seen_is_none_of_theirs(tmp_path: Path) -> None:
    old = pd.date_range("2024-01-01", periods=7).repeat(30)  # all in the first week, then a new one every five days
    came = old.append(pd.date_range("2024-02-05", periods=60, freq="5D"))
    table = lines()
    new = pd.DataFrame({"customer": [f"c{i}" for i in range(len(came))], "date": came})
    days = pd.concat([new, new.assign(date=came + pd.Timedelta(days=40))])
    rows = table.iloc[np.arange(len(days)) % len(table)].reset_index(drop=True)
    transactions = loaded(tmp_path, rows.assign(customer=days["customer"].to_numpy(), date=days["date"].to_numpy()))
    first = customer_features(transactions, crm.customer_table(transactions, "2024-12-31")).frame["first_day"]
    assert first[[f"c{i}" for i in range(len(old))]].isna().all()
    assert first[[f"c{i}" for i in range(len(old), len(came))]].notna().all()


def test_nothing_after_the_cut_off_enters(shop: tuple[Transactions, Outlook, CustomerFeatures], tmp_path: Path) -> None:
    other = loaded(tmp_path, lines(later=50.0))
    table = crm.customer_table(other, CUT, attributes=["region"])
    pd.testing.assert_frame_equal(customer_features(other, table).frame, shop[2].frame)
    outlook = customer_outlook(table, [12], 0.1)
    again = described((other, outlook, customer_features(other, table)))
    pd.testing.assert_frame_equal(again.profiles, described(shop).profiles)
    pd.testing.assert_frame_equal(again.bought, described(shop).bought)


def test_a_file_of_segments(
    shop: tuple[Transactions, Outlook, CustomerFeatures], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customer_methods, "data_folders", lambda: [tmp_path])
    customers = shop[1].customers.index
    given = pd.DataFrame({"segment": ["A"] * 150 + ["{B} <i>"] * 101, "customer": [*customers[:250], "nobody"]})
    given.to_csv(tmp_path / "mine.csv", index=False)
    found = described(shop, file="mine.csv")
    assert (found.chosen.outside, int(found.chosen.segments.isna().sum())) == (1, len(customers) - 250)
    assert found.facts["customers"].tolist() == [150, 100]
    story = ProfilesStory(shop[0], found)
    assert "&lt;i&gt;" in cards(story)._repr_html_()
    assert "<i>" not in cards(story)._repr_html_()
    pd.concat([given, given.assign(segment="B")]).to_csv(tmp_path / "mine.csv", index=False)
    with pytest.raises(DataError, match="is in two segments"):
        described(shop, file="mine.csv")
    given.assign(customer="x").iloc[:1].to_csv(tmp_path / "mine.csv", index=False)
    with pytest.raises(DataError, match="No customer of it"):
        described(shop, file="mine.csv")
    with pytest.raises(ParameterError, match="no file of segments"):
        described(shop, file="other.csv")


def test_a_method_that_is_not_there_is_refused_with_what_there_is(
    shop: tuple[Transactions, Outlook, CustomerFeatures],
) -> None:
    with pytest.raises(ParameterError, match=r"no segmentation 'nonsense'.*rfm_named.*a column .*: region"):
        described(shop, method="nonsense")


def test_needs_of_linked_customers_and_what_is_missing_is_named() -> None:
    """Loyalty drives the planted purchase rate, so that the best customers are the more loyal ones."""
    transactions = crm.load_transactions("linked_simulated")
    table = crm.customer_table(transactions, "2025-12-31")
    features = customer_features(transactions, table, asked("staged_simulated", "staged", table))
    outlook = customer_outlook(table, [12], 0.1)
    chosen = chosen_segments(transactions, outlook.customers, features, table.cutoff, method="rfm_eight_mean")
    found = portrait(transactions, outlook, features, chosen, resamples=20, refits=4)
    best = found.named_of("important_value", "need").iloc[0]
    assert (best["feature"], best["difference"] > 0.3) == ("need_loyalty", True)
    assert found.missing("important_value") == ["items", "hours"]
    assert "important_keep" not in found.described
    assert not found.tested["feature"].isin(["recency", "frequency", "monetary_total", "first_spend"]).any()
    assert found.rule is not None
    assert found.rule.error < 0.05
    shown = cards(ProfilesStory(transactions, found))
    assert [card.faint for card in shown.cards] == sorted(card.faint for card in shown.cards)
    assert "Too few to describe" in repr(shown)
