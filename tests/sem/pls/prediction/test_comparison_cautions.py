"""What a comparison of forecasts says to beware of: the models' own cautions, few respondents, losses not alike."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sem_cases import mobi, path_model

import crmresearch as crm
from crmresearch.models.specification import Specification
from crmresearch.sem.pls.estimate import estimate_pls
from crmresearch.sem.pls.prediction.cvpat import COLUMNS, cvpat
from crmresearch.sem.pls.prediction.plspredict import plspredict


@pytest.fixture(scope="module")
def spec() -> Specification:
    return path_model(
        {"quality": ["PERQ1", "PERQ2"], "satisfaction": ["CUSA1", "CUSA2", "CUSA3"]}, [("quality", "satisfaction")]
    )


MEASURED = {"htmt", "alpha"}  # what every estimate of these items says


def codes(table: pd.DataFrame) -> list[str]:
    return [caution.code for caution in table.attrs["cautions"] if caution.code not in MEASURED]


def test_nothing_to_say_of_many_answers_on_one_scale(spec: Specification) -> None:
    table = cvpat(plspredict(estimate_pls(spec, mobi())), resamples=0)
    assert list(table) == COLUMNS
    assert codes(table) == []
    assert set(crm.cautions(table)["code"]) == MEASURED


def test_what_the_models_say_comes_along_with_the_name_of_the_model(spec: Specification) -> None:
    few = plspredict(estimate_pls(spec, mobi().head(9)), 3)
    assert few.of_estimate
    assert codes(cvpat(few, resamples=0)).count("few_rows") == 1
    told = cvpat(few, few, resamples=0).attrs["cautions"]
    assert {c.quantity.split(": ")[0] for c in told if c.code in ("few_rows", "few_learned_from")} == {
        "first",
        "second",
    }


def test_few_respondents_to_learn_from_and_to_compare(spec: Specification) -> None:
    answers = mobi().head(12)
    table = cvpat(plspredict(estimate_pls(spec, answers), np.arange(12) % 3), resamples=0)
    facts = {c.code: c.facts for c in table.attrs["cautions"]}
    assert facts["few_learned_from"] == {"rows": 8, "needed": 10, "arrows": 1}
    assert facts["few_compared"]["rows"] == 12
    told = crm.cautions(table)
    assert list(told) == ["code", "severity", "quantity", "facts"]
    assert "few_compared" in set(told["code"])


def test_without_a_linear_model_there_is_nothing_to_compare(spec: Specification) -> None:
    answers = mobi().head(60)
    answers["PERQ2"] = answers["PERQ1"]
    found = plspredict(estimate_pls(spec, answers), 5)
    about = [(c.code, c.quantity) for c in cvpat(found, resamples=0).attrs["cautions"]]
    assert ("not_compared", "overall against linear") in about
    assert "linear_undefined" in dict(about)


def test_a_respondent_foreseen_by_one_alone_is_not_compared(spec: Specification) -> None:
    found = plspredict(estimate_pls(spec, mobi()))
    pls = found.foreseen.pls.copy()
    pls[:4] = np.nan
    table = cvpat(found, replace(found, foreseen=found.foreseen._replace(pls=pls)), resamples=0)
    assert set(table["rows"]) == {246}
    assert [c.facts["count"] for c in table.attrs["cautions"] if c.code == "unpaired"] == [4, 4]


def test_losses_in_other_units_of_other_answers_or_weights_are_told(spec: Specification) -> None:
    answers = mobi()
    wide = answers.assign(CUSA2=answers["CUSA2"] * 10)
    first, second = (plspredict(estimate_pls(spec, one)) for one in (answers, wide))
    assert codes(cvpat(second, resamples=0)) == ["units_differ"]
    facts = {c.code: c.facts for c in cvpat(first, second, resamples=0).attrs["cautions"]}
    assert facts["answers_differ"] == {"items": "CUSA2", "count": 1}
    weighted = plspredict(estimate_pls(spec, answers, weights=pd.Series(np.linspace(1, 2, 250), answers.index)))
    assert "weights_differ" in codes(cvpat(first, weighted, resamples=0))
