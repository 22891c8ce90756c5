"""The reader's tables of priorities: names instead of keys, levels in the points that respondents answered in."""

from typing import Any

import pandas as pd

from crmresearch.stories.priorities.story import PrioritiesStory

DIGITS = {"importance": 2, "importance_lower": 2, "performance": 1, "performance_lower": 1, "d": 2, "weight": 2,
          "d_lower": 2, "x": 1, "y": 1, "d_without": 2}  # fmt: skip
_MAP = ["importance", "importance_lower", "importance_upper", "rank", "performance", "performance_lower",
        "performance_upper"]  # fmt: skip


def priorities(story: PrioritiesStory) -> pd.DataFrame:
    """Importance, performance and necessity of every construct, and what both show."""
    table = story.found.table
    required = [_required(story, row.construct, row) for row in table.itertuples()]
    shares = [story.say("priorities.share", share=share) if share == share else "–" for share in table["share_below"]]
    table = table.assign(rank=story.ranks(table), required=required, share=shares, adjusted_p_value=table["p_adjusted"])
    shown = ["construct", *_MAP, "d", "adjusted_p_value", "required", "share", "priority"]
    return story.named(table, *shown, construct=story.label, priority="priority")


def items(story: PrioritiesStory) -> pd.DataFrame:
    """Importance and performance of every item, with its question."""
    table, known = story.found.ipma.items, story.survey.codebook.items
    asked = [story.text(known[item].text) for item in table["item"]]
    table = table.assign(rank=story.ranks(table), question=asked)
    return story.named(table, "construct", "item", "question", "weight", *_MAP, construct=story.label)


def effects(story: PrioritiesStory) -> pd.DataFrame:
    """Effect sizes by both ceilings, chance, accuracy, and what single answers do to them."""
    table = story.found.necessity.effects.dropna(subset="d")
    keys = ["none" if n == 0 else "many" if n < 0 else "some" for n in table["dropped"]]
    table = table.assign(
        accuracy=[story.say("priorities.share", share=share) for share in table["accuracy"]],
        dropped=[story.say(f"dropped.{key}", count=n) for key, n in zip(keys, table["dropped"], strict=True)],
        p_value_floor=table["p_value"] < 1.5 / (table["permutations"] + 1),
    ).rename(columns={"p_adjusted": "adjusted_p_value", "d_lowest": "d_lower", "d_highest": "d_upper",
                      "p_association": "association_p_value"})  # fmt: skip
    shown = ["condition", "ceiling", "d", "p_value", "p_value_floor", "adjusted_p_value", "accuracy", "d_lower",
             "d_upper", "dropped", "association_p_value", "necessary"]  # fmt: skip
    return story.named(table, *shown, condition=story.label, ceiling="ceiling")


def bottleneck(story: PrioritiesStory) -> tuple[pd.DataFrame, dict[str, str]]:
    """What every level of the target requires of each condition, and the headings of its columns."""
    rows = story.found.necessity.bottleneck.query("ceiling == @story.found.necessity.leading")
    table = pd.DataFrame({"level": [story.number(level) for level in rows["level"].drop_duplicates()]})
    parts = {f"condition_{place}": part for place, part in enumerate(rows.groupby("condition", sort=False))}
    for column, (key, part) in parts.items():  # a key could be the name of another column
        table[column] = [_required(story, str(key), row) for row in part.itertuples()]
    return table, {column: story.label(str(key)) for column, (key, _) in parts.items()}


def influential(story: PrioritiesStory) -> pd.DataFrame:
    """Of necessary conditions the three answers without which d falls most or rises least."""
    rows = story.found.necessity.most_influential(3)
    return story.named(rows.assign(row=rows["row"].astype(str)), condition=story.label)


def _required(story: PrioritiesStory, key: str, row: Any) -> str:
    if row.status == "required":
        return story.needed(key, row.required)
    return story.say(f"status.{row.status}") if isinstance(row.status, str) else "–"
