"""A persona says what is known and no more; segments are ordered by what is expected of them, else by their spend."""

import numpy as np
import pandas as pd

from crmresearch.mining.profiles.personas import Persona, by_value, value_column
from crmresearch.segmentation.methods.life_cycle import LifeCycle

ROW = {
    "customers": 40, "share": 0.4, "spend_share": 0.5, "gap": 12.0, "once": 0.25, "expected": 10.0, "ci_lower": 8.0,
    "stage": LifeCycle().segments[0].key, "few": False,
}  # fmt: skip


def persona(**facts: object) -> Persona:
    found = {"when": pd.DataFrame(), "first": pd.DataFrame(), "need": pd.DataFrame({"feature": ["need_loyalty"]})}
    return Persona(pd.Series({**ROW, **facts}, dtype=object), found, [])


def test_numbers_and_habits_are_those_that_are_known() -> None:
    assert persona().numbers == ["customers", "spend_share", "expected_interval"]
    assert persona(ci_lower=np.nan).numbers == ["customers", "spend_share", "expected"]
    assert persona(ci_lower=np.nan, expected=np.nan, spend_share=np.nan).numbers == ["customers"]
    assert persona(few=True).numbers == ["customers"]
    assert persona().habits == ["last", "every", "once", "so_far"]
    assert persona(gap=np.nan, once=0.0).habits == ["last", "so_far"]


def test_the_stage_has_a_name_and_the_first_purchase_is_told_only_where_it_differs() -> None:
    assert persona().stage == LifeCycle().segments[0].label
    assert persona(stage=np.nan).stage is None
    assert list(persona().told) == ["when", "need"]


def test_segments_are_ordered_by_what_is_expected_of_them_or_else_by_their_spend() -> None:
    facts = pd.DataFrame({"segment": ["a", "b"], "spend_share": [0.4, 0.6], "expected_share": [0.7, 0.3]})
    assert (value_column(facts), by_value(facts)["segment"].tolist()) == ("expected_share", ["a", "b"])
    unknown = facts.assign(expected_share=np.nan)
    assert (value_column(unknown), by_value(unknown)["segment"].tolist()) == ("spend_share", ["b", "a"])
