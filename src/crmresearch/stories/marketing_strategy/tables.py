"""The reader's tables of a strategy: names instead of keys, one row a decision."""

import numpy as np
import pandas as pd

from crmresearch.segmentation.wording import named_segment
from crmresearch.stories.marketing_strategy.story import MarketingStrategyStory
from crmresearch.stories.side_by_side import side_by_side
from crmresearch.strategy.actions import action

DIGITS = {"importance": 2, "importance_lower": 2, "performance": 1, "performance_lower": 1}


def _named(story: MarketingStrategyStory, table: pd.DataFrame, **names: str) -> pd.DataFrame:
    known = {"segment": story.segment, "factor": story.factor, "stage": story.stage}
    table = table if story.staged else table.drop(columns="stage", errors="ignore")
    return story.named(table, **{key: name for key, name in known.items() if key in table}, **names)


def decisions(story: MarketingStrategyStory) -> pd.DataFrame:
    """Importance, rank, performance, decision and, where there is none, what is open."""
    table = story.strategy.decisions
    cases = {
        "refused": table["importance"].isna(),
        "less": table["important"] < 0,
        "importance": table["important"] == 0,
    }
    open_ = np.select([*cases.values()], [*cases], "performance")
    why = [story.say(f"why.{key}") for key in np.where(table["decision"] == "undecided", open_, table["decision"])]
    shown = ["segment", "stage", "factor", "importance", "importance_lower", "importance_upper", "rank", "performance",
             "performance_lower", "performance_upper", "decision", "why"]  # fmt: skip
    return _named(story, table.assign(rank=story.ranks(table), why=why)[shown], decision="decision")


def by_aim(story: MarketingStrategyStory, table: pd.DataFrame, value: str, ends: str) -> pd.DataFrame:
    """A long table of segments, factors and aims with a column an aim for `value`, and its interval by `ends`."""
    numbers = (value, f"{ends}_lower", f"{ends}_upper")
    return _named(story, side_by_side(table, ["segment", "factor"], "aim", numbers, story.aims))


def apart(story: MarketingStrategyStory) -> pd.DataFrame:
    """Factors that count more in one segment than in another."""
    table = story.strategy.apart.rename(columns={"lower": "ci_lower", "upper": "ci_upper"})
    return story.named(table, factor=story.factor, more=story.segment, less=story.segment)


def plans(story: MarketingStrategyStory) -> pd.DataFrame:
    """The best use of the budget in every segment, a row a factor."""
    parts = [plan.table.assign(segment=key, factor=story.drivers.factors) for key, plan in story.strategy.plans.items()]
    table = pd.concat(parts, ignore_index=True)
    told = [story.say("plan.alike" if one else "plan.behind") for one in table["alike"]]
    shown = ["segment", "factor", "cost", "points", "gain", "break_even", "alike"]
    return _named(story, table.assign(alike=told).replace(np.inf, np.nan)[shown])


def actions(story: MarketingStrategyStory) -> pd.DataFrame:
    """One suggestion for every factor decided on, with its evidence, and for every value segment and stage of life."""
    table = story.strategy.decisions.query("decision != 'undecided'")
    numbers = ["importance", "importance_lower", "importance_upper", "performance"]
    facts = [story.say("evidence.factor", **row) for row in table[numbers].to_dict("records")]
    told = [story.text(action(row.factor, row.decision)) for row in table.itertuples()]
    shown = table[["segment", "stage", "factor", "decision"]].assign(action=told, evidence=facts)
    named = _named(story, shown, decision="decision")
    if (bought := story.customers) is None:
        return named
    about = [story.say("evidence.customers", count=count) for count in bought["customers"]]
    values = [story.say(f"value_of.{key}") for key in bought["value"]]
    stages = [story.text(named_segment(key).label) for key in bought["stage"]]
    texts = [story.text(text) for text in bought["action"]]
    rows = {"segment": values, "factor": stages, "action": texts, "evidence": about}
    return pd.concat([named, pd.DataFrame(rows)], ignore_index=True)
