"""The lines of the checks and what is said of prediction are those of the engines, on good answers and odd ones."""

import numpy as np
import pandas as pd
import pytest

from crmresearch.caution import Caution
from crmresearch.data.survey.missing import handle_missing
from crmresearch.data.survey.survey import load_survey
from crmresearch.models.specification import bind
from crmresearch.models.theory import load_theory
from crmresearch.sem.pls.bootstrap import bootstrap
from crmresearch.sem.pls.checks.model_checks import ModelChecks
from crmresearch.sem.pls.estimate import estimate_pls
from crmresearch.sem.pls.prediction.cvpat import cvpat
from crmresearch.stories.satisfaction.cautions import cautions
from crmresearch.stories.satisfaction.covariance import tell_covariance
from crmresearch.stories.satisfaction.story import SatisfactionStory
from crmresearch.stories.satisfaction.validation import ValidationStory, validate

CHECKS = ["congruence", "copulas", "mediators", "overfit", "tetrads"]


def tell(dataset: str, theory: str, rows: int | None = None) -> ValidationStory:
    survey = load_survey(dataset)
    spec = bind(load_theory(theory), survey.codebook)
    complete = handle_missing(survey.items[spec.items][:rows], "mean")
    estimate = bootstrap(estimate_pls(spec, complete.items), resamples=100, seed=3)
    return validate(SatisfactionStory(survey, complete, estimate), resamples=50)


@pytest.fixture(scope="module")
def ecsi() -> ValidationStory:
    return tell("ecsi_mobile", "ecsi")


def test_every_check_has_a_line_and_none_comes_before_what_was_there(ecsi: ValidationStory) -> None:
    covariance = tell_covariance(ecsi.story, missing="listwise", resamples=60)
    before, after = (cautions(ecsi.story, covariance, one) for one in (None, ecsi))
    lines = [row for row in after.itertuples() if row.code in {one.code for one in ecsi.checks.verdicts.values()}]
    assert [row.code.partition("_")[0] for row in lines] == CHECKS
    assert {row.subject for row in lines} == {before["subject"].iloc[0]}
    assert after.iloc[0].equals(before.iloc[0])
    assert f": {ecsi.checks.verdicts['congruence'].facts['count']} of 21 pairs are not told apart" in lines[0].message
    assert "image and perceived quality" in lines[0].message


def test_only_what_is_shown_against_paths_and_items_is_more_than_a_note(ecsi: ValidationStory) -> None:
    class Told(ModelChecks):
        @property
        def verdicts(self) -> dict[str, Caution]:
            count = {"all": 3, "count": 0}
            facts = {"count": 1, "paths": [("image", "loyalty")], "grouped": 4, "rows": 250}
            return {
                "mediators": Caution("mediators_open", "weak", "", count),
                "tetrads": Caution("undone", "weak", "", {"reason": "few."}),
                "congruence": Caution("congruence_close", "weak", "", {**count, "pairs": [("image", "loyalty")]}),
                "overfit": Caution("overfit_unstable", "weak", "", facts),
            }

    checks = Told(ecsi.checks.estimate, 0.95, 50, 3, None, None, None, None, None)
    found = {row[0]: row[1] for row in ValidationStory(ecsi.story, checks, "").cautions()}
    assert {code for code, severity in found.items() if severity == "weak"} == {"overfit_unstable"}
    assert len(found) == 4


def test_outcomes_are_told_as_cvpat_and_plspredict_have_them(ecsi: ValidationStory) -> None:
    assert not isinstance(ecsi.prediction, str)
    table, tests = ecsi.foreseen.set_index("outcome"), cvpat(ecsi.prediction, resamples=0)
    assert list(table.index) == ecsi.story.estimate.specification.outcomes
    for row in tests[tests["construct"] != "overall"].itertuples():
        shown = "wins" if row.ci_upper < 0 else "loses" if row.ci_lower > 0 else "ties"
        assert table.loc[row.construct, row.against] == shown
    items = ecsi.prediction.items.set_index("item")
    own = items.loc[["CUSL1", "CUSL2", "CUSL3"]]
    loss = (own["rmse"] ** 2).mean()
    assert table.loc["loyalty", "q2_predict"] == pytest.approx(1 - loss / (own["rmse_mean"] ** 2).mean())
    assert table.loc["loyalty", "predicted"] == (own["q2_predict"] > 0).sum()
    fold = ecsi.folded()
    assert fold is not None
    assert len(fold.sentences) == len(table) == len(fold.tables[0].frame)
    told = ecsi.told()[0]
    assert told.facts["mean_wins"] == (table["mean"] == "wins").sum()  # type: ignore[attr-defined]


def test_a_moderated_theory_with_gaps_says_what_was_filled() -> None:
    found = tell("corporate_reputation", "reputation")
    fold = found.folded()
    assert fold is not None
    assert any(sentence.key == "caution.filled_before" for sentence in fold.sentences)  # type: ignore[attr-defined]
    assert [row[0].partition("_")[0] for row in found.cautions()] == CHECKS


def test_few_respondents_and_second_order_are_told_without_a_linear_model() -> None:
    few = tell("ecsi_mobile", "staged_second_order", 16)
    assert set(few.foreseen["linear"]) == {"unknown"}
    assert few.foreseen["loss_linear"].isna().all()
    fold = few.folded()
    assert fold is not None
    assert any("without a linear model" in sentence for sentence in fold.sentences)
    assert len(few.cautions()) == 5


def test_where_nothing_can_be_foreseen_it_is_said() -> None:
    story = tell("ecsi_mobile", "scsb").story
    rare = story.complete.items.copy()
    rare["CUSCO"] = np.where(np.arange(len(rare)) == 7, 2.0, 1.0)
    estimate = bootstrap(estimate_pls(story.estimate.specification, rare), resamples=100, seed=3)
    one = validate(SatisfactionStory(story.survey, story.complete, estimate), resamples=50)
    undone = {row[3] for row in one.cautions() if row[0] == "undone"}
    assert any("Not checked" in told for told in undone)
    silent = ValidationStory(story, one.checks, "too few.")
    assert silent.folded() is None
    assert silent.told()[0].key == "validation.none"  # type: ignore[attr-defined]
    assert isinstance(silent.foreseen, pd.DataFrame)
    assert len(silent.methods()) == 1
