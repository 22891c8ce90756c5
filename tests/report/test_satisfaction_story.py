"""Sentences, warnings and pictures say what the estimate says."""

import re

import matplotlib.pyplot as plt
import numpy as np
import pytest

from crmresearch.data.missing import handle_missing
from crmresearch.data.survey import load_survey
from crmresearch.models.specification import bind
from crmresearch.models.theory import load_theory
from crmresearch.report import charts, estimate_tables
from crmresearch.report.figure_texts import alt_text, caption, headings
from crmresearch.report.satisfaction_story import SatisfactionStory
from crmresearch.report.warning_table import warning_table
from crmresearch.sem.estimate import estimate_pls
from crmresearch.sem.resample import bootstrap


def tell(dataset: str, theory: str, missing: str = "listwise") -> SatisfactionStory:
    survey = load_survey(dataset)
    specification = bind(load_theory(theory), survey.codebook)
    complete = handle_missing(survey.items[specification.items], missing)  # type: ignore[arg-type]
    estimate = bootstrap(estimate_pls(specification, complete.items), resamples=200, seed=3)
    return SatisfactionStory(survey, complete, estimate)


@pytest.fixture(scope="module")
def ecsi() -> SatisfactionStory:
    return tell("ecsi_mobile", "ecsi")


@pytest.fixture(scope="module")
def reputation() -> SatisfactionStory:
    return tell("corporate_reputation", "reputation", "mean")


def test_the_opening_names_index_driver_step_and_shares(ecsi: SatisfactionStory) -> None:
    index, driver, _, step, explained, hypotheses = ecsi.findings()
    satisfaction = ecsi.index.set_index("construct").loc["satisfaction"]
    assert f"{satisfaction.estimate:.1f} out of 100" in index
    assert "250 respondents" in index
    # total effects on satisfaction (R seminr 2.3.4): quality .62, the largest
    assert "perceived quality" in driver
    assert "0.62 standard deviations higher" in driver
    assert "a path of 0.49" in step
    assert "68%" in explained
    assert "46%" in explained
    assert hypotheses.startswith("Of 12 paths with an expected sign, 9 have")


def test_verdicts_follow_interval_and_expected_sign(ecsi: SatisfactionStory) -> None:
    paths = ecsi.paths.set_index(["predictor", "outcome"])
    for row in ecsi.verdicts.itertuples():
        lower = paths.ci_lower[row.predictor, row.outcome]
        assert row.sign == "positive"  # handling of complaints, not their incidence
        assert (row.verdict == "supported") == (lower > 0)


def test_the_moderator_is_told(reputation: SatisfactionStory) -> None:
    told = [s for s in reputation.findings() if "Switching cost" in s and "different" in s]
    assert len(told) == 1
    assert "−0.07" in told[0]


def test_missing_answers_are_counted(reputation: SatisfactionStory) -> None:
    """The published file has 11 answers coded −99, in 8 rows."""
    _, told, *_ = reputation.sample()
    assert "11 answers" in told
    assert "in 8 of 344 rows" in told


def test_a_refused_index_is_told_and_warned_about(reputation: SatisfactionStory) -> None:
    """The mode-B weight of qual_4 is slightly negative."""
    warnings = warning_table(reputation).set_index("code")
    assert "qual_4" in warnings.message["index_refused"]
    assert np.isnan(reputation.index.set_index("construct").estimate["qual"])
    assert (estimate_tables.index_view(reputation).construct == "Quality").any()


def test_warnings_are_sorted_and_in_words() -> None:
    warnings = warning_table(tell("ecsi_mobile", "staged"))
    order = ["inadmissible", "weak", "note"]
    ranks = [order.index(severity) for severity in warnings.severity]
    assert ranks == sorted(ranks)
    assert ranks[0] == 0
    for message in warnings.message:
        assert not re.search(r"[{}]|_stability|nan", message)


def test_views_have_a_heading_for_every_column(ecsi: SatisfactionStory, reputation: SatisfactionStory) -> None:
    named = headings(ecsi)
    for view in (
        estimate_tables.items_view,
        estimate_tables.reliability_view,
        estimate_tables.loadings_view,
        estimate_tables.weights_view,
        estimate_tables.paths_view,
        estimate_tables.r_squared_view,
        estimate_tables.effects_view,
        estimate_tables.index_view,
    ):
        for story in (ecsi, reputation):
            columns = {re.sub(r"_(lower|upper)$", "", column) for column in view(story).columns} - {"ci"}
            assert columns <= set(named), view.__name__


def test_htmt_view_is_a_lower_triangle(ecsi: SatisfactionStory) -> None:
    """R seminr 2.3.4: HTMT of quality and image .92870639."""
    square = estimate_tables.htmt_view(ecsi)
    assert square.loc["Perceived quality", "Image"] == pytest.approx(0.92870639, abs=5e-9)
    assert np.isnan(np.triu(square.to_numpy(), 1)[np.triu_indices(6, 1)]).all()


def test_pictures_show_every_path_and_construct(ecsi: SatisfactionStory) -> None:
    model = charts.plot_model(ecsi)
    texts = " ".join(text.get_text() for text in model.findobj(plt.Text)).replace("\n", " ")
    for word in ("Image", "Loyalty", "IMAG1", "CUSL3"):
        assert word in texts
    forest = charts.plot_paths(ecsi)
    assert len(forest.axes[0].get_yticklabels()) == 12
    index = charts.plot_index(ecsi)
    assert index.axes[0].get_xlim() == (0, 100)
    assert "Satisfaction 72.5" in alt_text(ecsi, "index")
    assert alt_text(ecsi, "model").count("→") == 12
    assert "European" in caption(ecsi, "figure.model")
    plt.close("all")


def test_every_bound_pair_of_data_and_theory_can_be_told() -> None:
    for theory in ("scsb", "acsi"):
        story = tell("ecsi_mobile", theory)
        sentences = [*story.findings(), *story.sample(), *story.model(), *story.measurement(), *story.structure(),
                     *story.effects(), *story.index_summary(), *story.limits(), *story.sources()]  # fmt: skip
        assert all(sentence and "{" not in sentence for sentence in sentences)
