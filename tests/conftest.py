"""The longest tests start first, so that two workers end together; and a small project of its own to render in."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from tiny_project import make_project

from crmresearch import paths
from crmresearch.data import documents
from crmresearch.segmentation.methods import mixture

# files whose kind another keeps in `make test`: notebooks that take long, whole reports of odd input, runs of make
LONG = {
    *("churn_warning.ipynb", "cross_selling.ipynb", "customer_profiles.ipynb"),
    *("customer_today.ipynb", "customer_value.ipynb", "marketing_strategy.ipynb"),
    *("measurement_quality.ipynb", "model_checks.ipynb", "new_customers.ipynb"),
    *("parameter_recovery.ipynb", "priorities.ipynb", "profit_link.ipynb"),
    *("revenue_forecast.ipynb", "satisfaction_index.ipynb", "segment_monitoring.ipynb"),
    *("segmentation_comparison.ipynb", "survey_segmentation.ipynb", "theory_comparison.ipynb"),
    *("unusual_purchases.ipynb",),
    *("test_bad_customers.py", "test_cross_selling.py", "test_hostile_names.py"),
    *("test_language.py", "test_legal_theories.py", "test_make.py"),
    *("test_marketing_strategy.py", "test_monitored_methods.py"),
}

CASES = 3  # of a test of many cases, those that `make test` runs: the first, the last and one between them

# an example that was quick once is slow on a busy machine, which says nothing of the code
settings.register_profile("any_machine", deadline=None)
settings.load_profile("any_machine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {"whole": 0, "notebooks": 1}
    items.sort(key=lambda item: order.get(item.path.parent.name, 2))
    cases: dict[tuple[Path, str], list[pytest.Item]] = {}
    for item in items:
        if item.path.name in LONG:
            item.add_marker("long")
        if "[" in item.name:
            cases.setdefault((item.path, item.name.split("[")[0]), []).append(item)
    for alike in cases.values():
        kept = {round(k * (len(alike) - 1) / (CASES - 1)) for k in range(CASES)}
        for k, item in enumerate(alike):
            if k not in kept:
                item.add_marker("long")
    for item in items:
        if item.path.parent.name in order or item.get_closest_marker("long"):
            item.add_marker("slow")


@pytest.fixture
def few_starts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Gaussian mixtures from 3 starts instead of 40, where a test asks for a report and not for the best maximum."""
    real = mixture.best_mixture
    few = lambda rows, first, starts, *rest: real(rows, first, min(starts, 3), *rest)  # noqa: E731
    monkeypatch.setattr(mixture, "best_mixture", few)
    mixture._likeliest.cache_clear()
    yield
    mixture._likeliest.cache_clear()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Root of a project that this process and the kernels it starts take for their own."""
    root = make_project(tmp_path / "project")
    monkeypatch.delenv("CRMRESEARCH_DATA", raising=False)
    monkeypatch.setenv("CRMRESEARCH_HOME", str(root))
    monkeypatch.setattr(documents, "ROOT", root)
    for name, place in {
        "ROOT": root,
        "NOTEBOOKS": root / "notebooks",
        "PARAMETERS": root / "notebooks" / "parameters",
        "DATA": root / "data",
        "REPORTS": root / "reports",
    }.items():
        monkeypatch.setattr(paths, name, place)
    return root
