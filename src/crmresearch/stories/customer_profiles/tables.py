"""The reader's tables of segments: sizes and value, differences, rules held against customers left out, pairs."""

import pandas as pd

from crmresearch.mining.profiles.rule_tree import SegmentRules
from crmresearch.stories.customer_profiles.story import ProfilesStory

SIZES = {"share": 3, "spend": 0, "spend_share": 3, "recency": 0, "gap": 0, "expected": 0, "ci_lower": 0, "ci_upper": 0}
DIFFERENCES = {"difference": 2, "ci_lower": 2, "ci_upper": 2, "p_value": 3}
RANGES = {f"{name}_{end}": f"{name}_range_{end}" for name in ("precision", "recall") for end in ("lower", "upper")}
SCORES = {"base": 3} | dict.fromkeys(["precision", "recall", *RANGES.values()], 2)


def sizes(story: ProfilesStory) -> pd.DataFrame:
    """Segments: customers, share, spend, days since the last and between purchases, expected value."""
    table = story.portrait.facts.dropna(axis=1, how="all")
    return story.named(table, "segment", "customers", *SIZES, segment=story.segment)


def differences(story: ProfilesStory, rows: pd.DataFrame) -> pd.DataFrame:
    """Comparisons of segments with all others: what, in the segment, in the others, difference and interval."""
    table = story.told(rows).rename(columns={"p": "p_value"})
    return story.named(table, "segment", "feature", "typical", "typical_others", *DIFFERENCES)


def scores(story: ProfilesStory, rules: SegmentRules) -> pd.DataFrame:
    """How often a rule is right about customers held out: base, precision and recall of each segment."""
    table = rules.scores.rename(columns=RANGES)
    shown = [name for name in table if name not in ("right", "p", "told")]
    return story.named(table, *shown, segment=story.segment)


def associations(story: ProfilesStory) -> pd.DataFrame:
    """How far each category goes with the segments as a whole."""
    table = story.portrait.associations.rename(columns={"p": "p_value"})
    return story.named(table, "feature", "customers", "v", "p_value", feature=story.feature)


def apart(story: ProfilesStory) -> pd.DataFrame:
    """Every two segments, those told apart first, and what tells them apart best; a dash where nothing does."""
    names = [story.named_feature(row) if row.told else "–" for row in story.portrait.pairs.itertuples()]
    table = story.portrait.pairs.assign(feature=names).rename(columns={"p": "p_value"})
    shown = ("segment", "other", "feature", "difference", "p_value")
    return story.named(table, *shown, segment=story.segment, other=story.segment)
