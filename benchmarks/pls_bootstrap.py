"""Time our PLS bootstrap against Python seminr: one process, one thread, small batches of both in turn.

    python benchmarks/pls_bootstrap.py [rounds]

Both sides estimate the same resamples of the same survey with the same start (equal weights) and stop rule
(Σ|Δw| < 1e-7), and the largest difference of what both compute is printed beside the times.
"""

import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "cases"))

import seminr
from sem_cases import corp_rep, ecsi, mobi, reputation
from seminr_oracle import matrix_values, seminr_estimate

from crmresearch.models.specification import Specification
from crmresearch.resampling import bootstrap_rows
from crmresearch.sem.pls.bootstrap import bootstrap
from crmresearch.sem.pls.estimate import estimate_pls
from crmresearch.sem.pls.result import PlsEstimate

OURS = 1000  # resamples a turn, the default: tables and cautions are made once, however many there are
THEIRS = 50
COMPUTED = {
    "crmresearch": "PLS and PLSc in one pass: paths, standardised paths, loadings, R², total and indirect effects; "
    "weights, HTMT, means, standard deviations; standard errors, percentile limits and p-values of all",
    "seminr": "composites only: paths, loadings, weights, total effects, HTMT; means and standard deviations of all",
}


@dataclass(frozen=True)
class Case:
    """One survey and model."""

    name: str
    specification: Specification
    answers: pd.DataFrame


@dataclass(frozen=True)
class Result:
    """Milliseconds a replicate, one number a turn, and the largest difference of a shared quantity."""

    ours: list[float]
    theirs: list[float]
    difference: float

    @property
    def ratio(self) -> float:
        """How many of our replicates fit into one of theirs, medians of the turns."""
        return statistics.median(self.theirs) / statistics.median(self.ours)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Milliseconds of processor time, all threads, and the result: what else the machine does counts less."""
    start = time.process_time()
    result = work()
    return 1000 * (time.process_time() - start), result


def compare(case: Case, rounds: int) -> Result:
    """Alternate turns of both sides on the same resamples; the first turn of each warms up and is not counted."""
    estimate = estimate_pls(case.specification, case.answers)
    fitted = seminr_estimate(seminr, case.specification, case.answers)
    rows = bootstrap_rows(len(case.answers), 0, seed=1)[:THEIRS]
    ours, theirs = [], []
    for _ in range(rounds + 1):
        took, booted = timed(lambda: bootstrap(estimate, resamples=OURS, seed=1))
        ours.append(took / OURS)
        took, oracle = timed(lambda: seminr.bootstrap_model(fitted, THEIRS, indices=rows))
        theirs.append(took / THEIRS)
    return Result(ours[1:], theirs[1:], largest_difference(booted, oracle))


def largest_difference(booted: PlsEstimate, oracle: Any) -> float:
    """Over all quantities that both compute, in all replicates of one turn of seminr."""
    assert booted.resampling is not None
    replicates = {
        "paths": oracle.boot_paths,
        "loadings": oracle.boot_loadings,
        "weights": oracle.boot_weights,
        "total_effects": oracle.boot_total_paths,
        "htmt": oracle.boot_htmt,
    }
    return max(
        float(np.abs(booted.resampling.replicates[f"{name}/pls"][b] - matrix_values(matrix, labels)).max())
        for name, matrices in replicates.items()
        for labels in [booted.quantities[f"{name}/pls"].labels]
        for b, matrix in enumerate(matrices)
    )


def main() -> None:
    """Print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    cases = [
        Case("ECSI, 250 × 24 items, 7 constructs", ecsi(), mobi()),
        Case("reputation with moderation, 344 × 35 items, 9 constructs + product", reputation(), corp_rep()),
        Case("reputation without moderation", reputation().without_moderation(), corp_rep()),
    ]
    versions = ", ".join(f"{name} {version(name)}" for name in ("crmresearch", "seminr", "numpy", "scipy", "pandas"))
    print(f"{versions}; Python {platform.python_version()}; {os.cpu_count()} cores, 1 thread used")
    for side, what in COMPUTED.items():
        print(f"{side}: {what}")
    print(f"{rounds} turns each in alternation, {OURS} replicates (crmresearch) and {THEIRS} (seminr) a turn")
    print("processor time: median [least, most] of the turns")
    print("\n| model | crmresearch, ms a replicate | seminr, ms a replicate | ratio | largest difference |")
    print("|---|---|---|---|---|")
    for case in cases:
        with threadpool_limits(1):
            result = compare(case, rounds)
        ours, theirs = (
            f"{statistics.median(times):.3f} [{min(times):.3f}, {max(times):.3f}]"
            for times in (result.ours, result.theirs)
        )
        print(f"| {case.name} | {ours} | {theirs} | {result.ratio:.0f} | {result.difference:.1e} |")


if __name__ == "__main__":
    main()
