"""The part on mediation and moderation says what the effects say, and nothing where there is none."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from crmresearch.data.survey.missing import handle_missing
from crmresearch.data.survey.survey import load_survey
from crmresearch.models.specification import bind
from crmresearch.models.theory import load_theory
from crmresearch.sem.pls.bootstrap import bootstrap
from crmresearch.sem.pls.estimate import estimate_pls
from crmresearch.stories.pictures import picture
from crmresearch.stories.satisfaction.mediation import TYPES, MediationStory
from crmresearch.stories.satisfaction.story import SatisfactionStory


def tell(dataset: str, theory: str) -> MediationStory:
    survey = load_survey(dataset)
    spec = bind(load_theory(theory), survey.codebook)
    complete = handle_missing(survey.items[spec.items], "mean")
    return MediationStory(
        SatisfactionStory(survey, complete, bootstrap(estimate_pls(spec, complete.items), resamples=100, seed=3))
    )


@pytest.fixture(scope="module")
def ecsi() -> MediationStory:
    return tell("ecsi_mobile", "ecsi")


@pytest.fixture(scope="module")
def reputation() -> MediationStory:
    return tell("corporate_reputation", "reputation")


def test_every_pair_with_a_path_and_a_way_round_it_is_told_once(ecsi: MediationStory) -> None:
    about, *told = ecsi.told()
    assert about.key == "mediation.about"  # type: ignore[attr-defined]
    kinds = [sentence.key.removeprefix("mediation.") for sentence in told]  # type: ignore[attr-defined]
    assert kinds == [kind for kind in TYPES if kind in set(ecsi.mediated["type"])]
    total = ecsi.story.estimate.only("total_effects").set_index(["predictor", "outcome"])
    for row in ecsi.mediated.itertuples():
        np.testing.assert_allclose(row.indirect, total.loc[(row.predictor, row.outcome), "indirect"])
        assert sum(ecsi.story.arrow(row) in sentence for sentence in told) == 1
    table = ecsi.table()
    assert len(table) == len(ecsi.mediated) == 6
    assert set(table["mediation"]) <= {ecsi.story.say(f"mediation_type.{kind}") for kind in TYPES}


def test_slopes_are_told_and_drawn_where_there_is_a_moderation(
    reputation: MediationStory, ecsi: MediationStory
) -> None:
    table = reputation.slope_table()
    assert list(table["at"]) == [reputation.story.say(f"slope.{key}") for key in ("low", "middle", "high")]
    product = reputation.effects.query("kind == 'moderation'").iloc[0]
    assert bool(reputation.established) == (not product["ci_lower"] <= 0 <= product["ci_upper"])
    figure = reputation.plot_slopes(("switching_cost", "cusa", "cusl"))
    lines = [line.get_xydata() for line in figure.axes[0].get_lines()]
    steep = [(line[1][1] - line[0][1]) / 2 for line in lines]
    np.testing.assert_allclose(steep, reputation.slopes["estimate"])
    assert "Switching cost" in picture(reputation.story, figure)
    plt.close(figure)
    assert ecsi.slopes.empty
    assert ecsi.established == []


def test_a_model_without_a_way_round_says_nothing() -> None:
    found = tell("ecsi_mobile", "staged")
    assert found.told() == []
    assert found.mediated.empty
