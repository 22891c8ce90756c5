"""A method is one class: registered by itself, from this package or another, it is in every list under its own name."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from customers import simulated_customers

from crmresearch.paths import PACKAGE
from crmresearch.segmentation import registry
from crmresearch.segmentation.contract import FAMILIES, REGISTERED, SegmentationError, Segmenter, register
from crmresearch.segmentation.methods.own_rules import CustomRules
from crmresearch.segmentation.monitoring.monitor import monitored_method
from crmresearch.segmentation.registry import described, every_method, registered, variant
from crmresearch.segmentation.scoring.evaluate import evaluate_segmentations
from crmresearch.stories.method_names import method_name


@pytest.fixture
def foreign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Another package that is installed and names its method as an entry point."""
    information = tmp_path / "foreign-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: foreign\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(f"[{registry.GROUP}]\nlast = foreign_method\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    before = list(REGISTERED)
    sys.modules.pop("foreign_method", None)
    registry._load.cache_clear()
    importlib.invalidate_caches()
    yield
    REGISTERED[:] = before
    registry._load.cache_clear()


def test_the_methods_of_a_comparison_are_those_that_registered_themselves() -> None:
    names = [method.name for method in every_method((4,))]
    assert names[:6] == ["rfm_eight_mean", "rfm_eight_median", "rfm_four_mean", *names[3:6]]
    assert len(names) == len(set(names)) >= 20
    assert {method.family for method in every_method((4,))} >= {"rfm", "value", "stage", "clusters", "tree"}
    assert not {"expected_value", "p_alive"} & {c for m in every_method((4,), value=False) for c in m.needs}


@pytest.mark.long
@pytest.mark.usefixtures("foreign")
def test_a_method_of_another_package_is_listed_scored_and_named() -> None:
    (method,) = (method for method in every_method((4,)) if method.name == "last_4")
    assert method.family == "other"
    assert (method_name("last_4"), method_name("last_5", "zh")) == ("Last buyers (4)", "最近客户 (5)")
    assert monitored_method("last_5", seed=1).name == "last_5"
    table = simulated_customers(400, seed=3)
    scores = evaluate_segmentations(table, [method], reference="last_4", seed=1, resamples=20).scores
    assert "last_4" in set(scores["method"])


def test_the_readme_lists_the_methods_and_counts_their_variants() -> None:
    readme = " ".join((PACKAGE.parents[1] / "README.md").read_text(encoding="utf-8").split())
    assert ", ".join(method.title["en"] for method in registered()) + "." in readme
    assert f"{len(every_method())} segmentations" in readme


def test_only_own_rules_are_own_rules() -> None:
    assert CustomRules.family == "own"
    assert Segmenter.family == "other"


def test_every_method_says_its_name_its_family_and_what_to_do_with_its_segments() -> None:
    shown = [*every_method((4, 8)), *described()]
    segments: dict[type[Segmenter], set[str]] = {}
    for method in shown:
        assert {"en", "zh"} <= method.title.keys() & method.label.keys(), method.name
        assert method.family in FAMILIES
        segments.setdefault(type(method), set()).update(segment.key for segment in method.segments)
    assert len({method.label["en"] for method in every_method((4, 8))}) == len(every_method((4, 8)))
    for kind, known in segments.items():
        assert kind.advice.keys() <= known, kind


@pytest.mark.usefixtures("foreign")
def test_two_methods_of_one_name_are_refused() -> None:
    found = variant("last_4")
    assert found is not None
    register(type("Same", (type(found),), {}))
    with pytest.raises(SegmentationError, match=r"foreign_method\.LastBuyers and .*Same both call themselves last_4"):
        every_method((4,))


def test_a_method_that_cannot_be_shown_is_refused() -> None:
    before = list(REGISTERED)
    sized = {"of_size": classmethod(lambda cls, k, seed=0: [])}
    with pytest.raises(SegmentationError, match="Bare has no variant"):
        register(type("Bare", (Segmenter,), {}))
    with pytest.raises(SegmentationError, match=r"Mute\.title has no English text"):
        register(type("Mute", (Segmenter,), {"title": {"zh": "无"}, **sized}))
    with pytest.raises(SegmentationError, match=r"Curt\.advice\['a'\] has no English text"):
        register(type("Curt", (Segmenter,), {"title": {"en": "Curt"}, "advice": {"a": {"zh": "无"}}, **sized}))
    with pytest.raises(SegmentationError, match=r"Stray\.family is 'stray'; use one of rfm, "):
        type("Stray", (Segmenter,), {"family": "stray"})
    assert before == REGISTERED
