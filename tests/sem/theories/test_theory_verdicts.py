"""What is told of several theories: only what is beyond chance, from made-up results and on the mobile data."""

import dataclasses
from types import SimpleNamespace
from typing import Any, ClassVar

import pandas as pd
import pytest

from crmresearch.data.survey.survey import load_survey
from crmresearch.models.theory import load_theory
from crmresearch.sem.theories import theory_verdicts as verdicts
from crmresearch.sem.theories.theory_comparison import TheoryComparison, compare_theories
from crmresearch.sem.theories.theory_reading import TheoryReading, steps_everywhere


@pytest.fixture(scope="module")
def found() -> TheoryComparison:
    theories = [load_theory(key) for key in ("scsb", "ecsi", "staged", "acsi")]
    return compare_theories(theories, load_survey("ecsi_mobile"), resamples=50, seed=1)


class Told(TheoryComparison):
    """A comparison in which theories are alike as it is told."""

    told: ClassVar[list[str]] = []

    def alike(self, aim: str) -> list[str]:
        return self.told


@pytest.mark.parametrize(
    ("alike", "verdict", "ties", "taken"),
    [(1, "most", 0, "take"), (2, "tied_some", 1, "smallest"), (4, "tied", 3, "smallest")],
)
def test_who_stands_where_is_what_is_told_apart(
    found: TheoryComparison, alike: int, verdict: str, ties: int, taken: str
) -> None:
    ranked = found.ranked("satisfaction")
    one = Told(**{field.name: getattr(found, field.name) for field in dataclasses.fields(found)})
    one.told = ranked[:alike]  # type: ignore[misc]
    told = verdicts.explains(one, "satisfaction")
    assert told.word == f"explains_{verdict}"
    assert told.theories == {"theory": ranked[:1], "ties": ranked[1 : 1 + ties], "less": ranked[1 + ties :]}
    row = found.explained.query("aim == 'satisfaction'").set_index("theory").loc[ranked[0]]
    assert told.numbers["r_squared"] == row["r_squared"]
    paths = found.sizes.set_index("theory")["paths"]
    smallest = min(ranked[:alike], key=lambda theory: paths[theory])
    assert TheoryReading(one).smallest("satisfaction") == smallest
    chosen = verdicts.choices(TheoryReading(one))[0]
    assert (chosen.word, chosen.theories) == (taken, {"theory": [smallest]})
    assert chosen.numbers == {"paths": paths[smallest]}
    assert verdicts.measured_otherwise(found) == {}


@pytest.mark.parametrize(
    ("lower", "word", "unclear"),
    [([0.1, 0.2], "all", []), ([0.1, -0.1], "some", ["b"]), ([0.0, -0.1], "none", ["a", "b"]), ([], "nowhere", [])],
)
def test_a_step_is_established_above_zero(lower: list[float], word: str, unclear: list[str]) -> None:
    rows = pd.DataFrame({"theory": ["a", "b"], "estimate": [0.5, 0.3]}).head(len(lower))
    rows = rows.assign(ci_lower=lower, effect="total", estimator="pls", reason="")
    comparison: Any = SimpleNamespace(steps=rows)
    told = verdicts.established(comparison)
    assert (told.word, told.theories, told.numbers["count"]) == (f"step_{word}", {"unclear": unclear}, len(lower))
    if lower:
        assert (told.numbers["low"], told.numbers["high"]) == (0.3, 0.5)


@pytest.mark.parametrize(("index", "word"), [([70.0, 72.0], "range"), ([70.0, None], "one"), ([None, None], "none")])
def test_an_index_is_told_of_the_theories_that_give_one(index: list[float], word: str) -> None:
    comparison: Any = SimpleNamespace(indices=pd.DataFrame({"aim": "satisfaction", "estimate": index}, dtype=object))
    told = verdicts.satisfaction_index(comparison)
    assert (told.word, told.numbers["count"]) == (f"index_{word}", sum(one is not None for one in index))


def test_only_what_is_foreseen_better_beyond_chance_is_told() -> None:
    table = pd.DataFrame({"aim": "loyalty", "theory": list("abc"), "linear": ["wins", "ties", "loses"]})
    alike = {"satisfaction": ["a", "b", "c"], "loyalty": ["a", "b"]}
    prediction: Any = SimpleNamespace(
        foreseen=table, alike=alike.__getitem__, less=lambda aim: ["c"] if aim == "loyalty" else []
    )
    told = verdicts.foresees(prediction)
    assert [(one.word, one.aim) for one in told] == [
        ("foresees_among", "loyalty"), ("linear_beaten", "loyalty"), ("linear_better", "loyalty")
    ]  # fmt: skip
    assert told[0].theories == {"theory": ["a"], "less": ["c"], "ties": ["b"]}
    assert [one.theories for one in told[1:]] == [{"theories": ["a"]}, {"theories": ["c"]}]


def test_ranges_are_those_of_a_survey(found: TheoryComparison) -> None:
    steps = steps_everywhere(found)
    told = verdicts.ranges(steps)["ecsi_mobile"]
    estimates = steps.query("estimator == 'pls'")["estimate"]
    assert told.numbers == pytest.approx(
        {"low": estimates.min(), "high": estimates.max(), "count": len(estimates)}, abs=0.005
    )
    alike = verdicts.ranges(steps.assign(estimate=0.501 + 0.001 * steps.index / 100))
    assert alike["ecsi_mobile"].word == "one"


def test_a_pair_is_told_apart_where_its_interval_leaves_zero_out() -> None:
    pairs = pd.DataFrame({"ci_lower": [0.1, -0.2, -0.2], "ci_upper": [0.3, -0.1, 0.1]})
    assert verdicts.told_apart(pairs)["told"].tolist() == ["wins", "loses", "ties"]
    assert verdicts.told_apart(pairs, -1)["told"].tolist() == ["loses", "wins", "ties"]


def test_four_findings_lead(found: TheoryComparison) -> None:
    heads = [one.word.partition("_")[0] for one in verdicts.findings(found)]
    assert heads == ["explains", "explains", "step", "index"]
