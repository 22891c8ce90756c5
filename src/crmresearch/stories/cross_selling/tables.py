"""The tables of associations and cross-selling: which columns a reader sees, with names instead of keys."""

import pandas as pd

from crmresearch.stories.cross_selling.story import CrossStory

MOST = 15  # rows of a table; the file has all
RULE = ["antecedent", "consequent", "baskets", "expected", "beyond", "support", "confidence", "lift"]
OFFER = ["antecedent", "consequent", "owners", "share_both", "targets", "base", "worth", "sales", "needed"]
DIGITS = {"expected": 1, "beyond": 2, "support": 3, "confidence": 2, "lift": 2, "leverage": 4, "conviction": 2,
          "hit_rate": 3, "precision": 3, "lead": 3, "share_both": 2, "base": 3, "worth": 2, "sales": 0, "needed": 0,
          "share": 3, "share_all": 3}  # fmt: skip


def pairs(story: CrossStory) -> pd.DataFrame:
    """The pairs beyond chance, surest first."""
    return story.pairs[RULE].head(MOST).reset_index(drop=True) if len(story.pairs) else pd.DataFrame(columns=RULE)


def three(story: CrossStory) -> pd.DataFrame:
    """The rules of three beyond chance, surest first."""
    rules = story.found.rules
    if rules is None:
        return pd.DataFrame(columns=RULE)
    return rules.told.query("second >= 0")[RULE].head(MOST).reset_index(drop=True)


def apparent(story: CrossStory) -> pd.DataFrame:
    """Pairs of a high lift that are not told apart from chance, the highest first, each once."""
    rules = story.found.rules
    if rules is None:
        return pd.DataFrame(columns=RULE)
    chance = rules.rules.query("second < 0 and not told and lift > 1 and first < third")
    return chance.sort_values("lift", ascending=False, kind="stable", ignore_index=True)[RULE].head(5)


def hits(story: CrossStory) -> pd.DataFrame:
    """How often each way to recommend was right."""
    found = story.found.hits
    if found is None or found.table.empty:
        return pd.DataFrame(columns=["task", "recommender"])
    shown = ["task", "recommender", "customers", "hit_rate", "ci_lower", "ci_upper", "precision", "lead", "best"]
    return story.named(found.table, *shown, task="task", recommender="recommender", best=lambda best: _yes(story, best))


def _yes(story: CrossStory, best: object) -> str:
    return story.say("word.among_best" if best else "word.not_best")


def offers(story: CrossStory) -> pd.DataFrame:
    """What to offer to whom, largest sales under the assumption first."""
    table = story.found.offers.rename(columns={"share": "share_both"})
    return table[[name for name in OFFER if name in table]].head(MOST)


def segment_lifts(story: CrossStory) -> pd.DataFrame:
    """What segments buy more or less of, beyond chance only; the file has all."""
    table = story.found.lifts
    shown = ["segment", "item", "customers", "share", "share_all", "lift", "ci_lower", "ci_upper"]
    return _of_segments(story, table[table["told"]] if len(table) else table, shown)


def segment_pairs(story: CrossStory) -> pd.DataFrame:
    """Pairs beyond chance in a segment, surest pairs first; the file has all."""
    table = story.found.in_segments
    shown = ["antecedent", "consequent", "segment", "baskets", "expected", "beyond", "confidence"]
    found = _of_segments(story, table[table["told"]] if len(table) else table, shown)
    return found.sort_values(["antecedent", "consequent"], kind="stable", ignore_index=True) if len(found) else found


def _of_segments(story: CrossStory, table: pd.DataFrame, shown: list[str]) -> pd.DataFrame:
    method = story.found.method
    if method is None or table.empty:
        return pd.DataFrame(columns=shown)
    names = {segment.key: story.text(segment.label) for segment in method.segments}
    return story.named(table, *shown, segment=names.__getitem__)


def every_rule(story: CrossStory) -> pd.DataFrame:
    """All rules with all measures, as the file has them."""
    rules = story.found.rules
    return pd.DataFrame(columns=RULE) if rules is None else rules.rules.drop(columns=["first", "second", "third"])
