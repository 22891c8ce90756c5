"""A truth file: every mistake in it is one sentence, and what it does not say is as documented."""

from pathlib import Path

import pytest

from crmresearch.errors import TruthError
from crmresearch.simulation.truth import Truth, load_truth

MODEL = "model: |\n  a =~ A1 + A2\n  m =~ M1 + M2\n  y =~ Y1 + Y2\n  y ~ a + m + a:m\n"


def told(folder: Path, text: str) -> str:
    (folder / "truth.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(TruthError) as error:
        load_truth(folder / "truth.yaml")
    return str(error.value)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ("paths: {y: {b: 0.2}}", "paths: b → y is none of the theory's; it has a → y, m → y"),
        ('moderations: {y: {"m:a": 0.2}}', "moderations: m:a → y is none of the theory's; it has a:m → y"),
        ("loadings: {b: 0.8}", "loadings: 'b' is not among a, m, y"),
        ("loadings: {a: [0.8]}", "loadings.a: has 1 numbers for 2 items"),
        ("weights: {a: [1, 1]}", "weights.a: a common factor has loadings"),
        ("loading: 1.2", "loading"),
        ("correlations: {y: {a: 0.2}}", "correlations: 'y' is not among a, m"),
        ("answers_of: {B: {mean: 2}}", "answers_of: 'B' is not among a, m, y, A1"),
        ("reversed: [B1]", "reversed: 'B1' is not among A1"),
        ("missing: {mar: {share: 0.1, by: B1, slope: 1}}", "missing.mar: 'B1' is not among A1"),
        ("missing: {mcar: 1.5}", "missing.mcar"),
        ("careless: {straight: 0.7, random: 0.7}", "cannot exceed 1 together"),
        ("groups: {column: g, values: {1: {share: 0.4}, 2: {share: 0.4}}}", "the shares of the groups must sum to 1"),
        ("groups: {column: g, values: {1: {share: 1, means: {b: 1}}}}", "groups.values.1.means: 'b' is not among"),
        ("groups: {column: g, values: {1: {share: 1, paths: {a: {y: 1}}}}}", "groups.values.1.paths: y → a is none"),
        ("profile: {A1: {1: 1.0}}", "profile: A1 is a column already"),
        ("profile: {g: {1: 0.3}}", "profile.g: the shares must sum to 1"),
        ("path: {y: {a: 0.2}}", "path: this key is not known; did you mean 'paths'?"),
        ("theory: scsb", "name either a `theory` or a `model`"),
    ],
)
def test_a_mistake_is_one_sentence_with_its_key(tmp_path: Path, more: str, sentence: str) -> None:
    message = told(tmp_path, f"{MODEL}{more}\n")
    assert sentence in message
    assert "truth.yaml" in message
    assert len(message.splitlines()) == 1


def test_a_theory_needs_items_of_one_kind(tmp_path: Path) -> None:
    assert "a theory has `items` or a `dataset`" in told(tmp_path, "theory: scsb\n")
    assert "There is no theory 'scsi'" in told(tmp_path, "theory: scsi\nitems: {value: [V1, V2]}\n")
    assert "needs items for the construct" in told(tmp_path, "theory: scsb\nitems: {value: [V1, V2]}\n")
    with pytest.raises(TruthError, match=r"There is no truth file 'none\.yaml'"):
        load_truth(tmp_path / "none.yaml")


def test_what_a_group_does_not_say_is_common() -> None:
    groups = {"column": "g", "values": {1: {"share": 0.5, "paths": {"y": {"a": 0.6}}}, 2: {"share": 0.5}}}
    truth = Truth(
        model="a =~ A1 + A2\nm =~ M1 + M2\ny =~ Y1 + Y2\ny ~ a + m", paths={"y": {"a": 0.2, "m": 0.1}}, groups=groups
    )  # type: ignore[arg-type]
    assert [truth.path("a", "y", 1), truth.path("m", "y", 1), truth.path("a", "y", 2)] == [0.6, 0.1, 0.2]


def test_a_truth_undisturbed_or_of_composites_keeps_its_paths() -> None:
    truth = load_truth("staged_simulated")
    plain = truth.undisturbed()
    assert (plain.answers, plain.groups, plain.careless.straight, plain.missing.mcar) == (None, None, 0, 0)
    assert plain.path("trust", "satisfaction") == truth.path("trust", "satisfaction")
    kinds = {c.key: c.measurement for c in plain.of_composites().specification.constructs}
    assert (kinds["trust"], kinds["complaints"]) == ("composite_a", "single_item")
