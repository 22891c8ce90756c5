"""Hypotheses are judged by sign and interval, for every estimator alike."""

import numpy as np
import pytest

from crmresearch.data.survey.missing import handle_missing
from crmresearch.data.survey.survey import load_survey
from crmresearch.models.specification import bind
from crmresearch.models.theory import load_theory
from crmresearch.sem.covariance.estimate import estimate_cbsem
from crmresearch.sem.pls.bootstrap import bootstrap
from crmresearch.sem.pls.estimate import estimate_pls
from crmresearch.sem.pls.hypotheses import hypotheses, verdict_of


@pytest.mark.parametrize(
    ("sign", "lower", "upper", "verdict"),
    [
        ("positive", 0.1, 0.3, "supported"),
        ("positive", -0.3, -0.1, "contrary"),
        ("negative", -0.3, -0.1, "supported"),
        ("negative", 0.1, 0.3, "contrary"),
        ("positive", -0.1, 0.3, "not_established"),
        ("negative", 0.0, 0.3, "not_established"),
        ("positive", np.nan, np.nan, "not_established"),
        ("open", 0.1, 0.3, "any"),
    ],
)
def test_a_verdict_is_the_side_of_the_interval(sign: str, lower: float, upper: float, verdict: str) -> None:
    assert verdict_of(sign, lower, upper) == verdict  # type: ignore[arg-type]


def test_every_path_is_judged_by_every_estimator() -> None:
    survey = load_survey("corporate_reputation")
    specification = bind(load_theory("reputation"), survey.codebook)
    items = handle_missing(survey.items[specification.items], "mean").items
    estimate = bootstrap(estimate_pls(specification, items), resamples=100, seed=3)
    covariance = estimate_cbsem(specification, items)
    table = hypotheses(estimate, covariance.paths)
    assert len(table) == len(estimate.paths) + len(covariance.paths)
    assert set(table.estimator) == {*estimate.estimators, "cbsem"}
    moderated = table[table.predictor.str.contains(":")]
    assert [m.sign for m in specification.moderations] == ["negative"]
    assert set(moderated.sign) == {"negative"}
    assert set(moderated.verdict) <= {"supported", "not_established"}
    assert set(moderated.hypothesis) == {""}
    pls = table[(table.estimator == "pls") & (table.hypothesis != "")]
    assert list(pls.hypothesis) == [path.hypothesis for path in specification.paths]
    assert list(pls.sign) == [path.sign for path in specification.paths]
    supported = table[table.verdict == "supported"]
    assert ((supported.ci_lower > 0) == (supported.sign == "positive")).all()
