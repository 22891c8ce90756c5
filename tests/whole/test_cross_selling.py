"""The report of cross-selling in this process: planted pairs are told, and data that give nothing say so."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from basket_shop import LINES, shop
from notebook_cells import run_cells

QUICK = {"worlds": 2, "resamples": 50}


@pytest.fixture(scope="module")
def names() -> dict:
    return run_cells("cross_selling", QUICK)


def test_the_cells_run_and_tell_numbers(names: dict) -> None:
    shown = " ".join(names["shown"])
    assert not re.search(r"\bnan\b", shown)
    for told in ("What goes together", "Espresso beans", "Oat drink", "What is bought next", "What this cannot say"):
        assert told in shown
    keys = [told.key for told in names["story"].findings()]
    assert keys == ["cross.headline", "cross.plain_more", "cross.next_new_ties", "cross.offered"]


def test_two_rules_or_more_offer_and_name_the_experiment(names: dict) -> None:
    keys = [told.key for told in names["story"].follows()]
    assert keys == ["cross.offers", "cross.test", "cross.test_few"]


def random_shop(folder: Path) -> str:
    rng = np.random.default_rng(1)
    rows = [
        (f"c{rng.integers(90)}", f"2024-{1 + i // 30:02d}-{1 + i % 28:02d}", 5.0, str(i), product)
        for i in range(360)
        for product in rng.choice(list("abcdefghij"), 1 + rng.poisson(1.5), replace=False)
    ]
    frame = pd.DataFrame(rows, columns=["customer", "day", "amount", "number", "what"])
    return shop(folder, frame, order="number", product="what")


def all_alike(folder: Path) -> str:
    frames = [LINES.assign(customer=LINES["customer"] + str(i)) for i in range(20)]
    return shop(folder, pd.concat(frames), product="what")


def one_day(folder: Path) -> str:
    return shop(folder, LINES.assign(day="2024-12-31"), order="number", product="what")


@pytest.mark.parametrize(
    ("make", "first"),
    [
        (lambda folder: "cdnow", "cross.no_rules"),
        (lambda folder: shop(folder, LINES, order="number", product="what"), "cross.no_rules"),
        (random_shop, "cross.headline_none"),
        (all_alike, "cross.headline"),  # who has jam or milk has tea
        (one_day, "cross.no_rules"),
    ],
    ids=["no_products", "small", "random", "same_few", "one_day"],
)
def test_data_that_give_little_or_nothing_end_in_sentences(tmp_path: Path, make, first: str) -> None:  # type: ignore[no-untyped-def]
    names = run_cells("cross_selling", {"dataset": make(tmp_path / "shop"), **QUICK})
    assert names["story"].findings()[0].key == first
    follows = [told.key for told in names["story"].follows()]
    # half of those with tea have neither jam nor milk: these can be offered, and too few for a test to have a size
    assert follows == (["cross.offers", "cross.test"] if first == "cross.headline" else ["cross.do_nothing"])
    assert not re.search(r"\bnan\b", " ".join(names["shown"]))
