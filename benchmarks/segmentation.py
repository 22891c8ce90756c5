"""Time and memory of every segmentation method as customers become more: a process a measurement.

    python benchmarks/segmentation.py [customers ...]        default: 1e4 1e5 1e6

The simulated customers of the tests, their amounts all different, so that collapsing equal customers helps nobody;
latent classes get simulated answers to six items. Processor seconds of `fit` and of `predict` for the same customers,
one thread, after a fit to 1,000 of them that is not counted: median of three up to 1e5, one run above. Memory is the
peak of the process while it fits and predicts, above libraries and table. Growth is the exponent b of customers^b
between two sizes: 1 is linear.
"""

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from crmresearch.segmentation.contract import Segmenter

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "cases"))

ITEMS = [f"item_{i}" for i in range(1, 7)]
RULES = """\
key: own_rules
definition: {en: Recent and large}
rules:
  - {segment: vip, label: {en: VIP}, when: {monetary_total: {min: 200}, recency: {max: 60}}}
  - {segment: recent, label: {en: Recent}, when: {recency: {max: 60}}}
"""


def generate(folder: Path, customers: int) -> None:
    """The customer table and answers from 1 to 10 of three classes of respondents, as one file of numbers."""
    from customers import simulated_customers

    frame = simulated_customers(customers).drop(columns="true_class")
    rng = np.random.default_rng(2)
    middle = np.array([3.0, 6.0, 8.5])[rng.integers(0, 3, customers)]
    for item in ITEMS:
        frame[item] = np.clip(np.round(middle + 1.5 * rng.normal(size=customers)), 1, 10)
    np.save(folder / "table.npy", frame.to_numpy(dtype=float))
    (folder / "columns.json").write_text(json.dumps(list(frame.columns)), encoding="utf-8")
    (folder / "rules.yaml").write_text(RULES, encoding="utf-8")


def methods(folder: Path) -> "dict[str, Segmenter]":
    """Every method of the package by name, those of any size with eight segments."""
    from crmresearch.segmentation.methods.clusters import KCentroids
    from crmresearch.segmentation.methods.latent_class import LatentClasses
    from crmresearch.segmentation.methods.own_rules import read_rules
    from crmresearch.segmentation.registry import every_method

    besides = [KCentroids(8, centre="angles"), read_rules(folder / "rules.yaml"), LatentClasses(ITEMS, k=4)]
    return {method.name: method for method in [*every_method(sizes=(8,)), *besides]}


def measure(name: str, folder: Path) -> None:
    """Fit and predict one method in this process; print its seconds and peak memory as JSON."""
    columns = json.loads((folder / "columns.json").read_text(encoding="utf-8"))
    numbers = np.load(folder / "table.npy")
    table = pd.DataFrame(numbers, columns=columns, copy=False)  # a copy, since freed, would hide the peak of the method
    method = methods(folder)[name]
    method.fit(table.iloc[:1000]).predict(table.iloc[:1000])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    fits, predicts = [], []
    for _ in range(3 if len(table) <= 10**5 else 1):
        start = time.process_time()
        method.fit(table)
        middle = time.process_time()
        method.predict(table)
        fits.append(middle - start)
        predicts.append(time.process_time() - middle)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = {"fit": np.median(fits), "predict": np.median(predicts), "megabytes": (peak - before) / 1024}
    print(json.dumps({**found, "sample": getattr(method, "sample", None)}))


def growth(measured: list[float], sizes: list[int]) -> str:
    """Exponents between successive sizes; a dash where a time is too short to say."""
    steps = zip(measured, measured[1:], sizes, sizes[1:], strict=False)
    found = [f"{np.log(b / a) / np.log(m / n):.1f}" if a > 0.002 else "–" for a, b, n, m in steps]
    return ", ".join(found)


def main() -> None:
    """Print the table."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("scikit-learn", "scipy", "stepmix", "numpy", "pandas"))
    print(f"{versions}; Python {platform.python_version()}; {os.cpu_count()} cores")
    sizes = [int(float(text)) for text in sys.argv[1:]] or [10**4, 10**5, 10**6]
    heads = ["method", "samples above", *(f"fit {n:.0e}, s".replace("e+0", "e") for n in sizes), "growth"]
    heads += [*(f"predict {n:.0e}, s".replace("e+0", "e") for n in sizes[-1:])]
    heads += [f"memory {n:.0e}, MB".replace("e+0", "e") for n in sizes]
    print(f"\n| {' | '.join(heads)} |\n{'|---' * len(heads)}|", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folders = [Path(name) / str(n) for n in sizes]
        for folder, n in zip(folders, sizes, strict=True):
            folder.mkdir()
            _run("--generate", str(n), folder)
        for method in methods(folders[0]):
            runs = [json.loads(_run("--measure", method, folder)) for folder in folders]
            fits = [run["fit"] for run in runs]
            sample = f"{runs[0]['sample']:,}" if runs[0]["sample"] else ""
            cells = [method, sample, *(f"{fit:.3f}" for fit in fits), growth(fits, sizes), f"{runs[-1]['predict']:.2f}"]
            cells += [f"{run['megabytes']:.0f}" for run in runs]
            print(f"| {' | '.join(cells)} |", flush=True)


def _run(task: str, what: str, folder: Path) -> str:
    """What a process of its own prints. Tables are made in one too: a process inherits the peak of its parent."""
    command = [sys.executable, __file__, task, what, str(folder)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure(sys.argv[2], Path(sys.argv[3]))
    elif sys.argv[1:2] == ["--generate"]:
        generate(Path(sys.argv[3]), int(sys.argv[2]))
    else:
        main()
