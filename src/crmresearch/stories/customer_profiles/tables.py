"""The reader's tables of segments: sizes and value, differences, rules held against customers left out, pairs."""

import pandas as pd

from crmresearch.mining.rule_tree import SegmentRules
from crmresearch.stories.customer_profiles.story import ProfilesStory

SIZES = {"share": 2, "spend": 0, "spend_share": 2, "recency": 0, "gap": 0, "expected": 0, "ci_lower": 0, "ci_upper": 0}
DIFFERENCES = {"difference": 2, "ci_lower": 2, "ci_upper": 2, "p_value": 3}
RANGES = {f"{name}_{end}": f"{name}_range_{end}" for name in ("precision", "recall") for end in ("lower", "upper")}
SCORES = dict.fromkeys(["base", "precision", "recall", *RANGES.values()], 2)
MOST = 25  # rows shown of the differences beyond chance


def sizes(story: ProfilesStory) -> pd.DataFrame:
    """Segments: customers, share, spend, days since the last and between purchases, expected value."""
    table = story.portrait.facts.dropna(axis=1, how="all")
    return story.named(table, "segment", "customers", *SIZES, segment=story.segment)


def differences(story: ProfilesStory) -> pd.DataFrame:
    """The comparisons beyond chance or, without any, the widest: what, in the segment, in the others, difference."""
    return _told(story, story.portrait.shown.head(MOST))


def defining(story: ProfilesStory) -> pd.DataFrame:
    """The differences in what the segments are made of, which are no findings."""
    return _told(story, story.portrait.profiles[story.portrait.profiles["p"].isna()]).drop(columns="p_value")


def _told(story: ProfilesStory, rows: pd.DataFrame) -> pd.DataFrame:
    names = [story.named_feature(row) for row in rows.itertuples()]
    values = [story.typical(row) for row in rows.itertuples()]
    told = rows.assign(feature=names).rename(columns={"p": "p_value"})
    told[["typical", "typical_others"]] = values
    return story.named(told, "segment", "feature", "typical", "typical_others", *DIFFERENCES, segment=story.segment)


def scores(story: ProfilesStory, rules: SegmentRules) -> pd.DataFrame:
    """How often a rule is right about customers held out: base, precision and recall of each segment."""
    table = rules.scores.rename(columns=RANGES)
    shown = [name for name in table if name not in ("right", "p", "told")]
    return story.named(table, *shown, segment=story.segment)


def associations(story: ProfilesStory) -> pd.DataFrame:
    """How far each category goes with the segments as a whole."""
    table = story.portrait.associations.rename(columns={"p": "p_value"})
    return story.named(table, "feature", "customers", "v", "p_value", feature=story.feature)


def stability(story: ProfilesStory) -> pd.DataFrame:
    """How far each segment comes again when its method learns from resamples."""
    return story.named(story.portrait.stability, "segment", "jaccard", "recovered", segment=story.segment)


def apart(story: ProfilesStory) -> pd.DataFrame:
    """Every two segments, those told apart first, and what tells them apart best; a dash where nothing does."""
    names = [story.named_feature(row) if row.told else "–" for row in story.portrait.pairs.itertuples()]
    table = story.portrait.pairs.assign(feature=names).rename(columns={"p": "p_value"})
    shown = ("segment", "other", "feature", "difference", "p_value")
    return story.named(table, *shown, segment=story.segment, other=story.segment)
