"""Time every engine of satisfaction as respondents (250 → 25,000) and items (24 → 96) grow, beside Python peers.

    python benchmarks/growth.py [rounds]

Processor time of one thread, in turns with the peer. Respondents are drawn with replacement from the mobile phone
survey; more items are the mean of their construct with noise, so that it has twice or four times as many. PLS bootstrap
(1,000 resamples), PLSpredict (ten folds, ten times) and CVPAT (1,000 resamples) are of the ECSI, the ML bootstrap is of
the SCSB, whose 12 items are doubled to begin with; NCA sees two composites, whatever their items. Peers take part up to
2,500 respondents and 48 items; those in R (seminrExtras, NCA) are not timed here.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import contextlib
import io
import math
import platform
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "cases"))

import seminr
from sem_cases import ECSI_ITEMS, mobi
from seminr_oracle import seminr_estimate

from cb_bootstrap import Times, turn_of_ours, turn_of_semopy
from crmresearch.models.specification import Specification, bind_items
from crmresearch.models.theory import load_theory
from crmresearch.resampling import bootstrap_counts, bootstrap_rows
from crmresearch.sem.covariance.estimate import estimate_cbsem
from crmresearch.sem.pls.bootstrap import bootstrap
from crmresearch.sem.pls.estimate import estimate_pls
from crmresearch.sem.pls.prediction.cvpat import cvpat
from crmresearch.sem.pls.prediction.plspredict import plspredict
from crmresearch.sem.priorities.permutation import permuted_effects
from nca import points_of

SIZES = [(250, 1), (2_500, 1), (25_000, 1), (250, 2), (250, 4)]  # respondents, times the items
PEERS = {(250, 1), (2_500, 1), (250, 2)}
Turn = Callable[[], float]  # milliseconds a unit


def answers_of(rows: int, copies: int) -> pd.DataFrame:
    """Answers on ten-point scales, the copies of an item named IMAG1, IMAG1_1, …"""
    rng = np.random.default_rng(rows)
    own = mobi()
    own = own.iloc[np.arange(len(own)) if rows == len(own) else rng.integers(0, len(own), rows)].reset_index(drop=True)
    noisy = {
        f"{item}_{copy}": np.clip(np.round(own[block].mean(axis=1) + rng.normal(scale=1.2, size=rows)), 1, 10)
        for copy in range(1, copies) for block in ECSI_ITEMS.values() for item in block
    }  # fmt: skip
    return own.assign(**noisy)


def bound(theory: str, copies: int) -> Specification:
    """The theory with so many times its items."""
    own = load_theory(theory).constructs
    items = {
        key: [item if copy == 0 else f"{item}_{copy}" for copy in range(copies) for item in block]
        for key, block in ECSI_ITEMS.items()
    }
    return bind_items(load_theory(theory), {key: items[key] for key in own if key in items})


def timed(work: Callable[[], Any], units: float) -> Turn:
    """A turn: milliseconds of processor time a unit."""

    def turn() -> float:
        start = time.process_time()
        work()
        return 1000 * (time.process_time() - start) / units

    return turn


def pls(rows: int, copies: int) -> dict[str, tuple[Turn, Turn | None]]:
    """PLS bootstrap, a replicate; PLSpredict, a fold; CVPAT, a comparison with 1,000 resamples."""
    spec, answers = bound("ecsi", copies), answers_of(rows, copies)
    estimate = estimate_pls(spec, answers, cautions=False)
    prediction = plspredict(estimate)
    drawn = bootstrap_rows(rows, 0, seed=1)[:10]
    of_seminr: dict[str, Turn] = {}
    if (rows, copies) in PEERS:
        fitted = seminr_estimate(seminr, spec, answers)
        of_seminr["bootstrap"] = timed(lambda: seminr.bootstrap_model(fitted, len(drawn), indices=drawn), len(drawn))
        of_seminr["predict"] = timed(
            lambda: seminr.predict_pls(fitted, technique=seminr.predict_EA, no_folds=10, ordering=[*range(rows)]), 10
        )
    return {
        "PLS bootstrap": (timed(lambda: bootstrap(estimate, resamples=1000, seed=1), 1000), of_seminr.get("bootstrap")),
        "PLSpredict": (timed(lambda: plspredict(estimate, 10, repeats=10).items, 100), of_seminr.get("predict")),
        "CVPAT": (timed(lambda: cvpat(prediction, resamples=1000), 1), None),
    }


def covariance(rows: int, copies: int) -> dict[str, tuple[Turn, Turn | None]]:
    """ML bootstrap, a resample."""
    estimate = estimate_cbsem(bound("scsb", 2 * copies), answers_of(rows, 2 * copies))
    counts = np.concatenate(list(bootstrap_counts(rows, 50, seed=1)))

    def turn(side: Callable[..., None], drawn: np.ndarray) -> Turn:
        def taken() -> float:
            times = Times()
            side(estimate, drawn, times)
            return times.turns[0]

        return taken

    return {
        "ML bootstrap": (
            turn(turn_of_ours, counts),
            turn(turn_of_semopy, counts[:3]) if (rows, copies) in PEERS else None,
        )
    }


def nca(rows: int, copies: int) -> dict[str, tuple[Turn, Turn | None]]:
    """Permutation test of two ceilings, 1,000 permutations."""
    if copies > 1:
        return {}
    points = points_of(rows)
    return {"NCA": (timed(lambda: permuted_effects(points, 10_000, np.random.default_rng(1)), 10), None)}


def measured(sides: tuple[Turn, Turn | None], rounds: int) -> list[float]:
    """Medians of both sides, in turns, the first of which warms up and is not counted."""
    turns = [[side() for side in sides if side is not None] for _ in range(rounds + 1)][1:]
    return [statistics.median(times) for times in zip(*turns, strict=True)]


def told(found: list[float] | None) -> str:
    """Ours, and how many times as long the peer took."""
    if found is None:
        return ""
    return f"{found[0]:.3g}" + (f" ({found[1] / found[0]:.0f})" if len(found) > 1 else "")


def main() -> None:
    """Print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    versions = ", ".join(f"{name} {version(name)}" for name in ("crmresearch", "seminr", "semopy", "numpy", "scipy"))
    print(f"{versions}; Python {platform.python_version()}; {os.cpu_count()} cores, 1 thread used")
    print(f"milliseconds, medians of {rounds} turns (times as long the peer took); exponents from least to most")
    found: dict[str, dict[tuple[int, int], list[float]]] = {}
    for size in SIZES:
        for engine in (pls, covariance, nca):
            with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
                warnings.simplefilter("ignore")
                for name, sides in engine(*size).items():
                    found.setdefault(name, {})[size] = measured(sides, rounds)
        print(size, {name: told(times.get(size)) for name, times in found.items()}, file=sys.stderr, flush=True)
    heads = [f"{rows:,} × {24 * copies}" for rows, copies in SIZES]
    print(f"\n| engine | {' | '.join(heads[:3])} | growth with n | {' | '.join(heads[3:])} | growth with items |")
    print("|---" * 8 + "|")
    for name, times in found.items():
        cells = [told(times.get(size)) for size in SIZES]
        ends = [times.get(size) for size in (SIZES[0], SIZES[2], SIZES[4])]
        grown = [
            f"{math.log(end[0] / ends[0][0]) / math.log(factor):.2f}" if ends[0] and end else ""
            for end, factor in zip(ends[1:], (100, 4), strict=True)
        ]
        print(f"| {name} | {' | '.join(cells[:3])} | {grown[0]} | {' | '.join(cells[3:])} | {grown[1]} |")


if __name__ == "__main__":
    main()
