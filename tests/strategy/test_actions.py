"""The catalogue of actions: every factor of the staged and the European model has one a decision, in both languages."""

import pandas as pd
import pytest

from crmresearch.models.theory import load_theory
from crmresearch.segmentation.methods.life_cycle import LifeCycle
from crmresearch.segmentation.methods.value_matrix import CurrentPotential
from crmresearch.strategy.actions import TEXTS, action, customer_actions
from crmresearch.strategy.decisions import DECISIONS


@pytest.mark.parametrize("language", ["en", "zh"])
def test_factors_of_the_shipped_theories_have_actions_of_their_own(language: str) -> None:
    known = TEXTS.section("action", language)
    stages = {"before", "during", "after"}  # as constructs of their own they are what their factors are
    staged = [key for key, c in load_theory("staged").constructs.items() if c.stage and key not in stages]
    factors = [*staged, "image", "quality", "value"]
    told = [known[f"{factor}_{decision}"] for factor in factors for decision in DECISIONS[:3]]
    assert len(set(told)) == len(told) == 3 * len(factors) == 54
    assert {key for key in known if key.partition("_")[0] != "general"} == {
        f"{factor}_{decision}" for factor in factors for decision in DECISIONS[:3]
    }


def test_an_unknown_factor_and_one_undecided_have_general_ones() -> None:
    for decision in DECISIONS:
        assert action("parking", decision) == TEXTS.in_languages(f"action.general_{decision}")
    assert action("staff", "undecided") == action("parking", "undecided")
    assert set(action("staff", "keep")) == {"en", "zh"}


def test_every_value_segment_and_stage_of_life_has_one_action() -> None:
    pairs = [(value, stage) for value in CurrentPotential.advice for stage in LifeCycle.advice]
    value, stage = (pd.Series(keys) for keys in zip(*pairs, strict=True))
    table = customer_actions(value, stage)
    assert len(table) == len(pairs) == len(TEXTS.section("customer"))
    assert len({text["en"] for text in table["action"]}) == len(pairs)


def test_customers_are_counted_and_other_keys_left_out() -> None:
    value = pd.Series(pd.Categorical(["high_high", "high_high", "low_low", "middle"]))
    stage = pd.Series(pd.Categorical(["retain", "retain", "recover", "retain"]))
    table = customer_actions(value, stage)
    assert table[["value", "stage", "customers"]].to_numpy().tolist() == [
        ["high_high", "retain", 2], ["low_low", "recover", 1],
    ]  # fmt: skip
