"""Time PLSpredict and CVPAT against Python seminr and, where Rscript has them, R seminr and seminrExtras, in turns.

    python benchmarks/plspredict.py [rounds]

Processor time of ten folds, from an estimate to errors of PLS and of a linear model; one process a side, one thread.
Ours is timed with one deal of the folds and with ten of them in one batch. seminr regresses every item on all items of
other constructs, ours on those of exogenous ones. CVPAT is against averages and linear model with 1000 resamples, the
forecasts included. Forecasts of Python seminr are on the same folds, and the largest difference is printed; R deals
folds of its own.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "cases"))

import seminr
from prediction_cases import reputation_main
from sem_cases import corp_rep, ecsi, mobi
from seminr_oracle import seminr_estimate

from crmresearch.models.specification import Specification
from crmresearch.sem.pls.estimate import estimate_pls
from crmresearch.sem.pls.prediction.cvpat import cvpat
from crmresearch.sem.pls.prediction.plspredict import plspredict

FOLDS = 10
R_SCRIPT = Path(__file__).with_suffix(".R")
R_PACKAGES = {"seminr": "predict", "seminrExtras": "cvpat"}


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Milliseconds of processor time, and the result."""
    start = time.process_time()
    result = work()
    return 1000 * (time.process_time() - start), result


def in_r(spec: Specification, answers: pd.DataFrame, what: str) -> float:
    """Milliseconds of R seminr (predict) or seminrExtras (cvpat), timed inside R."""
    with tempfile.TemporaryDirectory() as folder:
        model, data = Path(folder, "model.txt"), Path(folder, "answers.csv")
        lines = [
            f"{c.key} {'B' if c.measurement == 'composite_b' else 'A'} {' '.join(c.items)}" for c in spec.constructs
        ]
        lines += [f"> {path.predictor} {path.outcome}" for path in spec.paths]
        model.write_text("\n".join(lines) + "\n")
        answers[spec.items].to_csv(data, index=False)
        command = ["Rscript", str(R_SCRIPT), str(model), str(data), str(FOLDS), what]
        return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def r_version(package: str) -> str | None:
    """The version of an R package, None without it."""
    if shutil.which("Rscript") is None:
        return None
    code = f"cat(as.character(packageVersion('{package}')))"
    found = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, check=False)
    return found.stdout if found.returncode == 0 else None


def compare(spec: Specification, answers: pd.DataFrame, rounds: int) -> tuple[dict[str, list[float]], float]:
    """Turns of every side, the first of which warms up, and the largest difference from Python seminr's forecasts."""
    estimate = estimate_pls(spec, answers)
    fitted = seminr_estimate(seminr, spec, answers)
    n, difference = len(answers), 0.0
    sides: dict[str, list[float]] = {}
    there = {name for name in R_PACKAGES if r_version(name)}
    for turn in range(rounds + 1):
        order = np.random.default_rng(turn).permutation(n)
        labels = np.empty(n, dtype=np.intp)
        labels[order] = np.minimum(np.arange(n) * FOLDS // n, FOLDS - 1)
        took: dict[str, float] = {}

        def tested(labels: np.ndarray = labels) -> Any:
            return cvpat(plspredict(estimate, labels), resamples=1000)

        took["ours, folds once"], found = timed(lambda labels=labels: _with_errors(estimate, labels))  # type: ignore[misc]
        ten, _ = timed(lambda turn=turn: _with_errors(estimate, FOLDS, repeats=10, seed=turn))  # type: ignore[misc]
        took["ours, a tenth of ten times"] = ten / 10
        took["ours, CVPAT"], _ = timed(tested)
        took["Python seminr"], theirs = timed(
            lambda order=order: seminr.predict_pls(  # type: ignore[misc]
                fitted, technique=seminr.predict_EA, no_folds=FOLDS, ordering=[int(row) for row in order]
            )
        )
        for name in there:
            took[f"R {name}"] = in_r(spec, answers, R_PACKAGES[name])
        if n % FOLDS == 0:  # else seminr cuts elsewhere
            table = theirs.items.pls_out_of_sample
            printed = np.array([[table.get(row, item) for item in found.names] for row in table.rows])
            difference = max(difference, float(np.abs(printed - found.foreseen.pls).max()))
        if turn:
            for name, took_it in took.items():
                sides.setdefault(name, []).append(took_it)
    return sides, difference


def _with_errors(estimate: Any, folds: Any, **options: Any) -> Any:
    found = plspredict(estimate, folds, **options)
    _ = found.items
    return found


def main() -> None:
    """Print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    versions = ", ".join(f"{name} {version(name)}" for name in ("crmresearch", "seminr", "numpy", "scipy", "pandas"))
    r = ", ".join(f"R {name} {r_version(name)}" for name in R_PACKAGES)
    print(f"{versions}; {r}; Python {platform.python_version()}; {os.cpu_count()} cores, 1 thread used")
    print(f"{rounds} turns each in alternation; milliseconds of {FOLDS} folds: median [least, most]")
    print("\n| model | side | ms | times ours once | times ours in ten |\n|---|---|---|---|---|")
    cases = {"ECSI, 250 × 24": (ecsi(), mobi()), "reputation, 344 × 31": (reputation_main(), corp_rep())}
    for name, (spec, answers) in cases.items():
        sides, difference = compare(spec, answers, rounds)
        medians = {side: statistics.median(times) for side, times in sides.items()}
        own = [medians["ours, CVPAT"]] * 2
        for side, times in sides.items():
            base = own if side == "R seminrExtras" else list(medians.values())[:2]
            ratios = " | ".join("" if side.startswith("ours") else f"{medians[side] / one:.0f}" for one in base)
            print(
                f"| {name} | {side} | {medians[side]:.2f} [{min(times):.2f}, {max(times):.2f}] | {ratios} |", flush=True
            )
        if difference:
            print(f"| {name} | largest difference from Python seminr | {difference:.1e} | | |")


if __name__ == "__main__":
    main()
