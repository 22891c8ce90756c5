"""The simulated orders: their bytes, and what is true of them."""

from pathlib import Path

import pandas as pd
import pytest

from crmresearch.data.catalog import find_codebook
from crmresearch.errors import TruthError
from crmresearch.paths import DATA
from crmresearch.simulation.baskets import baskets_file, baskets_of_truth, load_basket_truth

FOLDER = DATA / "baskets_simulated"


def test_the_committed_bytes_are_made_of_the_truth() -> None:
    assert baskets_file(FOLDER) == (FOLDER / find_codebook("baskets_simulated").file).read_bytes()


def test_as_many_orders_and_customers_as_the_truth_has() -> None:
    truth = load_basket_truth(FOLDER)
    lines = pd.read_csv(FOLDER / "orders.csv")
    assert (lines["order"].nunique(), lines["customer"].nunique()) == (truth.orders, truth.customers) == (4000, 800)
    assert (lines["product"].nunique(), lines["category"].nunique()) == (60, 8)
    assert lines.groupby("order")["customer"].nunique().max() == 1
    assert lines.groupby(["order", "product"]).size().max() == 1


def test_planted_rules_are_taken_in_at_their_rate() -> None:
    truth = load_basket_truth(FOLDER)
    held = pd.crosstab(*(baskets_of_truth(truth)[name] for name in ("order", "product"))).gt(0)
    without = pd.crosstab(
        *(baskets_of_truth(truth.model_copy(update={"planted": ()}))[n] for n in ("order", "product"))
    )
    rule = truth.planted[0]
    meets, had = held[rule.antecedent[0]], without[rule.consequent]
    taken = held.loc[meets & ~had, rule.consequent].mean()
    assert taken == pytest.approx(rule.probability, abs=0.1)


def test_a_truth_that_names_no_product_is_told(tmp_path: Path) -> None:
    text = (FOLDER / "baskets.yaml").read_text(encoding="utf-8").replace("consequent: Oat drink", "consequent: Oats")
    (tmp_path / "baskets.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(TruthError, match="'Oats' is not among the products"):
        load_basket_truth(tmp_path)
    with pytest.raises(TruthError, match=r"no baskets\.yaml"):
        load_basket_truth(tmp_path / "none")
