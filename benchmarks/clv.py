"""Time the customer value models on the published CDNOW sample and on a million simulated customers.

    python benchmarks/clv.py [rounds] [python of an environment with clvkit]
    python benchmarks/clv.py pymc [rounds]              with the extra `bayes`: the sample against pymc-marketing

Both sides get the same summaries (x, t_x, T in weeks; a mean spend) and take turns; clvkit runs in its own environment,
for it is no dependency, and is timed inside its own process without start and import. Without a second interpreter
only our times are printed. pymc-marketing runs in the same process as ours: maximum a posteriori with flat priors on
r, α, …, whose mode is the maximum of the likelihood, once with its default priors, and once its default sampling.
"""

import json
import os
import platform
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
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "cases"))

from clv_cases import cdnow, simulate

from crmresearch.value import bootstrap, fit_bg_nbd, fit_gamma_gamma, fit_mbg_nbd, fit_pareto_nbd

MILLION = 1_000_000
CLVKIT = """
import json, sys, time
import numpy as np, pandas as pd
from clvkit import BGNBD, MBGNBD, CustomerBase, GammaGamma
data = np.load(sys.argv[1])
frame = pd.DataFrame({"frequency": data["x"], "recency": data["t_x"], "T": data["T"], "monetary_value": data["spend"]})
base = CustomerBase(frame, time_unit="W", observation_period_end=pd.Timestamp("2000-01-01"), has_monetary=True,
                    on_negative="raise")
model = {"bg_nbd": BGNBD, "mbg_nbd": MBGNBD, "gamma_gamma": GammaGamma}[sys.argv[2]]()
start = time.process_time()
model.fit(base)
took = time.process_time() - start
parameters = [model.p, model.q, model.gamma] if sys.argv[2] == "gamma_gamma" else list(model.params_)
print(json.dumps({"seconds": took, "parameters": parameters}))
"""


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of processor time, all threads, and the result: what else the machine does counts less."""
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def simulated() -> dict[str, np.ndarray]:
    """A million BG/NBD customers on a weekly grid, spending as Gamma–Gamma, in cents."""
    x, t_x, T = simulate("bg_nbd", (0.5, 6.0, 0.8, 2.4), MILLION, seed=1)
    rng = np.random.default_rng(2)
    spend = rng.gamma(6.25 * np.maximum(x, 1)) / (rng.gamma(3.74, 1 / 15.44, MILLION) * np.maximum(x, 1))
    return {"x": x, "t_x": np.ceil(t_x), "T": np.ceil(T), "spend": np.where(x > 0, np.maximum(spend.round(2), 0.01), 0)}


def published() -> dict[str, np.ndarray]:
    """The published sample, one row a customer."""
    rows = cdnow()
    rows = rows.loc[rows.index.repeat(rows.customers)]
    return {
        "x": rows.x.to_numpy(),
        "t_x": rows.t_x.to_numpy(),
        "T": rows["T"].to_numpy(),
        "spend": rows.zbar.to_numpy(),
    }


def spenders(data: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Number and mean of repeat purchases of those who bought again."""
    again = data["x"] > 0
    return data["x"][again], data["spend"][again]


def theirs(interpreter: str, model: str, data: dict[str, np.ndarray]) -> tuple[float, list[float]]:
    """Seconds and parameters of one fit by clvkit."""
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder) / "data.npz", **data)
        command = [interpreter, "-c", CLVKIT, str(Path(folder) / "data.npz"), model]
        one_thread = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        said = json.loads(subprocess.run(command, check=True, capture_output=True, text=True, env=one_thread).stdout)
    return said["seconds"], said["parameters"]


