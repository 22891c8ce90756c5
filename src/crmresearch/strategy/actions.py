"""A short catalogue of marketing actions: one a decision on a factor, one a value segment and stage of life cycle."""

from pathlib import Path

import pandas as pd

from crmresearch.strategy.decisions import Decision
from crmresearch.texts import Texts

TEXTS = Texts(Path(__file__).parent)
Text = dict[str, str]


def action(factor: str, decision: Decision) -> Text:
    """What is usually done about a factor decided on so, by language; a general suggestion for other factors.

    >>> action("staff", "reduce")["en"]
    'Move routine to self-service; keep people for the cases that need one.'
    >>> action("parking", "keep")["en"]
    'Hold the standard; measure it steadily.'
    """
    known = TEXTS.section("action")
    of = factor if f"{factor}_{decision}" in known else "general"
    return TEXTS.in_languages(f"action.{of}_{decision}")


def customer_actions(value: pd.Series, stage: pd.Series) -> pd.DataFrame:
    """One action for every value segment and stage of life cycle with customers in it: value, stage, customers, action.

    `value` and `stage`: categories of the same customers, as the value matrix and the life cycle name them (high_high
    to low_low: current, then potential value; acquire, develop, retain, recover); other keys have no action. The stage
    says what to do, the value how much effort it may cost. `action` is a text by language.

    >>> one = customer_actions(pd.Series(["low_high", "low_high"]), pd.Series(["recover", "recover"]))
    >>> one["customers"].item(), one["action"].item()["en"]
    (2, 'One strong offer made for what they bought; they are worth a try.')
    """
    counts = pd.DataFrame({"value": value, "stage": stage}).groupby(["value", "stage"], observed=True).size()
    table = counts.rename("customers").reset_index()
    known = TEXTS.section("customer")
    keys = table["value"].astype(str) + "_" + table["stage"].astype(str)
    table = table[keys.isin(list(known))].reset_index(drop=True)
    told = [TEXTS.in_languages(f"customer.{row.value}_{row.stage}") for row in table.itertuples()]
    return table.assign(action=told)
