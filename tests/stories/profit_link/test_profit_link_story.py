"""What followed from loyalty is told as it was found: nothing beyond chance, and what is missing with its reason."""

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import yaml
from notebook_cells import run_cells

from crmresearch.errors import DataError, DatasetMissingError, SpecificationError
from crmresearch.paths import DATA
from crmresearch.stories.profit_link import charts, tables
from crmresearch.stories.profit_link.cautions import link_warnings
from crmresearch.stories.profit_link.story import ProfitLinkStory


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    return run_cells("profit_link", {"margin": 0.3, "careless": "leave_out"})


@pytest.fixture
def story(names: dict[str, Any]) -> ProfitLinkStory:
    return dataclasses.replace(names["story"])  # with nothing said yet


def keys(sentences: list[str]) -> list[str]:
    return [sentence.key for sentence in sentences]  # type: ignore[attr-defined]


def with_effects(story: ProfitLinkStory, effect: float, before: float) -> ProfitLinkStory:
    """The same with all effects of all customers, and of those equal before, in their place; intervals ± 0.1."""
    table = story.link.effects
    size = np.where(table["control"] == "none", effect, before)
    columns = {"effect": size, "ci_lower": size - 0.1, "ci_upper": size + 0.1}
    changes = {f"change{end}": np.expm1(size + by) for end, by in (("", 0), ("_lower", -0.1), ("_upper", 0.1))}
    return dataclasses.replace(story, link=dataclasses.replace(story.link, effects=table.assign(**columns, **changes)))


def test_simulated_customers_are_called_so_first_and_the_planted_effects_are_held(story: ProfitLinkStory) -> None:
    assert "simulated" in str(story.simulated)
    found = story.findings()
    assert keys(found) == [
        "finding.followed_wins", "finding.beyond_ties", "finding.value_ties", "finding.planted_held",
        "finding.planted_held", "finding.hidden",
    ]  # fmt: skip
    assert keys(story.follows()) == ["follows.worth", "follows.purchases", "follows.causes"]
    assert found[3].facts["planted"] == pytest.approx(np.expm1(0.3))  # type: ignore[attr-defined]
    warned = link_warnings(story)
    assert warned["code"].tolist() == ["simulated", "", ""]
    assert "sample.left_out" in keys(story.sample()[:4])


@pytest.mark.long
def test_careless_answers_hide_what_reliability_does_not_tell(names: dict[str, Any]) -> None:
    kept = run_cells("profit_link", {})
    assert "careless" in set(link_warnings(kept["story"])["code"])
    of_truth = [one["answers"][["loyalty", "true"]].corr().iloc[0, 1] ** 2 for one in (kept, names)]
    assert of_truth[0] < of_truth[1] - 0.05
    assert kept["link"].reliability == pytest.approx(names["link"].reliability, abs=0.01)


def test_what_is_not_beyond_chance_is_not_told_as_found(story: ProfitLinkStory) -> None:
    nothing = with_effects(story, 0.05, 0.05)
    assert keys(nothing.findings())[:2] == ["finding.followed_ties", "finding.beyond_ties"]
    assert "finding.planted_missed" in keys(nothing.findings())
    assert keys(nothing.follows()) == ["follows.nothing", "follows.purchases", "follows.causes"]
    both = with_effects(story, 0.3, 0.2)
    assert keys(both.findings())[:2] == ["finding.followed_wins", "finding.beyond_wins"]
    assert keys(both.follows()) == ["follows.worth", "follows.both", "follows.causes"]
    less = with_effects(story, -0.3, -0.2)
    assert keys(less.findings())[:2] == ["finding.followed_loses", "finding.beyond_loses"]
    link, p = story.link, story.link.tests
    for cells, tests, key in (
        (link.cells, p.assign(p_value=0.4), "ties"),
        (link.cells, p.assign(p_value=0.001), "wins"),
        (link.cells.assign(share=1 - link.cells["share"]), p.assign(p_value=0.001), "loses"),
        (link.cells, p.iloc[:0], "nothing"),
    ):
        other = dataclasses.replace(story, link=dataclasses.replace(link, cells=cells, tests=tests))
        assert f"finding.value_{key}" in keys(other.findings())


