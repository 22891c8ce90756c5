"""What to beware of in the answers behind an estimate: proxies, constructs not asked for, and what gaps did."""

from collections.abc import Iterator

from crmresearch.caution import Caution
from crmresearch.data.survey.missing import Complete
from crmresearch.data.survey.survey import Survey
from crmresearch.errors import EstimationError
from crmresearch.models.specification import Specification
from crmresearch.sem.answers.missing_at_random import little_test

MISSING_LIMIT = 0.05  # share of missing answers above which Hair et al. (2021, chapter 2) warn
BY_CHANCE = 0.05  # probability below which gaps are not held to come by chance alone


def answer_cautions(survey: Survey, complete: Complete, specification: Specification) -> Iterator[Caution]:
    """Cautions on the answers of a survey to the items of a specification, made `complete`.

    proxies (the codebook's own note, fact `sentence`: a text by language); unmeasured (`constructs`, the keys of the
    theory that the survey does not measure); where more than 5 % of the rows were left out, rows_dropped (`share`), or
    the graver rows_dropped_not_random (`share`, `p`) where Little's test finds that rows with gaps answer otherwise;
    missing_replaced (`item`, `share`) of an item more than 5 % of whose answers were replaced by their mean.

    >>> from crmresearch.data.survey.missing import handle_missing
    >>> from crmresearch.data.survey.survey import load_survey
    >>> from crmresearch.models.specification import bind
    >>> from crmresearch.models.theory import load_theory
    >>> survey = load_survey("ecsi_mobile")
    >>> specification = bind(load_theory("ecsi"), survey.codebook)
    >>> complete = handle_missing(survey.items[specification.items], "listwise")
    >>> [caution.code for caution in answer_cautions(survey, complete, specification)]
    []
    """
    if note := survey.codebook.note_of(*specification.theory.lineage):
        yield Caution("proxies", "weak", "measurement", {"sentence": note})
    if specification.unmeasured:
        yield Caution("unmeasured", "note", "model", {"constructs": list(specification.unmeasured)})
    if complete.policy == "listwise" and complete.rows_dropped > MISSING_LIMIT * complete.rows_in:
        yield _rows_dropped(survey, complete, specification)
    if complete.policy == "mean":
        for row in complete.counts[complete.counts["share"] > MISSING_LIMIT].itertuples():
            yield Caution("missing_replaced", "weak", f"item {row.item}", {"item": row.item, "share": row.share})


def _rows_dropped(survey: Survey, complete: Complete, specification: Specification) -> Caution:
    share = {"share": complete.rows_dropped / complete.rows_in}
    try:
        p = little_test(survey.items[specification.items]).p
    except EstimationError:  # cannot be told
        return Caution("rows_dropped", "note", "sample", share)
    if p < BY_CHANCE:
        return Caution("rows_dropped_not_random", "weak", "sample", {**share, "p": p})
    return Caution("rows_dropped", "note", "sample", share)
