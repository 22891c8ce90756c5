"""The cautions of an estimate, its data and its binding as one table of sentences, gravest first."""

import re
from collections.abc import Iterator
from typing import Any

import pandas as pd

from crmresearch.caution import Caution
from crmresearch.errors import EstimationError
from crmresearch.report.show.number_format import told_p_value
from crmresearch.sem.missing_at_random import little_test
from crmresearch.sem.pls.cautions import OF_PLSC
from crmresearch.stories.data_cautions import data_cautions
from crmresearch.stories.satisfaction.covariance import CovarianceStory
from crmresearch.stories.satisfaction.story import SatisfactionStory
from crmresearch.stories.story import Row, caution_table, in_sentence

MISSING_LIMIT = 0.05  # share of missing answers above which Hair et al. (2021, chapter 2) warn
BY_CHANCE = 0.05  # probability below which gaps are not held to come by chance alone
OF_ANSWERS = {"proxies", "unmeasured", "rows_dropped", "rows_dropped_not_random", "missing_replaced"}
OF_CBSEM = {"missing_fiml"}
_CONSTRUCTS = {"construct", "component", "other", "predictor", "outcome", "moderator"}


def cautions(story: SatisfactionStory, covariance: CovarianceStory) -> pd.DataFrame:
    """One row a caution: code, severity (inadmissible, unidentified, weak, note), quantity, message."""
    found = [*covariance.cautions, *story.estimate.cautions, *story.indices[1], *_about_the_data(story)]
    if covariance.estimate is not None and covariance.estimate.full_information is not None:
        found.append(Caution("missing_fiml", "note", "missing answers", {}))
    rows: dict[str, list[Row]] = {"pls": [], "answers": [*data_cautions(story, story.survey)]}
    rows |= {"cbsem": []} if covariance.estimate is not None else {}
    rows |= {"plsc": []} if len(story.estimate.estimators) > 1 else {}
    for c in found:
        rows[_subject(c)].append((c.code, c.severity, _quantity(c, story), _message(c, story)))
    return caution_table(story, rows)


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
    known = set(story.estimate.specification.keys)

    def named(fact: str, value: Any) -> Any:
        if fact == "pairs":
            labels = [(story.label(a), story.label(b), size) for a, b, size in value]
            pairs = [story.say("word.pair", construct=a, other=b, value=size) for a, b, size in labels]
            return story.some(pairs)
        if isinstance(value, list):
            return story.listed([in_sentence(story.label(v)) if v in known else v for v in value])
        return story.label(value) if fact in _CONSTRUCTS and set(str(value).split(":")) <= known else value

    facts = {fact: named(fact, value) for fact, value in caution.facts.items()}
    return story.say(f"caution.{caution.code}", **facts)


def _about_the_data(story: SatisfactionStory) -> Iterator[Caution]:
    spec, complete = story.estimate.specification, story.complete
    if note := story.survey.codebook.note_of(*spec.theory.lineage):
        yield Caution("proxies", "weak", "measurement", {"sentence": note})
    if spec.unmeasured:
        names = [in_sentence(story.text(spec.theory.constructs[key].label)) for key in spec.unmeasured]
        yield Caution("unmeasured", "note", "model", {"constructs": names})
    if complete.policy == "listwise" and complete.rows_dropped > MISSING_LIMIT * complete.rows_in:
        yield _rows_dropped(story)
    if complete.policy == "mean":
        for row in complete.counts[complete.counts.share > MISSING_LIMIT].itertuples():
            yield Caution("missing_replaced", "weak", f"item {row.item}", {"item": row.item, "share": row.share})


def _rows_dropped(story: SatisfactionStory) -> Caution:
    """That many rows were left out, graver where those with gaps answer otherwise, as the page on the survey has it."""
    share = {"share": story.complete.rows_dropped / story.complete.rows_in}
    try:
        test = little_test(story.survey.items[story.estimate.specification.items])
    except EstimationError:  # cannot be told
        return Caution("rows_dropped", "note", "sample", share)
    if test.p < BY_CHANCE:
        return Caution("rows_dropped_not_random", "weak", "sample", {**share, "p": told_p_value(test.p)})
    return Caution("rows_dropped", "note", "sample", share)