def test_nobody_bought_or_reliability_is_not_known(story: ProfitLinkStory) -> None:
    none = dataclasses.replace(story.link, effects=story.link.effects.iloc[:0])
    told = dataclasses.replace(story, link=none, planted=None)
    assert keys(told.findings())[0] == "finding.nothing_bought"
    assert told.simulated is None
    assert set(link_warnings(told)["code"]) == {"", "constant"}
    unknown = dataclasses.replace(
        story.link, effects=story.link.effects.query("measure == 'stated'"), reliability=np.nan
    )
    told = dataclasses.replace(story, link=unknown)
    assert "finding.hidden" not in keys(told.findings())
    assert "unknown_reliability" in set(link_warnings(told)["code"])
    assert "methods.link_corrected" not in keys(told.methods_paragraph())
    poor = dataclasses.replace(story, link=dataclasses.replace(story.link, reliability=0.5, customers=60))
    assert {"unreliable", "few"} <= set(link_warnings(poor)["code"])


def test_tables_and_figures(story: ProfitLinkStory) -> None:
    rows = tables.effects(story)
    assert len(rows) == 12
    assert rows["planted"].notna().sum() == 6
    shares = tables.value(story)
    np.testing.assert_allclose(shares[["value_low", "value_middle", "value_high"]].sum(axis=1), 100)
    assert shares["customers"].sum() == story.link.customers
    figures = charts.plot_effects(story), charts.plot_value(story)
    assert [figure.get_label() for figure in figures] == ["rows", "rows"]
    plt.close("all")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the survey of the simulated customers and their purchases as somebody's own data."""
    home = tmp_path_factory.mktemp("own")
    for source, key in (("staged_simulated", "answers"), ("linked_simulated", "shop")):
        book = yaml.safe_load((DATA / source / "codebook.yaml").read_text(encoding="utf-8"))
        book |= {"key": key, "committed": False}
        book.pop("sha256")
        (home / key).mkdir()
        (home / key / "codebook.yaml").write_text(yaml.safe_dump(book, allow_unicode=True), encoding="utf-8")
        shutil.copy(DATA / source / book["file"], home / key)
    return home


@pytest.mark.slow
@pytest.mark.long
def test_ones_own_data_in_part_matched(own: Path) -> None:
    """Two in three respondents keep their id; without a truth nothing is called simulated."""
    path = own / "answers" / "answers.csv"
    frame = pd.read_csv(path, dtype=str)
    kept = np.arange(len(frame)) % 3 > 0
    frame.assign(RESPONDENT=frame["RESPONDENT"].where(kept, "x" + frame["RESPONDENT"])).to_csv(path, index=False)
    given = {"dataset": str(own / "answers"), "purchases": str(own / "shop"), "theory": "staged"}
    names = run_cells("profit_link", {**given, "days": 400})
    assert names["story"].simulated is None
    assert "finding.planted_held" not in keys(names["story"].findings())
    assert {"unmatched", "short_after", "short_before"} <= set(link_warnings(names["story"])["code"])
    assert names["link"].customers == 800
    frame.assign(RESPONDENT="x" + frame["RESPONDENT"]).to_csv(path, index=False)
    with pytest.raises(DataError, match="no id of answers"):
        run_cells("profit_link", given)
    (own / "shop" / "purchases.csv").unlink()
    with pytest.raises(DatasetMissingError, match="shop"):
        run_cells("profit_link", given)


def test_weights_and_clusters_are_told(story: ProfitLinkStory) -> None:
    book = story.survey.codebook.model_copy(update={"cluster": "branch", "weight": "w"})
    weights = pd.Series(1.0, story.survey.items.index)
    design = pd.DataFrame({"cluster": np.arange(1200) // 20}, story.survey.items.index)
    drawn = dataclasses.replace(story.survey, codebook=book, weights=weights, design=design)
    told = dataclasses.replace(story, survey=drawn)
    assert keys(told.methods_paragraph())[-2:] == ["methods.link_weighted", "methods.link_clustered"]
    assert keys(told.value())[-1] == "drawn.alone_cluster"


def test_a_theory_without_loyalty_is_refused(names: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "short.yaml"
    path.write_text(
        "key: short\ntitle: {en: Short}\nabout: {en: Short.}\ncitation: none\nloyalty: null\n"
        "constructs:\n  trust: {label: {en: T}, definition: {en: T}}\n"
        "  satisfaction: {label: {en: S}, definition: {en: S}}\npaths: [{from: trust, to: satisfaction}]\n",
        encoding="utf-8",
    )
    with pytest.raises(SpecificationError, match="has no loyalty"):
        run_cells("profit_link", {"theory": str(path)})
