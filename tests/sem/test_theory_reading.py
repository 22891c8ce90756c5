"""What can be read of several theories, what they are made of, and who stands where, on the mobile data."""

import dataclasses
from typing import ClassVar

import pytest

from crmresearch.data.survey.survey import load_survey
from crmresearch.models.theory import load_theory
from crmresearch.sem.theory_comparison import TheoryComparison, compare_theories
from crmresearch.sem.theory_contents import constructs
from crmresearch.sem.theory_reading import TheoryReading, steps_everywhere


@pytest.fixture(scope="module")
def found() -> TheoryComparison:
    theories = [load_theory(key) for key in ("scsb", "ecsi", "staged", "staged_second_order")]
    return compare_theories(theories, load_survey("ecsi_mobile"), resamples=100, seed=1)


def test_what_the_gate_denies_is_not_read_and_what_is_absent_is_none(found: TheoryComparison) -> None:
    reading = TheoryReading(found)
    assert {(theory, e) for theory, e in reading.unread if theory in ("ecsi", "staged")} == {
        (theory, e) for theory in ("ecsi", "staged") for e in ("plsc", "cbsem")
    }
    assert reading.read("staged_second_order", "cbsem") == "none"
    assert {reading.read(theory, "pls") for theory in found.estimates} <= {"usable", "care"}
    kept = set(zip(reading.steps["theory"], reading.steps["estimator"], strict=True))
    assert not kept & set(reading.unread)
    everywhere = steps_everywhere(found, found)
    assert set(everywhere["effect"]) == {"direct"}
    assert len(everywhere) == 2 * len(reading.steps.query("effect == 'direct'"))


class Told(TheoryComparison):
    """A comparison in which theories are alike as it is told."""

    told: ClassVar[list[str]] = []

    def alike(self, aim: str) -> list[str]:
        return self.told


@pytest.mark.parametrize(
    ("alike", "verdict", "ties"),
    [(1, "most", 0), (2, "tied_some", 1), (4, "tied", 3)],
)
def test_who_stands_where_is_what_is_told_apart(found: TheoryComparison, alike: int, verdict: str, ties: int) -> None:
    ranked = found.ranked("satisfaction")
    one = Told(**{field.name: getattr(found, field.name) for field in dataclasses.fields(found)})
    one.told = ranked[:alike]  # type: ignore[misc]
    assert one.standing("satisfaction") == (verdict, ranked[1 : 1 + ties], ranked[1 + ties :])
    paths = found.sizes.set_index("theory")["paths"]
    assert TheoryReading(one).smallest("satisfaction") == min(ranked[:alike], key=lambda theory: paths[theory])
    assert found.measured_otherwise("satisfaction") == []


def test_every_construct_is_asked_or_its_absence_has_a_word(found: TheoryComparison) -> None:
    table = constructs(found.specifications).set_index(["construct", "theory"])
    assert table.loc[("quality", "ecsi"), ["status", "number"]].tolist() == ["items", 7]
    assert table.loc[("complaints", "scsb"), "status"] == "replaced"
    assert table.loc[("environment", "staged"), "status"] == "unmeasured"
    assert table.loc[("environment", "ecsi"), "status"] == "absent"
    wholes = table.query("status == 'of'")
    assert set(wholes.index.get_level_values("theory")) == {"staged_second_order"}
    asked = table.query("status == 'items' and theory == 'ecsi'")["number"].sum()
    assert asked == found.sizes.set_index("theory").loc["ecsi", "items"]
