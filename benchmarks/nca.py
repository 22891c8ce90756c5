"""Time the permutation test of necessary conditions: drawn records, whole columns permuted, and the R package NCA.

    python benchmarks/nca.py [rounds]

All three test the same points in turn, in one run; R only where Rscript and its package NCA are there, and the run says
so where they are not. Differences of effect sizes and of p stand beside the times.
"""

import os
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
from threadpoolctl import threadpool_limits

from crmresearch.sem.priorities.ceilings import CEILINGS, Floats, Points, effect_size, ordered
from crmresearch.sem.priorities.permutation import effects_of_orders, permuted_effects

PERMUTATIONS = 10_000
OF_R = 200  # permutations of NCA, whose time grows in proportion: 10,000 of 25,000 rows would take hours
ROWS = (250, 2_500, 25_000)
CHUNK = 2_000_000  # numbers of permuted columns at a time


def points_of(rows: int) -> Points:
    """Answers of ten points that go together a little, so that p is neither 0 nor 1: composites of three items each."""
    rng = np.random.default_rng(rows)
    common = rng.normal(size=(rows, 1))
    x, y = (np.clip(np.round(6 + 1.6 * (0.3 * common + rng.normal(size=(rows, 3)))), 1, 10) @ weights
            for weights in (np.array([0.30, 0.33, 0.37]), np.array([0.28, 0.35, 0.37])))  # fmt: skip
    return ordered(x, y)


def whole_columns(points: Points, permutations: int, rng: np.random.Generator) -> Floats:
    """d (2, R) by permuting the whole column every time, many columns at once."""
    size = max(1, CHUNK // len(points.x))
    parts = [
        effects_of_orders(points.x, rng.permuted(np.tile(points.y, (min(size, permutations - start), 1)), axis=1))
        for start in range(0, permutations, size)
    ]
    return np.concatenate(parts, axis=1)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of processor time, and the result."""
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def of_r(rscript: str, points: Points) -> list[float] | None:
    """Processor seconds, effect sizes and p of the R package; None where it does not run."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "points.csv"
        pd.DataFrame({"x": points.x, "y": points.y}).to_csv(file, index=False)
        script = str(Path(__file__).with_suffix(".R"))
        done = subprocess.run([rscript, script, str(file), str(OF_R)], capture_output=True, text=True, check=False)
    return [float(word) for word in done.stdout.split()] if done.returncode == 0 else None


def p_of(drawn: Floats, observed: Floats) -> Floats:
    """p of both ceilings."""
    return np.asarray(((drawn >= observed[:, None] - 1e-12).sum(axis=1) + 1) / (drawn.shape[1] + 1))


def told(times: list[float]) -> str:
    """Median and range in milliseconds."""
    return f"{1000 * statistics.median(times):.1f} [{1000 * min(times):.1f}, {1000 * max(times):.1f}]"


def main() -> None:
    """Print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    rscript = shutil.which("Rscript")
    versions = ", ".join(f"{name} {version(name)}" for name in ("crmresearch", "numpy", "scipy"))
    print(f"{versions}; Python {platform.python_version()}; {os.cpu_count()} cores, 1 thread used")
    if rscript is None or of_r(rscript, points_of(ROWS[0])) is None:
        rscript = None
        print("The R package NCA is not here (Rscript with NCA): its column stays empty.")
    print(f"milliseconds of processor time for {PERMUTATIONS:,} permutations, median [least, most] of {rounds} turns")
    print("\n| rows | records drawn | whole columns | ratio | R package NCA | ratio | largest difference of p | of d |")
    print("|---|---|---|---|---|---|---|---|")
    for rows in ROWS:
        points = points_of(rows)
        observed = np.array([effect_size(name, points) for name in CEILINGS])
        ours, columns, package = [], [], []
        apart = of_d = 0.0
        for turn in range(rounds + 1):  # the first warms up and is not counted
            with threadpool_limits(1):
                took, drawn = timed(
                    lambda p=points, s=turn: permuted_effects(p, PERMUTATIONS, np.random.default_rng(s))
                )
                ours.append(took)
                took, whole = timed(lambda p=points, s=turn: whole_columns(p, PERMUTATIONS, np.random.default_rng(s)))
                columns.append(took)
            apart = max(apart, float(np.abs(p_of(drawn, observed) - p_of(whole, observed)).max()))
            if rscript is not None and (found := of_r(rscript, points)) is not None:
                package.append(found[0] * PERMUTATIONS / OF_R)
                of_d = max(of_d, float(np.abs(np.array(found[1:3]) - observed).max()))
        mine = statistics.median(ours[1:])
        cells = [told(ours[1:]), told(columns[1:]), f"{statistics.median(columns[1:]) / mine:.0f}"]
        cells += [told(package[1:]), f"{statistics.median(package[1:]) / mine:.0f}"] if package else ["–", "–"]
        cells += [f"{apart:.4f}", f"{of_d:.0e}" if package else "–"]
        print(f"| {rows:,} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