def against_pymc(turns: int) -> None:
    """Print the table against pymc-marketing on the published sample: compiled before the turns, seconds of the fit."""
    import pandas as pd
    from pymc_extras.prior import Prior
    from pymc_marketing import clv

    data = published()
    frame = pd.DataFrame({"frequency": data["x"], "recency": data["t_x"], "T": data["T"]})
    frame = frame.assign(customer_id=np.arange(len(frame)), monetary_value=data["spend"])
    purchases = [data[name] for name in ("x", "t_x", "T")]
    pairs: dict[str, tuple[Callable[[], Any], Any, list[str], Any]] = {
        "BG/NBD": (lambda: fit_bg_nbd(*purchases), clv.BetaGeoModel, ["r", "alpha", "a", "b"], frame),
        "MBG/NBD": (lambda: fit_mbg_nbd(*purchases), clv.ModifiedBetaGeoModel, ["r", "alpha", "a", "b"], frame),
        "Pareto/NBD": (lambda: fit_pareto_nbd(*purchases), clv.ParetoNBDModel, ["r", "alpha", "s", "beta"], frame),
        "Gamma–Gamma": (
            lambda: fit_gamma_gamma(*spenders(data)),
            clv.GammaGammaModel,
            ["p", "q", "v"],
            frame[frame.frequency > 0],
        ),
    }
    names = ("crmresearch", "pymc-marketing", "pymc", "pytensor", "numpy")
    print(", ".join(f"{name} {version(name)}" for name in names), f"Python {platform.python_version()}", sep="; ")
    print(
        "| model | crmresearch, s | flat priors, s | ratio | difference "
        "| default priors, s | difference | sampling, s |"
    )
    print(f"{'|---' * 8}|")
    for model, (fit, theirs_of, names_of, rows) in pairs.items():
        columns = [model]
        rows = rows if theirs_of is clv.GammaGammaModel else rows.drop(columns="monetary_value")
        flat, own = theirs_of(rows, model_config={name: Prior("HalfFlat") for name in names_of}), theirs_of(rows)
        fitted, both = fit(), []
        for other in (flat, own):
            other.fit(method="map", progressbar=False)  # compiles
        for _ in range(turns):
            with threadpool_limits(1):
                times = [timed(fit)[0]]
            both.append(times + [timed(lambda m=m: m.fit(method="map", progressbar=False))[0] for m in (flat, own)])
        ours, flats, owns = (list(times) for times in zip(*both, strict=True))
        far = []
        for other in (flat, own):
            found = [float(other.fit_result[name].to_numpy().ravel()[0]) for name in names_of]
            far.append(np.abs(np.array(found) / fitted.parameters - 1).max())
        columns += [spread(ours), spread(flats), f"{statistics.median(flats) / statistics.median(ours):.0f}"]
        columns += [f"{far[0]:.1e}", spread(owns), f"{far[1]:.1e}"]
        start = time.perf_counter()
        theirs_of(rows).fit(method="mcmc", progressbar=False, random_seed=1, cores=1)
        print(f"| {' | '.join(columns)} | {time.perf_counter() - start:.0f} |", flush=True)


def spread(times: list[float]) -> str:
    """Median [least, most]."""
    return f"{statistics.median(times):.3g} [{min(times):.3g}, {max(times):.3g}]"


def main() -> None:
    """Print the tables."""
    if sys.argv[1:2] == ["pymc"]:
        return against_pymc(int(sys.argv[2]) if len(sys.argv) > 2 else 5)
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    interpreter = sys.argv[2] if len(sys.argv) > 2 else None
    versions = ", ".join(f"{name} {version(name)}" for name in ("crmresearch", "numpy", "scipy", "pandas"))
    print(f"{versions}; Python {platform.python_version()}; {os.cpu_count()} cores, 1 thread used")
    print("processor seconds: median [least, most] of the turns\n")
    print("| customers | model | distinct rows | crmresearch, s | clvkit, s | ratio | largest relative difference |")
    print("|---|---|---|---|---|---|---|")
    for label, data, turns, known in (("2,357", published(), rounds, True), ("1,000,000", simulated(), 1, False)):
        fits: dict[str, Callable[[], Any]] = {
            "bg_nbd": lambda data=data: fit_bg_nbd(data["x"], data["t_x"], data["T"]),
            "mbg_nbd": lambda data=data: fit_mbg_nbd(data["x"], data["t_x"], data["T"]),
            "pareto_nbd": lambda data=data: fit_pareto_nbd(data["x"], data["t_x"], data["T"]),
            "gamma_gamma": lambda data=data: fit_gamma_gamma(*spenders(data)),
        }
        for model, fit in fits.items():
            if known:
                fit()  # warms up
            ours: list[float] = []
            other: list[float] = []
            for _ in range(turns):
                with threadpool_limits(1):
                    took, fitted = timed(fit)
                ours.append(took)
                if interpreter and model != "pareto_nbd":
                    took, parameters = theirs(interpreter, model, data)
                    other.append(took)
            columns = [label, model, f"{len(fitted.rows.weights):,}", spread(ours)]
            if other:
                ratio = statistics.median(other) / statistics.median(ours)
                difference = np.abs(np.array(parameters) / fitted.parameters - 1).max()
                columns += [spread(other), f"{ratio:.0f}", f"{difference:.1e}"]
            else:
                columns += ["–"] * 3
            print(f"| {' | '.join(columns)} |", flush=True)
            if model != "gamma_gamma":
                took, _ = timed(lambda f=fitted, d=data: f.discounted_purchases(d["x"], d["t_x"], d["T"], 52, 0.002))
                print(f"| {label} | {model}: discounted forecast of everybody | | {took:.3g} | – | – | – |")
    fitted = fit_bg_nbd(*(published()[name] for name in ("x", "t_x", "T")))
    took, _ = timed(lambda: bootstrap(fitted, 200, seed=1))
    print(f"\nbootstrap of BG/NBD on 2,357 customers: {1000 * took / 200:.1f} ms a resample")


if __name__ == "__main__":
    main()
