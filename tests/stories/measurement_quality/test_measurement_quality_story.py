"""What is told of measurement is what the results are: verdicts, pairs, a common source, what a model leaves out."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from crmresearch.data.survey.missing import handle_missing
from crmresearch.data.survey.survey import load_survey
from crmresearch.models.specification import bind
from crmresearch.models.theory import load_theory
from crmresearch.sem.measurement_study import measurement_study
from crmresearch.sem.pls.bootstrap import bootstrap
from crmresearch.sem.pls.estimate import estimate_pls
from crmresearch.stories.measurement_quality import tables
from crmresearch.stories.measurement_quality.cautions import cautions
from crmresearch.stories.measurement_quality.charts import plot_htmt
from crmresearch.stories.measurement_quality.story import MeasurementQualityStory


def told_of(theory: str, dataset: str, missing: str = "listwise", **changed: pd.Series) -> MeasurementQualityStory:
    survey = load_survey(dataset)
    if changed:
        survey = dataclasses.replace(survey, items=survey.items.assign(**changed))
    specification = bind(load_theory(theory), survey.codebook)
    complete = handle_missing(survey.items[specification.items], missing)  # type: ignore[arg-type]
    estimate = bootstrap(estimate_pls(specification, complete.items), resamples=100, seed=1)
    return MeasurementQualityStory(survey, complete, measurement_study(estimate, survey))


@pytest.fixture(scope="module")
def phones() -> MeasurementQualityStory:
    return told_of("acsi", "ecsi_mobile")


@pytest.fixture(scope="module")
def firms() -> MeasurementQualityStory:
    return told_of("reputation", "corporate_reputation", "mean")


@pytest.fixture(scope="module")
def stages() -> MeasurementQualityStory:
    return told_of("staged_second_order", "ecsi_mobile")


def keys(sentences: list[str]) -> list[str]:
    return [sentence.key for sentence in sentences]  # type: ignore[attr-defined]


def test_the_opening_has_four_findings_at_the_top(phones: MeasurementQualityStory) -> None:
    told = keys(phones.findings())
    assert told[0] == "finding.headline"
    assert [key.partition("_")[0] for key in told[1:4]] == ["finding.distinct", "finding.common", "finding.structure"]
    assert told[3] == "finding.structure_found"
    assert len(phones.study.beyond) == (phones.study.indices["p_adjusted"] < 0.05).sum() > 0
    assert set(keys(phones.follows())) >= {"follows.reliability", "follows.freed"}
    assert keys(phones.structure())[-1] == "structure.residuals_tested"


def test_with_gaps_residuals_are_tested_too(phones: MeasurementQualityStory) -> None:
    full = measurement_study(phones.study.estimate, phones.survey, full_information=True)
    assert keys(dataclasses.replace(phones, study=full).structure())[-1] == "structure.residuals_tested"


def test_residuals_without_an_error_are_not_said_to_be_tested(phones: MeasurementQualityStory) -> None:
    bare = dataclasses.replace(phones.study)
    vars(bare)["residuals"] = phones.study.residuals.assign(z=float("nan"))
    assert keys(dataclasses.replace(phones, study=bare).structure())[-1] == "structure.residuals_untested"


def test_a_solution_that_cannot_be_read_leaves_nothing_out(stages: MeasurementQualityStory) -> None:
    assert "finding.structure_none" in keys(stages.findings())
    assert stages.study.indices.empty
    assert stages.study.residuals.empty
    assert stages.study.factor_reliability.empty
    ecsi = told_of("ecsi", "ecsi_mobile")
    assert "finding.structure_unread" in keys(ecsi.findings())
    assert keys(ecsi.structure()) == ["finding.structure_unread"]


def test_global_questions_are_used_where_there_are_some(
    phones: MeasurementQualityStory, firms: MeasurementQualityStory
) -> None:
    assert keys(firms.composites()) == ["composite.global"]
    assert list(tables.redundancy(firms)["item"]) == ["qual_global", "perf_global", "csor_global", "attr_global"]
    assert keys(phones.composites()) == ["composite.no_global"]
    constant = told_of("reputation", "corporate_reputation", "mean", qual_global=pd.Series(4.0, range(1000)))
    assert keys(constant.composites()) == ["composite.undefined"]


def test_tables_name_constructs_and_sources(
    phones: MeasurementQualityStory, firms: MeasurementQualityStory, stages: MeasurementQualityStory
) -> None:
    for story in (phones, firms, stages):
        specification = story.study.estimate.specification
        assert list(tables.verdicts(story)["construct"]) == [specification.label(key) for key in specification.keys]
        assert set(tables.criteria(story)["source"]) <= {
            "Hair et al. (2021)", "Fornell and Larcker (1981)", "Henseler et al. (2015)", "Chin (1998)"
        }  # fmt: skip
        measured = [c for c in specification.constructs if c.items]
        assert len(tables.larcker(story)) == len(measured)
        assert len(tables.reliability(story)) == sum(len(c.items) > 1 for c in measured)
        assert len(tables.composites(story)) == sum(len(c.items) for c in measured if len(c.items) > 1)
        assert len(tables.htmt(story)) == len(measured) * (len(measured) - 1) / 2
        assert len(tables.cross_loadings(story)) == len(specification.items)
        assert "all others" in set(tables.overlap(story)["outcome"])
        assert plot_htmt(story).axes
    assert len(tables.indices(phones)) == len(tables.residuals(phones)) == tables.MOST
    assert len(tables.reliability(phones, factors=True)) == 5


def test_cautions_are_those_of_the_model_without_what_the_page_judges(firms: MeasurementQualityStory) -> None:
    table = cautions(firms)
    assert not set(table["code"]) & {"htmt", "alpha"}
    assert {"pls", "plsc", "cbsem", "answers"} == {
        key for key in ("pls", "plsc", "cbsem", "answers") if firms.say(f"trust.{key}") in set(table["subject"])
    }


def test_a_common_source_that_was_planted_is_not_ruled_out() -> None:
    survey = load_survey("ecsi_mobile")
    mood = np.random.default_rng(1).normal(size=(len(survey.items), 1))
    answers = 3 * mood + 0.5 * (survey.items - survey.items.mean()) / survey.items.std()
    story = told_of("acsi", "ecsi_mobile", **{item: answers[item] for item in survey.items})
    told = keys(story.common())
    assert told[:2] == ["finding.common_missed", "common.share_above"]
    assert "finding.distinct_missed" in keys(story.findings())
    assert "follows.distinct" in keys(story.follows())
