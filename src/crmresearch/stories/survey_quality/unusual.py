"""Who answers as attentive respondents hardly do: sentences, the list with its reasons, and what rests on them."""

from typing import Any

import pandas as pd
from scipy.stats import binom

from crmresearch.caution import Caution
from crmresearch.data.survey.survey import Survey
from crmresearch.errors import EstimationError
from crmresearch.mining.unusual_respondents import SIGNS, UnusualRespondents, unusual_respondents
from crmresearch.stories.survey_quality.story import SurveyQualityStory


def judged(survey: Survey, alpha: float, seed: int) -> UnusualRespondents | str:
    """`unusual_respondents`, or why nobody can be judged."""
    try:
        return unusual_respondents(survey, alpha, seed)
    except EstimationError as error:
        return str(error)


def all_findings(story: SurveyQualityStory, found: UnusualRespondents | str) -> list[str]:
    """The findings of the page, with who answers unlike others behind its headline."""
    first, *others = story.findings()
    unlike = findings(story, found)
    return [first, *unlike[:1], *others, *unlike[1:]]


def findings(story: SurveyQualityStory, found: UnusualRespondents | str) -> list[str]:
    """How many are listed against chance, and by which signs; what the rule by χ² would say."""
    if isinstance(found, str):
        return [story.say("unlike.not_judged", reason=found)]
    listed, n = found.listed, len(found.respondents)
    facts = {"listed": len(listed), "respondents": n, "expected": found.expected, "one_in": 1 / found.alpha}
    facts["most"] = int(binom.ppf(0.95, n, found.alpha))
    key = "none" if not len(listed) else "beyond" if len(listed) > facts["most"] else "chance"
    counts = listed["sign"].value_counts().reindex(SIGNS, fill_value=0)
    signs = [story.say(f"unlike.sign_{sign}", count=int(counts[sign])) for sign in SIGNS if counts[sign]]
    told = [story.say(f"unlike.{key}", signs=story.listed(signs), **facts)]
    nominal = int((found.respondents["p_nominal"] <= found.alpha).sum())
    told.append(story.say("unlike.nominal", count=nominal, clean=found.clean_nominal, **facts))
    return told + (rests_on(story, found) if len(listed) else [])


def rests_on(story: SurveyQualityStory, found: UnusualRespondents) -> list[str]:
    """The largest change of a construct's mean without those listed."""
    means = found.means.dropna(subset="change")
    if means.empty:
        return []
    most = means.loc[means["change"].abs().idxmax()]
    return [story.say("unlike.change", most, name=story.construct(most["construct"]))]


def cautions(found: UnusualRespondents | str) -> tuple[Caution, ...]:
    """What to know of who was judged; that nobody was is said where they are listed."""
    return () if isinstance(found, str) else found.cautions


def follows(story: SurveyQualityStory, found: UnusualRespondents | str) -> list[str]:
    """What to do with the answers, those listed first: look, compare, leave in."""
    told = story.follows()
    if isinstance(found, str) or not len(found.listed):
        return told
    others = told if told != [story.say("quality.nothing_follows")] else []
    return [story.say("unlike.look", count=len(found.listed)), *others]


def reasons(story: SurveyQualityStory, found: UnusualRespondents) -> pd.DataFrame:
    """Everybody listed, the rarest first: respondent, reason, cause, as_rare, then the five signs and p_value."""
    asked, ids = story.survey.as_asked, story.survey.ids
    medians = found.respondents[list(SIGNS)].median()
    rows: list[dict[str, Any]] = []
    for row in found.listed.itertuples():
        who = str(row.Index) if ids is None else str(ids[row.Index])
        facts = {"value": getattr(row, row.sign), "median": medians[row.sign], "items": len(found.on_scale)}
        facts |= {"pairs": found.pairs, "halves": found.halves, "item": story.item(row.odd_item)}
        answer = asked.loc[row.Index, row.odd_item]
        told = story.say(f"unlike.reason_{row.sign}", answer=f"{answer:g}", **facts)
        cause = story.say(f"unlike.cause_{row.sign}")
        rows.append(
            {"respondent": who, "reason": told, "cause": cause, "as_rare": row.p_value * len(found.respondents)}
        )
    table = pd.DataFrame(rows, columns=["respondent", "reason", "cause", "as_rare"])
    signs = found.listed[[*SIGNS, "p_value"]].reset_index(drop=True)
    return pd.concat([table, signs], axis=1)


def means(story: SurveyQualityStory, found: UnusualRespondents) -> pd.DataFrame:
    """Mean of every construct, 0–100, and mean correlation of its items, with and without those listed."""
    return story.named(found.means, construct=story.construct)
