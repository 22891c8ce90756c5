"""Time our ML bootstrap against semopy and, where Rscript has it, lavaan: the same resamples, one thread, in turns.

    python benchmarks/cb_bootstrap.py [rounds]

Processor time per resample, failures included. Ours keeps every resample: those that fail or are inadmissible are
fitted again with variances ≥ 0. semopy (MLW, ftol 1e-14) and lavaan (no standard errors, no baseline model) fit once
and leave them as they are; both time the fit from answers to estimates.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import contextlib
import io
import logging
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import semopy
from threadpoolctl import threadpool_limits

from crmresearch.data.survey.survey import load_survey
from crmresearch.models.specification import bind
from crmresearch.models.theory import load_theory
from crmresearch.resampling import bootstrap_counts
from crmresearch.sem.covariance.bootstrap import fit_covariances
from crmresearch.sem.covariance.estimate import estimate_cbsem
from crmresearch.sem.covariance.result import CbEstimate
from crmresearch.sem.covariance.semopy_start import FTOL, semopy_syntax
from crmresearch.sem.pls.moments import Sample

OURS = 250  # resamples a turn
THEIRS = 25  # the first of them
SAME = 1e-3  # of two χ²
R_SCRIPT = Path(__file__).with_suffix(".R")


@dataclass
class Times:
    """Milliseconds a resample, one number a turn; which of the resamples converged; their χ², NaN where not."""

    turns: list[float] = field(default_factory=list)
    converged: list[bool] = field(default_factory=list)
    chisq: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """Median of the turns."""
        return statistics.median(self.turns)

    def __str__(self) -> str:
        return f"{self.median:.2f} [{min(self.turns):.2f}, {max(self.turns):.2f}]"


def turn_of_ours(estimate: CbEstimate, counts: np.ndarray, times: Times) -> None:
    """Moments and fits of one batch of resamples."""
    start = time.process_time()
    sample = Sample(estimate.answers)
    covariances = sample.moments(counts).covariances * ((estimate.rows - 1) / estimate.rows)
    _, F, gradient, *_ = fit_covariances(estimate, covariances)
    times.turns.append(1000 * (time.process_time() - start) / len(counts))
    times.converged += list(gradient < 1e-6)
    times.chisq += list(estimate.rows * F)


def turn_of_semopy(estimate: CbEstimate, counts: np.ndarray, times: Times) -> None:
    """semopy's fits; the model is read once, outside the time."""
    model = semopy.Model(semopy_syntax(estimate.ram))
    answers = pd.DataFrame(estimate.answers, columns=list(estimate.ram.observed))
    took = 0.0
    for count in counts:
        data = answers.loc[answers.index.repeat(count.astype(int))].reset_index(drop=True)
        start = time.process_time()
        try:
            result = model.fit(data, clean_slate=True, options={"ftol": FTOL, "maxiter": 10_000})
            success, F = bool(result.success), float(result.fun)
        except Exception:  # a fit that breaks down is a failure that took its time
            success, F = False, np.nan
        took += time.process_time() - start
        times.converged.append(success and np.isfinite(F))
        times.chisq.append(estimate.rows * F if success else np.nan)
    times.turns.append(1000 * took / len(counts))


def turn_of_lavaan(estimate: CbEstimate, counts: np.ndarray, times: Times) -> None:
    """lavaan's fits, timed inside R."""
    with tempfile.TemporaryDirectory() as folder:
        model, answers, drawn = (Path(folder, name) for name in ("model.lav", "answers.csv", "counts.csv"))
        model.write_text(semopy_syntax(estimate.ram))
        pd.DataFrame(estimate.answers, columns=list(estimate.ram.observed)).to_csv(answers, index=False)
        pd.DataFrame(counts.astype(int)).to_csv(drawn, index=False, header=False)
        command = ["Rscript", str(R_SCRIPT), str(model), str(answers), str(drawn)]
        lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")
    fits = [line.split() for line in lines if line.strip()]
    times.turns.append(statistics.fmean(float(took) for took, _, _ in fits))
    times.converged += [converged == "TRUE" for _, converged, _ in fits]
    times.chisq += [float(chisq) if chisq != "NA" else np.nan for _, _, chisq in fits]


def lavaan_version() -> str | None:
    """lavaan's version, None without Rscript or lavaan."""
    if shutil.which("Rscript") is None:
        return None
    found = subprocess.run(
        ["Rscript", "-e", "cat(as.character(packageVersion('lavaan')))"], capture_output=True, text=True, check=False
    )
    return found.stdout if found.returncode == 0 else None


def main() -> None:
    """Print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    logging.getLogger().setLevel(logging.ERROR)
    lavaan = lavaan_version()
    sides = {"crmresearch": turn_of_ours, "semopy": turn_of_semopy} | ({"lavaan": turn_of_lavaan} if lavaan else {})
    versions = ", ".join(f"{name} {version(name)}" for name in ("crmresearch", "semopy", "numpy", "scipy"))
    print(f"{versions}, lavaan {lavaan}; Python {platform.python_version()}; {os.cpu_count()} cores, 1 thread used")
    print(f"{rounds} turns each in alternation, {OURS} resamples (crmresearch) and {THEIRS} (the others) a turn")
    print("milliseconds a resample, median [least, most] of the turns")
    print("\n| model | program | ms a resample | ratio | converged | same χ² | ours lower | ours higher |")
    print("|---|---|---|---|---|---|---|---|")
    survey = load_survey("ecsi_mobile")
    for theory in ("scsb", "acsi"):
        estimate = estimate_cbsem(bind(load_theory(theory), survey.codebook), survey.items)
        found = {name: Times() for name in sides}
        for turn in range(rounds + 1):
            drawn = np.concatenate(list(bootstrap_counts(estimate.rows, OURS, seed=max(turn, 1))))
            if turn == 1:  # the turn before warmed up
                found = {name: Times() for name in sides}
            with threadpool_limits(1), warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
                warnings.simplefilter("ignore")
                for name, take_turn in sides.items():
                    take_turn(estimate, drawn if name == "crmresearch" else drawn[:THEIRS], found[name])
        ours = found["crmresearch"]
        shared = np.concatenate(np.array(ours.chisq).reshape(rounds, OURS)[:, :THEIRS])
        for name, times in found.items():
            compared = ["", "", "", ""]
            if name != "crmresearch":
                apart = np.array(times.chisq) - shared  # NaN where it did not converge
                shares = [np.mean(np.abs(apart) < SAME), np.mean(apart >= SAME), np.mean(apart <= -SAME)]
                compared = [f"{times.median / ours.median:.1f}", *(f"{share:.1%}" for share in shares)]
            cells = [str(times), compared[0], f"{np.mean(times.converged):.1%}", *compared[1:]]
            print(f"| {theory} | {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
