"""Whether the model is the right one, told: one verdict a check, every verdict with its sentences, odd models."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from notebook_cells import run_cells

from crmresearch.caution import Caution
from crmresearch.sem.pls.checks import model_checks as engine
from crmresearch.sem.pls.checks.copulas import Copulas
from crmresearch.sem.pls.checks.model_checks import CHECKS, ModelChecks
from crmresearch.sem.pls.checks.tetrads import Tetrads
from crmresearch.sem.pls.prediction.mediator_prediction import MediatorPrediction
from crmresearch.sem.pls.prediction.overfit import Overfit
from crmresearch.stories.model_checks import TEXTS
from crmresearch.stories.model_checks.cautions import cautions
from crmresearch.stories.model_checks.story import ModelChecksStory

QUICK = {"resamples": 100, "seed": 1}


@pytest.fixture(scope="module")
def story() -> ModelChecksStory:
    return run_cells("model_checks", QUICK)["story"]


def keys(sentences: list[str]) -> list[str]:
    return [sentence.key for sentence in sentences]  # type: ignore[attr-defined]


def test_the_opening_has_a_finding_and_a_line_of_trust_for_every_check(story: ModelChecksStory) -> None:
    told = story.findings()
    assert keys(told) == [f"finding.{one.code}" for one in story.checks.verdicts.values()]
    assert len(told) == len(CHECKS) == 5
    table = cautions(story)
    assert len(table) == 5
    assert list(table["code"]) == [one.code for one in story.checks.verdicts.values()]
    assert keys(story.follows())[0].startswith("follows.")


def pairs(*verdicts: str) -> pd.DataFrame:
    return pd.DataFrame({"construct": "image", "other": "loyalty", "estimate": 0.9, "verdict": verdicts})


def paths(*verdicts: str) -> Copulas:
    table = pd.DataFrame({
        "outcome": "loyalty", "predictor": "image", "estimate": 0.4, "corrected": 0.1, "ci_lower": 0.0, "ci_upper": 0.2,
        "verdict": verdicts,
    })  # fmt: skip
    return Copulas(table, table, table)


def mediators(*verdicts: str) -> MediatorPrediction:
    table = pd.DataFrame({"antecedent": "image", "mediator": "satisfaction", "target": "loyalty", "verdict": verdicts})
    return MediatorPrediction(table, table)


def overfitted(groups: int, *unstable: bool) -> Overfit:
    summary = pd.DataFrame([{"focal": "loyalty", "ratio": 0.1, "groups": groups, "grouped": 3 * groups, "rows": 250}])
    moved = pd.DataFrame({"predictor": "image", "outcome": "loyalty", "unstable": np.array(unstable, dtype=bool)})
    return Overfit(summary, summary, summary, moved)


def blocks(*rows: tuple[str, str]) -> Tetrads:
    table = pd.DataFrame(rows, columns=["measurement", "verdict"]).assign(construct="image")
    return Tetrads(table, table)


CASES: dict[str, Caution] = {
    "congruence_close": engine.of_congruence(pairs("not_told", "apart")),
    "congruence_apart": engine.of_congruence(pairs("apart")),
    "copulas_shown": engine.of_copulas(paths("endogenous", "not_shown", "normal")),
    "copulas_clear": engine.of_copulas(paths("not_shown", "few_values")),
    "copulas_untested": engine.of_copulas(paths("normal", "few_values", "collinear")),
    "mediators_help": engine.of_mediators(mediators("helps", "not_told")),
    "mediators_harm": engine.of_mediators(mediators("helps", "harms")),
    "mediators_open": engine.of_mediators(mediators("not_told", "second_order")),
    "mediators_none": engine.of_mediators(mediators("second_order")),
    "overfit_none": engine.of_overfit(overfitted(0)),
    "overfit_stable": engine.of_overfit(overfitted(1, False)),
    "overfit_unstable": engine.of_overfit(overfitted(2, True, True, False)),
    "tetrads_few": engine.of_tetrads(blocks(("common_factor", "few_items"))),
    "tetrads_kept": engine.of_tetrads(blocks(("common_factor", "reflective"), ("composite_b", "reflective"))),
    "tetrads_composites": engine.of_tetrads(blocks(("composite_b", "rejected"), ("common_factor", "reflective"))),
    "tetrads_factors": engine.of_tetrads(blocks(("common_factor", "rejected"))),
}
GRAVE = {"congruence_close", "copulas_shown", "mediators_harm", "mediators_open", "overfit_unstable", "tetrads_factors"}


@pytest.mark.parametrize("code", CASES)
def test_every_verdict_has_its_sentences(story: ModelChecksStory, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = CASES[code]
    check = code.partition("_")[0]
    assert (found.code, found.severity) == (code, "weak" if code in GRAVE else "note")
    monkeypatch.setattr(ModelChecks, "verdicts", {check: found})
    checks = replace(story.checks, copulas=paths("endogenous") if code == "copulas_shown" else story.checks.copulas)
    told = replace(story, checks=checks)
    assert keys(told.findings()) == [f"finding.{code}"]
    assert keys(told.follows()) == [f"follows.{code if code in GRAVE else 'nothing'}"]
    assert len(cautions(told)) == 1


def test_every_sentence_of_a_verdict_belongs_to_one() -> None:
    for section, more in (("check", "undone"), ("finding", "nothing")):
        assert set(TEXTS.section(section)) == {*CASES, more}


@pytest.mark.parametrize(
    ("dataset", "theory", "missing"),
    [("corporate_reputation", "reputation", "mean"), ("ecsi_mobile", "staged_second_order", "listwise")],
)
def test_moderated_theories_and_those_of_second_order_are_told(dataset: str, theory: str, missing: str) -> None:
    found = run_cells("model_checks", {**QUICK, "dataset": dataset, "theory": theory, "missing": missing})
    assert len(found["story"].findings()) == 5


def test_a_check_that_cannot_be_made_is_told(story: ModelChecksStory) -> None:
    none = dict.fromkeys(CHECKS)
    undone = replace(story, checks=replace(story.checks, **none, undone=dict.fromkeys(CHECKS, "too few rows.")))
    assert keys(undone.findings()) == ["finding.nothing"]
    assert set(cautions(undone)["message"]) == {"Not checked: too few rows."}
    assert len(undone.methods_paragraph()) == 1
