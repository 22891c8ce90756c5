"""Parameter recovery told: what the intervals hold, what a verdict needs, names instead of keys."""

import dataclasses

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from crmresearch.data.survey.careless import careless_respondents, screened
from crmresearch.data.survey.survey import load_survey
from crmresearch.segmentation.planted import FoundAgain
from crmresearch.sem.recovery.recovery import Recovery, recover_truth
from crmresearch.sem.recovery.recovery_groups import recover_groups
from crmresearch.simulation.population import population
from crmresearch.simulation.simulate import draw
from crmresearch.simulation.truth import load_truth
from crmresearch.stories.parameter_recovery import charts, tables
from crmresearch.stories.parameter_recovery.cautions import cautions
from crmresearch.stories.parameter_recovery.story import ParameterRecoveryStory


@pytest.fixture(scope="module")
def story() -> ParameterRecoveryStory:
    truth, survey = load_truth("staged_simulated"), load_survey("staged_simulated")
    found = recover_truth(truth, [150, 300], replications=3, resamples=79, covariance_replications=2, seed=1)
    assert truth.respondents is not None
    assert truth.seed is not None
    planted = draw(population(truth), truth.respondents, truth.seed).careless.set_axis(survey.items.index)
    flags = careless_respondents(survey.as_asked, survey.bounds)["flag"]
    items = survey.items[flags == "none"].dropna()
    groups = recover_groups(truth, items, survey.groups["SEGMENT"][items.index], resamples=100)
    hidden = FoundAgain(0.01, 0.005, 3, 1105, 0.9)
    return ParameterRecoveryStory(survey, truth, found, groups, hidden, screened(flags, planted))


def keys(sentences: list[str]) -> list[str]:
    return [sentence.key for sentence in sentences]  # type: ignore[attr-defined]


def test_at_most_four_findings_then_more(story: ParameterRecoveryStory) -> None:
    told = keys(story.findings())
    assert len(told) == 4
    assert told[0].startswith("finding.coverage_")
    assert told[2:] == ["finding.composites", "finding.segments_hidden"]
    assert keys(story.more()) == [
        "finding.type_one_path", "finding.type_one_product", "finding.moderation", "finding.answered",
        "finding.careless_straight", "finding.careless_random",
    ]  # fmt: skip


class Judged(Recovery):
    """A recovery whose promise is given."""

    verdicts: tuple[str, ...] = ()

    @property
    def promise(self) -> pd.DataFrame:  # type: ignore[override]
        return pd.DataFrame({"share": 0.9, "error": 0.01, "verdict": self.verdicts}, index=["plsc", "cbsem", "pls"])


@pytest.mark.parametrize(
    ("verdicts", "told", "advice"),
    [
        (("inside", "inside", "inside"), "inside", "follows.estimator"),
        (("inside", "open", "inside"), "open", "follows.estimator"),
        (("outside", "outside", "inside"), "outside", "follows.no_estimator"),
    ],
)
def test_the_gravest_verdict_leads(
    story: ParameterRecoveryStory, verdicts: tuple[str, ...], told: str, advice: str
) -> None:
    found = story.recovery
    given = Judged(**{field.name: getattr(found, field.name) for field in dataclasses.fields(found)})
    object.__setattr__(given, "verdicts", verdicts)
    other = dataclasses.replace(story, recovery=given)
    assert keys(other.findings())[0] == f"finding.coverage_{told}"
    assert keys(other.follows())[0] == advice
    severities = cautions(other).groupby("subject", sort=False)["severity"].first()
    assert list(severities)[1:3] == ["weak" if verdict == "outside" else "note" for verdict in verdicts[:2]]


def test_careless_respondents_of_the_committed_data_are_found(story: ParameterRecoveryStory) -> None:
    found = story.screens.set_index("kind")
    assert (found["found"] == found["planted"]).all()
    assert found["false"].max() < 0.02 * found["attentive"].max()


def test_tables_and_figures_speak_to_readers(story: ParameterRecoveryStory) -> None:
    made = [tables.pooled(story), tables.pooled(story, moderations=True), tables.paths(story), tables.power(story),
            tables.segments(story), tables.differences(story)]  # fmt: skip
    known = {*story.headings, "ci_lower", "ci_upper", "n = 150", "n = 300"}
    assert [set(table.columns) - known for table in made] == [set()] * len(made)
    assert set(made[4]["group"]) == {"price", "quality", "service and ease"}
    assert "Trust" in set(made[2]["predictor"])
    for figure in (charts.plot_coverage(story), charts.plot_power(story)):
        plt.close(figure)
    assert all(story.population())
    assert all(story.limits())
    assert all(story.methods_paragraph())
