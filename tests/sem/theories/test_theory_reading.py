"""What can be read of several theories, and what they are made of, on the mobile data."""

import pytest

from crmresearch.data.survey.survey import load_survey
from crmresearch.models.theory import load_theory
from crmresearch.sem.theories.theory_comparison import TheoryComparison, compare_theories
from crmresearch.sem.theories.theory_contents import constructs
from crmresearch.sem.theories.theory_reading import TheoryReading, steps_everywhere


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
    table = reading.table.set_index("theory")
    assert all(table.loc[pair] == "unread" for pair in reading.unread)
    steps = reading.all_steps.set_index(["theory", "estimator"])["reason"]
    assert set(steps[("staged", "cbsem")]) == {"read_unread"}
    assert set(reading.sizes.query("theory == 'staged_second_order'")["reason"]) == {"fit_none"}
    everywhere = steps_everywhere(found, found)
    assert set(everywhere["effect"]) == {"direct"}
    assert len(everywhere) == 2 * len(reading.steps.query("effect == 'direct'"))


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
