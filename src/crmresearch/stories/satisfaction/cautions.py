"""The cautions of an estimate, its data and its binding as one table of sentences, gravest first."""

import re
from typing import Any

import pandas as pd

from crmresearch.caution import Caution
from crmresearch.report.show.number_format import told_p_value
from crmresearch.sem.answers.answer_cautions import answer_cautions
from crmresearch.sem.covariance.result import CbEstimate
from crmresearch.sem.pls.cautions import OF_PLSC
from crmresearch.stories.data_cautions import data_cautions
from crmresearch.stories.model_story import ModelStory
from crmresearch.stories.satisfaction.covariance import CovarianceStory
from crmresearch.stories.satisfaction.story import SatisfactionStory
from crmresearch.stories.satisfaction.validation import ValidationStory
from crmresearch.stories.story import Row, caution_table, in_sentence

OF_ANSWERS = {"proxies", "unmeasured", "rows_dropped", "rows_dropped_not_random", "missing_replaced"}
OF_CBSEM = {"missing_fiml"}
_CONSTRUCTS = {"construct", "component", "other", "predictor", "outcome", "moderator"}


def cautions(
    story: SatisfactionStory, covariance: CovarianceStory, validation: ValidationStory | None = None
) -> pd.DataFrame:
    """One row a caution: code, severity (inadmissible, unidentified, weak, note), quantity, message.

    What the checks of the model found stands last among as grave cautions of the numbers the page leads with, so that
    it is folded behind these.
    """
    of_answers = answer_cautions(story.survey, story.complete, story.estimate.specification)
    found = [*covariance.cautions, *story.estimate.cautions, *story.indices[1], *of_answers]
    if covariance.estimate is not None and covariance.estimate.full_information is not None:
        found.append(Caution("missing_fiml", "note", "missing answers", {}))
    rows: dict[str, list[Row]] = {"pls": [], "answers": [*data_cautions(story, story.survey)]}
    rows |= {"cbsem": []} if covariance.estimate is not None else {}
    rows |= {"plsc": []} if len(story.estimate.estimators) > 1 else {}
    for c in found:
        rows[_subject(c)].append((c.code, c.severity, _quantity(c, story), _message(c, story)))
    rows["pls"] += validation.cautions() if validation else []
    return caution_table(story, rows)


def cautions_beside(story: SatisfactionStory, structure: CbEstimate | None, failure: str | None) -> pd.DataFrame:
    """The `cautions` of an estimate and of the covariance structure of the same theory, or why there is none."""
    return cautions(story, CovarianceStory(story, structure, None, failure))


def cautions_of_model(story: ModelStory) -> dict[str, list[Row]]:
    """What a page that only rests on the composites of a model must say of it: cautions of `pls` and of `answers`."""
    one = SatisfactionStory(story.survey, story.complete, story.estimated, story.language)
    found = cautions_beside(one, None, "")
    found = found[~found["code"].str.startswith("cb_") & (found["severity"] != "none")]
    return {
        key: list(found[found["subject"] == story.say(f"trust.{key}")].drop(columns="subject").itertuples(False, None))
        for key in ("pls", "answers")
    }


def _subject(caution: Caution) -> str:
    """What a caution is about: composites, answers, common factors, or composites corrected to be such."""
    if caution.code in OF_ANSWERS:
        return "answers"
    if caution.code in OF_CBSEM or (caution.code.startswith("cb_") and caution.code != "cb_failed"):
        return "cbsem"
    return "plsc" if caution.code in OF_PLSC else "pls"


def _quantity(caution: Caution, story: SatisfactionStory) -> str:
    known = set(story.estimate.specification.keys)
    told = story.quantity(caution.quantity)  # before the labels, which may hold the same words
    return re.sub(r"[a-z_]+", lambda key: story.label(key[0]) if key[0] in known else key[0], told)


def _message(caution: Caution, story: SatisfactionStory) -> str:
    if "sentence" in caution.facts:  # written in the codebook, in the reader's language
        return story.text(caution.facts["sentence"])
    spec = story.estimate.specification
    names = {key: story.text(construct.label) for key, construct in spec.theory.constructs.items()}
    names |= {key: story.label(key) for key in spec.keys}

    def named(fact: str, value: Any) -> Any:
        if fact == "pairs":
            told = [story.say("word.pair", construct=names[a], other=names[b], value=size) for a, b, size in value]
            return story.some(told)
        if isinstance(value, list):
            return story.listed([in_sentence(names[v]) if v in names else v for v in value])
        if fact == "p":
            return told_p_value(value)
        return story.label(value) if fact in _CONSTRUCTS and set(str(value).split(":")) <= {*spec.keys} else value

    facts = {fact: named(fact, value) for fact, value in caution.facts.items()}
    return story.say(f"caution.{caution.code}", **facts)
