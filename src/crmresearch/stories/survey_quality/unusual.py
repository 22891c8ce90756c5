"""Who answers as attentive respondents hardly do: sentences, the list with its reasons, and what rests on them."""

import pandas as pd

from crmresearch.caution import Caution
from crmresearch.mining.unusual.unusual_respondents import SIGNS, UnusualRespondents
from crmresearch.report.show.number_format import told_expected
from crmresearch.stories.survey_quality.story import SurveyQualityStory


def all_findings(story: SurveyQualityStory, found: UnusualRespondents | str) -> list[str]:
    """The findings of the page, with who answers unlike others behind its headline."""
    (first, *others), (unlike, *more) = story.findings(), findings(story, found)
    return [first, unlike, *others, *more]


def findings(story: SurveyQualityStory, found: UnusualRespondents | str) -> list[str]:
    """How many are listed against chance, and by which signs; what the rule by χ² would say; the largest change."""
    if isinstance(found, str):
        return [story.say("unlike.not_judged", reason=found)]
    facts = {"listed": len(found.listed), "respondents": len(found.respondents), "one_in": 1 / found.alpha}
    signs = [story.say(f"unlike.sign_{sign}", count=count) for sign, count in found.by_sign.items()]
    counted = {"expected": told_expected(found.expected), "most": found.most, "signs": story.listed(signs)}
    return [
        story.say(f"unlike.{found.verdict}", **facts, **counted),
        story.say("unlike.nominal", count=found.nominal, clean=found.clean_nominal, **facts),
        *(story.say("unlike.change", row, name=story.construct(row.construct))
          for row in found.most_changed.itertuples()),
    ]  # fmt: skip


def cautions(found: UnusualRespondents | str) -> tuple[Caution, ...]:
    """What to know of who was judged; that nobody was is said where they are listed."""
    return () if isinstance(found, str) else found.cautions


def follows(story: SurveyQualityStory, found: UnusualRespondents | str) -> list[str]:
    """What to do with the answers, those listed first: look, compare, leave in."""
    if isinstance(found, str) or not len(found.listed):
        return story.follows()
    return [story.say("unlike.look", count=len(found.listed)), *story.to_do()]


def reasons(story: SurveyQualityStory, found: UnusualRespondents) -> pd.DataFrame:
    """Everybody listed, the rarest first: respondent, reason, cause, as_rare, then the five signs and p_value."""
    table, asked, ids = found.why, story.survey.as_asked, story.survey.ids
    counts = {"items": len(found.on_scale), "pairs": found.pairs, "halves": found.halves}
    told = []
    for row in table.itertuples():
        odd = {"item": story.item(row.odd_item), "answer": f"{asked.at[row.Index, row.odd_item]:g}"}
        told.append(story.say(f"unlike.reason_{row.sign}", row, **counts, **odd))
    causes = [story.say(f"unlike.cause_{sign}") for sign in table["sign"]]
    who = [str(one if ids is None else ids[one]) for one in table.index]
    shown = ["respondent", "reason", "cause", "as_rare", *SIGNS, "p_value"]
    return table.assign(respondent=who, reason=told, cause=causes)[shown].reset_index(drop=True)


def means(story: SurveyQualityStory, found: UnusualRespondents) -> pd.DataFrame:
    """Mean of every construct, 0–100, and mean correlation of its items, with and without those listed."""
    return story.named(found.means, construct=story.construct)
