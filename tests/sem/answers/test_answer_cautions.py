"""What the answers behind an estimate are cautioned about, on answers with gaps that are known."""

import numpy as np
import pandas as pd
import pytest

from crmresearch.caution import Caution
from crmresearch.data.survey.missing import handle_missing
from crmresearch.data.survey.survey import Survey, load_survey
from crmresearch.models.specification import Specification, bind
from crmresearch.models.theory import load_theory
from crmresearch.sem.answers.answer_cautions import answer_cautions


@pytest.fixture(scope="module")
def survey() -> Survey:
    return load_survey("ecsi_mobile")


def found(survey: Survey, theory: str, items: pd.DataFrame, policy: str) -> dict[str, Caution]:
    specification: Specification = bind(load_theory(theory), survey.codebook)
    complete = handle_missing(items[specification.items], policy)  # type: ignore[arg-type]
    return {caution.code: caution for caution in answer_cautions(survey, complete, specification)}


def test_proxies_and_constructs_that_nobody_asked_about_are_told(survey: Survey) -> None:
    cautions = found(survey, "staged", survey.items, "listwise")
    assert cautions.keys() == {"proxies", "unmeasured"}
    assert "complaints" in cautions["unmeasured"].facts["constructs"]


def test_an_item_replaced_by_its_mean_is_told_from_more_than_a_twentieth_on(survey: Survey) -> None:
    items = survey.items.astype(float)
    items.iloc[:12, items.columns.get_loc("CUSA1")] = np.nan  # 12 of 250 are less than 5 %
    items.iloc[:13, items.columns.get_loc("CUSA2")] = np.nan
    (caution,) = found(survey, "acsi", items, "mean").values()
    assert (caution.code, caution.facts) == ("missing_replaced", {"item": "CUSA2", "share": 13 / 250})
    assert not found(survey, "acsi", items.assign(CUSA2=survey.items["CUSA2"]), "listwise")


def test_rows_left_out_are_told(survey: Survey) -> None:
    items = survey.items.astype(float)
    items.iloc[:13, items.columns.get_loc("CUSA2")] = np.nan
    (caution,) = found(survey, "acsi", items, "listwise").values()
    assert (caution.code, caution.facts["share"]) == ("rows_dropped", 13 / 250)  # the survey itself has no gaps
