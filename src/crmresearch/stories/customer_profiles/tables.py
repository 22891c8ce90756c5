"""The reader's tables of segments: sizes and value, differences, rules held against customers left out, pairs."""

import pandas as pd

from crmresearch.mining.rule_tree import SegmentRules
from crmresearch.stories.customer_profiles.story import ProfilesStory

SIZES = {"share": 2, "spend": 0, "spend_share": 2, "recency": 0, "gap": 0, "expected": 0, "ci_lower": 0, "ci_upper": 0}
DIFFERENCES = {"difference": 2, "ci_lower": 2, "ci_upper": 2, "p_value": 3}
RANGES = [f"{name}_range_{end}" for name in ("precision", "recall") for end in ("lower", "upper")]
SCORES = dict.fromkeys(["base", "precision", "recall", *RANGES], 2)
MOST, FEW = 25, 5  # rows shown of the differences beyond chance, and where none is


def sizes(story: ProfilesStory) -> pd.DataFrame:
    """Segments: customers, share, spend, days since the last and between purchases, expected value."""
    table = story.portrait.facts.dropna(axis=1, how="all")
    shown = ("segment", "customers", *SIZES)
    return story.named(table, *shown, segment=story.segment)


def differences(story: ProfilesStory) -> pd.DataFrame:
    """The comparisons beyond chance or, without any, the widest: what, in the segment, in the others, difference."""
    tested = story.portrait.tested
    told = bool(tested["told"].any())
    rows = tested[tested["told"]] if told else tested
    rows = rows.iloc[rows["difference"].abs().argsort(kind="stable")[::-1]].head(MOST if told else FEW)
    return _told(story, rows)


def defining(story: ProfilesStory) -> pd.DataFrame:
    """The differences in what the segments are made of, which are no findings."""
    rows = story.portrait.profiles[story.portrait.profiles["p"].isna()]
    return _told(story, rows).drop(columns="p_value")


def _told(story: ProfilesStory, rows: pd.DataFrame) -> pd.DataFrame:
    names = [story.named_feature(row) for row in rows.itertuples()]
    ends = ("typical", "typical_others")
    values = {name: [story.typical(row, getattr(row, name)) for row in rows.itertuples()] for name in ends}
    told = rows.assign(feature=names, p_value=rows["p"], **values)
    shown = ("segment", "feature", "typical", "typical_others", "difference", "ci_lower", "ci_upper", "p_value")
    return story.named(told, *shown, segment=story.segment)


def scores(story: ProfilesStory, rules: SegmentRules) -> pd.DataFrame:
    """How often a rule is right about customers held out: base, precision and recall of each segment."""
    ends = {name: rules.scores[name.replace("_range", "")] for name in RANGES}
    table = rules.scores.assign(**ends)
    shown = ("segment", "customers", "base", "named", "precision", "precision_range_lower", "precision_range_upper",
             "recall", "recall_range_lower", "recall_range_upper")  # fmt: skip
    return story.named(table, *shown, segment=story.segment)


def associations(story: ProfilesStory) -> pd.DataFrame:
    """How far each category goes with the segments as a whole."""
    table = story.portrait.associations
    return story.named(table.assign(p_value=table["p"]), "feature", "customers", "v", "p_value", feature=story.feature)


def stability(story: ProfilesStory) -> pd.DataFrame:
    """How far each segment comes again when its method learns from resamples."""
    return story.named(story.portrait.stability, "segment", "jaccard", "recovered", segment=story.segment)


def apart(story: ProfilesStory) -> pd.DataFrame:
    """Every two segments, those told apart first, and what tells them apart best; a dash where nothing does."""
    table = story.portrait.apart.dropna(subset=["feature"]).sort_values("p", kind="stable")
    names = [story.named_feature(row) if row.told else "–" for row in table.itertuples()]
    known = table[["difference", "p"]].where(table["told"])
    table = table.assign(feature=names, difference=known["difference"], p_value=known["p"])
    told = story.named(table, "segment", "other", "feature", "difference", "p_value", segment=story.segment)
    return told.assign(other=[*map(story.segment, table["other"])])
