"""The tables of associations and cross-selling: which columns a reader sees, with names instead of keys."""

import pandas as pd

from crmresearch.stories.cross_selling.story import CrossStory

MOST = 15  # rows of a table; the file has all
LEFT_ALONE = 5  # rows of what only looks associated
RULE = ["antecedent", "consequent", "baskets", "expected", "beyond", "support", "confidence", "lift"]
OFFER = ["antecedent", "consequent", "owners", "share_both", "targets", "base", "worth", "sales", "needed"]
HIT = ["task", "recommender", "customers", "hit_rate", "ci_lower", "ci_upper", "precision", "lead", "best"]
LIFT = ["segment", "item", "customers", "share", "share_all", "lift", "ci_lower", "ci_upper"]
PAIR = ["antecedent", "consequent", "segment", "baskets", "expected", "beyond", "confidence"]
DIGITS = {"expected": 1, "beyond": 2, "support": 3, "confidence": 2, "lift": 2, "leverage": 4, "conviction": 2,
          "hit_rate": 3, "precision": 3, "lead": 3, "share_both": 2, "base": 3, "worth": 2, "sales": 0, "needed": 0,
          "share": 3, "share_all": 3}  # fmt: skip


def rules(story: CrossStory, found: pd.DataFrame, most: int = MOST) -> pd.DataFrame:
    """The first of some rules, in the columns a reader needs."""
    return story.named(found.head(most), *RULE)


def hits(story: CrossStory) -> pd.DataFrame:
    """How often each way to recommend was right; empty where that is not known."""
    if story.found.hits is None:
        return pd.DataFrame()
    return story.named(story.found.hits.table, *HIT, task="task", recommender="recommender")


def offers(story: CrossStory) -> pd.DataFrame:
    """What to offer to whom, largest sales under the assumption first."""
    return story.named(story.found.offers.rename(columns={"share": "share_both"}).head(MOST), *OFFER)


def segment_lifts(story: CrossStory) -> pd.DataFrame:
    """What segments buy more or less of, beyond chance only; the file has all."""
    return _of_segments(story, story.found.lifts, LIFT)


def segment_pairs(story: CrossStory) -> pd.DataFrame:
    """Pairs beyond chance in a segment, surest pairs first; the file has all."""
    found = _of_segments(story, story.found.in_segments, PAIR)
    return found.sort_values(PAIR[:2], kind="stable", ignore_index=True) if len(found) else found


def _of_segments(story: CrossStory, table: pd.DataFrame, shown: list[str]) -> pd.DataFrame:
    told = table[table["told"]]
    if story.found.method is None or told.empty:
        return pd.DataFrame(columns=shown)
    names = {segment.key: story.text(segment.label) for segment in story.found.method.segments}
    return story.named(told, *shown, segment=names.__getitem__)
