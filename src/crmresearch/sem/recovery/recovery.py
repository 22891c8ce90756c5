"""Parameter recovery: what estimators find of paths that are known, over many simulated samples.

Respondents are drawn from a truth (`crmresearch.simulation`), every sample is estimated with the intervals that a
report prints, and the rates are those a methodologist asks for: bias, coverage, type I error, power, each with its
Monte-Carlo error (Morris, White & Crowther 2019, Statistics in Medicine 38, 2074–2102).
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from crmresearch.errors import ParameterError
from crmresearch.sem.recovery.recovery_fits import CbFitter, Fitter, PlsFitter
from crmresearch.sem.recovery.recovery_groups import NULL, PATH
from crmresearch.simulation.population import population, true_paths
from crmresearch.simulation.truth import Truth

BAND = (0.935, 0.965)  # coverage that a 95% interval should have
LEAST = 250  # respondents from which coverage is judged
RIGHT = {"plsc": "factors", "cbsem": "factors", "pls": "composites"}  # the population each estimator is made for
CELL = ["scenario", "n", "estimator"]


@dataclass(frozen=True)
class Recovery:
    """What was estimated of known paths in simulated samples.

    `draws`: scenario, n, replication, estimator, outcome, predictor, estimate, lower, upper (95%), a row a path and
    sample. `truths`: scenario, outcome, predictor, true. `targets`: scenario, estimator, outcome, predictor, target,
    the value an estimator has in the whole population. `failed`: scenario, n, estimator, samples, failed (no estimate).
    """

    draws: pd.DataFrame
    truths: pd.DataFrame
    targets: pd.DataFrame
    failed: pd.DataFrame
    resamples: int
    seed: int

    @cached_property
    def judged(self) -> pd.DataFrame:
        """`draws` with true, target, and whether an interval covers either, and leaves 0 out (rejected)."""
        known = self.draws.merge(self.truths, on=["scenario", *PATH], how="left")
        known = known.merge(self.targets, on=["scenario", "estimator", *PATH], how="left")
        low, high = known["lower"], known["upper"]
        return known.assign(
            covered=(low <= known["true"]) & (known["true"] <= high),
            covers_target=((low <= known["target"]) & (known["target"] <= high)).where(known["target"].notna()),
            rejected=(low > 0) | (high < 0),
        )

    @cached_property
    def rates(self) -> pd.DataFrame:
        """Every path by scenario, n and estimator: true, target, bias, sd, coverage, rejected, and Monte-Carlo errors.

        bias: mean estimate less truth, its error sd/√R; coverage and rejected (power where true is not 0, else type I
        error): shares of the R samples with the error of `share_error`.
        """
        by = self.judged.groupby([*CELL, *PATH], sort=False)
        table = by.agg(
            true=("true", "first"), target=("target", "first"), mean=("estimate", "mean"), sd=("estimate", "std"),
            coverage=("covered", "mean"), target_coverage=("covers_target", "mean"), rejected=("rejected", "mean"),
            samples=("estimate", "size"),
        ).reset_index()  # fmt: skip
        table.insert(table.columns.get_loc("mean"), "bias", table.pop("mean") - table["true"])
        table["bias_error"] = table["sd"] / np.sqrt(table["samples"])
        for share in ("coverage", "rejected"):
            table[f"{share}_error"] = share_error(table[share], table["samples"])
        return _ordered(table, ["scenario", "n", *PATH, "estimator"])

    def pooled(self, moderations: bool = False) -> pd.DataFrame:
        """Rates of all paths, or of all moderations, together by scenario, n and estimator.

        Columns: bias (mean, towards 0 negative), bias_error; coverage, target_coverage, type_one (true path 0), power
        (others), each with its `_error`, from sample to sample, and NaN where there is no such path; samples.
        """
        table = self.judged[self.judged["predictor"].str.contains(":", regex=False) == moderations]
        null = table["true"].abs() < NULL
        toward = np.sign(table["true"]).where(~null)
        rejected = table["rejected"].astype(float)
        parts = table.assign(
            bias=(table["estimate"] - table["true"]) * toward,
            coverage=table["covered"].astype(float),
            target_coverage=table["covers_target"].astype(float),
            type_one=rejected.where(null),
            power=rejected.where(~null),
        )
        names = ["bias", "coverage", "target_coverage", "type_one", "power"]
        each = parts.groupby([*CELL, "replication"], sort=False)[names].mean()
        by = each.groupby(CELL, sort=False)
        mean, error = by.mean(), by.sem()
        error[names[1:]] = pd.DataFrame({name: _rate(by[name])[1] for name in names[1:]})
        columns = {name: part for n in names for name, part in ((n, mean[n]), (f"{n}_error", error[n]))}
        found = pd.DataFrame(columns).assign(samples=by.size()).reset_index()
        return _ordered(found, CELL)

    @property
    def sizes(self) -> list[int]:
        """Respondents of the samples of factors, from few to many."""
        return sorted(set(self.draws.loc[self.draws["scenario"] == "factors", "n"]))

    @property
    def judged_from(self) -> int:
        """The fewest respondents from which coverage is judged; where all samples are smaller, those of the largest."""
        return min((n for n in self.sizes if n >= LEAST), default=self.sizes[-1])

    @cached_property
    def promise(self) -> pd.DataFrame:
        """Whether 95% intervals keep their promise where the estimator is right, in samples of `judged_from` or more.

        By estimator: share and its Monte-Carlo error; verdict inside or outside where share ± 1.96 errors lies within
        or beyond `BAND`, else open. Without moderations.
        """
        there = set(self.draws[["scenario", "estimator"]].itertuples(index=False, name=None))
        rows = {}
        for estimator in (one for one, scenario in RIGHT.items() if (scenario, one) in there):
            share, error = self.coverage(RIGHT[estimator], estimator, self.judged_from)
            low, high = share - 1.96 * error, share + 1.96 * error
            beyond = high < BAND[0] or low > BAND[1]
            verdict = "outside" if beyond else "inside" if low >= BAND[0] and high <= BAND[1] else "open"
            rows[estimator] = (share, error, verdict)
        return pd.DataFrame.from_dict(rows, orient="index", columns=["share", "error", "verdict"])

    def claims(self, least: int = 0, moderations: bool = False) -> pd.DataFrame:
        """How often what is not there is told from 0, in samples of `least` respondents or more.

        By scenario and estimator: share of intervals of paths, or of moderations, that are 0, and Monte-Carlo error.
        """
        table = self.judged[self.judged["true"].abs() < NULL]
        table = table[table["predictor"].str.contains(":", regex=False) == moderations]
        table = table[table["n"] >= least]
        each = table.groupby(["scenario", "estimator", "n", "replication"], sort=False)["rejected"].mean()
        by = each.groupby(["scenario", "estimator"], sort=False)
        share, error = _rate(by)
        return pd.DataFrame({"share": share, "error": error}).reset_index()

    def missed(self, scenario: str, estimator: str) -> pd.DataFrame:
        """Rows of `rates` whose coverage lies below `BAND` by more than 1.96 errors, least coverage first."""
        table = self.rates[(self.rates["scenario"] == scenario) & (self.rates["estimator"] == estimator)]
        below = table[table["coverage"] + 1.96 * table["coverage_error"] < BAND[0]]
        return below.sort_values("coverage", kind="stable", ignore_index=True)

    def coverage(self, scenario: str, estimator: str, least: int = 0, moderations: bool = False) -> tuple[float, float]:
        """Coverage of all paths in all samples of `least` respondents or more, and its Monte-Carlo error."""
        table = self.judged
        kept = (table["scenario"] == scenario) & (table["estimator"] == estimator) & (table["n"] >= least)
        kept &= table["predictor"].str.contains(":", regex=False) == moderations
        each = table[kept].groupby(["n", "replication"])["covered"].mean()
        return float(each.mean()), float(each.sem())

    def needed(self, estimator: str, power: float = 0.8, scenario: str = "factors") -> dict[float, int | None]:
        """Size of a true path → the fewest respondents simulated with this power or more, None where none has it."""
        table = self.power.query("estimator == @estimator and scenario == @scenario and size > 0")
        enough = table[table["rejected"] >= power].groupby("size")["n"].min()
        return {float(size): int(enough[size]) if size in enough else None for size in sorted(set(table["size"]))}

    @cached_property
    def power(self) -> pd.DataFrame:
        """Share of intervals that leave 0 out by scenario, n, estimator and size of the true path: rejected, _error."""
        table = self.judged[~self.judged["predictor"].str.contains(":", regex=False)]
        table = table.assign(size=table["true"].abs().round(2), rejected=table["rejected"].astype(float))
        each = table.groupby([*CELL, "size", "replication"], sort=False)["rejected"].mean()
        by = each.groupby([*CELL, "size"], sort=False)
        share, error = _rate(by)
        found = pd.DataFrame({"rejected": share, "rejected_error": error, "samples": by.size()})
        return _ordered(found.reset_index(), [*CELL, "size"])


def recover(
    scenarios: Mapping[str, Truth],
    sizes: Mapping[str, Sequence[int]],
    *,
    replications: int = 100,
    resamples: int = 199,
    seed: int = 1,
    covariance: Mapping[str, Sequence[int]] | None = None,
    covariance_replications: int = 20,
    workers: int = 1,
) -> Recovery:
    """Estimate the paths of known truths from simulated samples by PLS, PLSc and, where asked, CB-SEM.

    `scenarios`: truths by name; `sizes` and `covariance`: respondents of the samples of each, for PLS and PLSc, and for
    CB-SEM. Intervals of PLS and PLSc are percentiles of `resamples` bootstrap samples at the ranks (resamples + 1)
    (1 ± .95)/2, so that few resamples do not make them short (Davison & Hinkley 1997, section 5.2); those of CB-SEM are
    Wald intervals of its expected information. Rows with a gap are left out. The same seed gives the same numbers for
    any number of `workers` (threads); the sample of a replication is the same for every estimator.

    Raises ParameterError for fewer than 2 replications or 39 resamples, TruthError for an impossible truth.

    >>> truth = Truth(model="x =~ A + B + C\\ny =~ D + E + F\\ny ~ x", paths={"y": {"x": 0.5}})
    >>> found = recover({"factors": truth}, {"factors": [200]}, replications=20, resamples=39)
    >>> found.pooled()[["estimator", "samples"]].values.tolist()
    [['plsc', 20], ['pls', 20]]
    """
    if replications < 2 or resamples < 39:
        raise ParameterError(
            f"replications must be 2 or more and resamples 39 or more; they are {replications} and {resamples}."
        )
    tasks: list[tuple[Fitter, str, int, int]] = []
    truths, targets = [], []
    for name, truth in scenarios.items():
        people = population(truth)
        fitters: list[tuple[Fitter, Iterable[int], int]] = [
            (PlsFitter(people, resamples), sizes.get(name, ()), replications)
        ]
        if covariance and covariance.get(name):
            fitters.append((CbFitter(people), covariance[name], covariance_replications))
        truths.append(true_paths(people).assign(scenario=name))
        for fitter, ns, count in fitters:
            targets.append(fitter.targets().assign(scenario=name))
            tasks += [(fitter, name, n, r) for n, r in product(ns, range(count))]

    def run(task: tuple[Fitter, str, int, int]) -> list[pd.DataFrame]:
        fitter, name, n, r = task
        stream = np.random.SeedSequence(seed, spawn_key=(n, r)).generate_state(1, np.uint64)[0]
        return [part.assign(scenario=name, n=n, replication=r) for part in fitter.fit(n, int(stream))]

    with threadpool_limits(1), ThreadPoolExecutor(workers) as pool:
        draws = pd.concat([part for parts in pool.map(run, tasks) for part in parts], ignore_index=True)
    known = draws["estimate"].notna() & draws["lower"].notna()
    whole = known.groupby([draws[name] for name in [*CELL, "replication"]], sort=False).all()
    ended = whole.groupby(CELL, sort=False).agg(samples="size", used="sum").reset_index()
    failed = ended.assign(failed=ended["samples"] - ended["used"]).drop(columns="used")
    kept = draws.set_index([*CELL, "replication"]).loc[whole[whole].index].reset_index()
    return Recovery(
        kept[["scenario", "n", "replication", "estimator", *PATH, "estimate", "lower", "upper"]],
        pd.concat(truths, ignore_index=True)[["scenario", *PATH, "true"]],
        pd.concat(targets, ignore_index=True)[["scenario", "estimator", *PATH, "target"]],
        failed,
        resamples,
        seed,
    )


def recover_truth(
    truth: Truth,
    sizes: Sequence[int],
    *,
    replications: int = 100,
    resamples: int = 119,
    covariance_replications: int = 50,
    seed: int = 1,
    workers: int = 1,
) -> Recovery:
    """`recover` in three populations of one truth.

    factors: its constructs as common factors, answers continuous and undisturbed, in samples of all `sizes`, which
    CB-SEM estimates from twice as many respondents as items on; composites: the same of composites, and answered: the
    truth as it stands, with its groups, scale, gaps and careless respondents, both in samples of the middle size.
    """
    plain, middle = truth.undisturbed(), [sorted(sizes)[len(sizes) // 2]]
    populations = {"factors": plain, "composites": plain.of_composites(), "answered": truth}
    of_each = {"factors": sizes, "composites": middle, "answered": middle}
    enough = [n for n in sizes if n >= 2 * len(truth.specification.items)]
    return recover(
        populations, of_each, replications=replications, resamples=resamples, seed=seed, workers=workers,
        covariance={"factors": enough} if covariance_replications else None,
        covariance_replications=covariance_replications,
    )  # fmt: skip


def _rate(by: Any) -> tuple[pd.Series, pd.Series]:
    """Mean of a share of every sample and its error from sample to sample; where all are 0 or all 1 `share_error`."""
    mean, error = by.mean(), by.sem()
    return mean, error.where((mean > 0) & (mean < 1), share_error(mean, by.size()))


def _ordered(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """The rows by these columns; populations as they came, estimators that are made for factors first."""
    first = {name: i for i, name in enumerate([*dict.fromkeys(table["scenario"]), *RIGHT])}
    return table.sort_values(
        by, key=lambda c: c.map(lambda cell: first.get(cell, cell)), kind="stable", ignore_index=True
    )


def share_error(share: pd.Series, samples: pd.Series) -> pd.Series:
    """Monte-Carlo error √(s (1 − s)/R) of a share s of R samples; where s is 0 or 1 that of (R s + 2)/(R + 4).

    Agresti & Coull (1998), The American Statistician 52, 119–126.
    """
    inner = (share * samples + 2) / (samples + 4)
    kept = share.where((share > 0) & (share < 1), inner)
    return np.sqrt(kept * (1 - kept) / samples)
