"""How many respondents a path needs: its power over the size of the sample, by simulation."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.stats import norm

from crmresearch.errors import ParameterError
from crmresearch.models.specification import Specification, product_key
from crmresearch.sem.pls.algorithm import Floats
from crmresearch.sem.pls.batch import model_arrays
from crmresearch.sem.pls.bootstrap import bootstrap
from crmresearch.sem.pls.estimate import estimate_pls

STEEP = (0.2, 0.995)  # power between which a curve tells a sample size; beyond, it is flat


@dataclass(frozen=True)
class Population:
    """What is true of the respondents that are simulated, everything standardised.

    `paths` by (predictor, outcome) and `moderations` by (predictor, moderator, outcome), 0 where they are not named;
    a moderation is the change of its path when the moderator rises by one standard deviation. `correlation` of every
    two constructs that nothing leads to. `reliability` (α) of the sum of a construct's items, which load alike; a
    single item is its construct. `incidence`: the share of yes, for a construct measured by one item of yes (1) or no.
    """

    paths: Mapping[tuple[str, str], float]
    moderations: Mapping[tuple[str, str, str], float] = field(default_factory=dict)
    correlation: float = 0.3
    reliability: float = 0.8
    incidence: Mapping[str, float] = field(default_factory=dict)

    def answers(self, specification: Specification, n: int, rng: np.random.Generator) -> pd.DataFrame:
        """The items (n, p) of n respondents, normal but for those of yes or no, each of variance 1.

        Raises ParameterError for a path or construct the specification does not have, and for paths that explain more
        than all of an outcome.
        """
        self._check(specification)
        scores = self._scores(specification, n, rng)
        columns = {}
        for j, construct in enumerate(specification.constructs):
            k, share = len(construct.items), self.incidence.get(construct.key)
            if share is not None:
                columns[construct.items[0]] = (scores[:, j] > norm.ppf(1 - share)).astype(float)
                continue
            # α = kλ² / (1 + (k − 1)λ²), solved for the loading (Spearman–Brown)
            squared = 1.0 if k == 1 else self.reliability / (k - (k - 1) * self.reliability)
            errors = rng.standard_normal((n, k)) * np.sqrt(1 - squared)
            columns |= dict(zip(construct.items, (np.sqrt(squared) * scores[:, j, None] + errors).T, strict=True))
        return pd.DataFrame(columns)

    def _scores(self, specification: Specification, n: int, rng: np.random.Generator) -> Floats:
        """Scores (n, k) of the constructs, of variance 1, outcomes after what leads to them."""
        keys = specification.keys
        place = {key: j for j, key in enumerate(keys)}
        given = [place[key] for key in keys if key not in specification.outcomes]
        phi, scores = np.eye(len(keys)), np.empty((n, len(keys)))
        among_given = self.correlation + (1 - self.correlation) * np.eye(len(given))
        phi[np.ix_(given, given)] = among_given
        scores[:, given] = rng.multivariate_normal(np.zeros(len(given)), among_given, n, method="cholesky")
        known = list(given)
        for j in model_arrays(specification).main.causal_order:
            if j in given:
                continue
            x = [place[key] for key in specification.predictors_of(keys[j])]
            b = np.array([self.paths.get((keys[i], keys[j]), 0.0) for i in x])
            products, g = self._products(specification, keys[j], place)
            a, z = products.T
            # of normal scores (Isserlis 1918): a product is uncorrelated with the scores
            among = phi[np.ix_(a, a)] * phi[np.ix_(z, z)] + phi[np.ix_(a, z)] * phi[np.ix_(z, a)]
            explained = b @ phi[np.ix_(x, x)] @ b + g @ among @ g
            if explained >= 1:
                raise ParameterError(
                    f"The paths to {keys[j]} explain {explained:.2f} of its variance, and no more than 1 can be: "
                    "make some smaller, or the correlation."
                )
            rest = rng.standard_normal(n) * np.sqrt(1 - explained)
            scores[:, j] = scores[:, x] @ b + (scores[:, a] * scores[:, z] - phi[a, z]) @ g + rest
            phi[j, known] = phi[known, j] = phi[np.ix_(known, x)] @ b
            known.append(j)
        return scores

    def _products(self, specification: Specification, outcome: str, place: Mapping[str, int]) -> tuple[Floats, Floats]:
        """Places (q, 2) of predictor and moderator of the moderations of an outcome, and their sizes (q,)."""
        found = [m for m in specification.moderations if m.outcome == outcome]
        places = [(place[m.predictor], place[m.moderator]) for m in found]
        sizes = [self.moderations.get((m.predictor, m.moderator, m.outcome), 0.0) for m in found]
        return np.array(places, dtype=np.intp).reshape(-1, 2), np.array(sizes)

    def _check(self, specification: Specification) -> None:
        arrows: set[tuple[str, ...]] = {(p.predictor, p.outcome) for p in specification.paths}
        arrows |= {(m.predictor, m.moderator, m.outcome) for m in specification.moderations}
        for named in (*self.paths, *self.moderations):
            if named not in arrows:
                raise ParameterError(
                    f"The population has a path {' → '.join(named)}, which {specification.theory.key} has not."
                )
        for key in self.incidence:
            if len(specification.construct(key).items) != 1:
                raise ParameterError(f"{key} has several items; `incidence` is for a single one of yes or no.")


def power_over_n(
    specification: Specification,
    population: Population,
    sizes: Sequence[int],
    *,
    replications: int = 200,
    resamples: int = 200,
    seed: int = 1,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """The share of simulated samples in which each path is found, by size of the sample.

    A path is found where it is beyond `confidence` of a normal distribution with the standard error of `resamples`
    bootstrap resamples, on either side of 0: where the path is 0 that is the share of false alarms. Columns estimator
    (pls, plsc), outcome, predictor (a product `a:b` for a moderation), true, n, replications (those that could be
    estimated), found (a count), power (found / replications), power_error (its Monte-Carlo standard error), mean (of
    the estimates).

    Checked against Cohen (1988, table 3.4.1): 85 pairs find a correlation of .30 with a power of .80.

    Raises ParameterError as `Population.answers`, EstimationError where a size is too small for the specification.

    >>> import crmresearch as crm
    >>> model = crm.model("x =~ x1 + x2 + x3\\ny =~ y1 + y2 + y3\\ny ~ x")
    >>> found = power_over_n(model, Population({("x", "y"): 0.5}), [60], replications=5, resamples=50)
    >>> found[["estimator", "true", "n", "replications"]].values.tolist()
    [['pls', 0.5, 60, 5], ['plsc', 0.5, 60, 5]]
    """
    truth = {(p.outcome, p.predictor): population.paths.get((p.predictor, p.outcome), 0.0) for p in specification.paths}
    for m in specification.moderations:
        size = population.moderations.get((m.predictor, m.moderator, m.outcome), 0.0)
        truth[m.outcome, product_key(m.predictor, m.moderator)] = size
    beyond = norm.ppf((1 + confidence) / 2)
    parts = []
    for n in sizes:
        for replication in range(replications):
            rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(n, replication)))
            items = population.answers(specification, n, rng)
            estimate = estimate_pls(specification, items, cautions=False)
            parts.append(
                bootstrap(estimate, resamples=resamples, seed=int(rng.integers(2**31)), cautions=False)
                .paths[["estimator", "outcome", "predictor", "estimate", "se"]]
                .assign(n=n)
            )
    drawn = pd.concat(parts).dropna()
    drawn["found"] = drawn["estimate"].abs() > beyond * drawn["se"]
    by = ["estimator", "outcome", "predictor", "n"]
    counts = drawn.groupby(by, sort=False).agg(
        replications=("found", "size"), found=("found", "sum"), mean=("estimate", "mean")
    )
    table = counts.reset_index()
    table["true"] = [truth[pair] for pair in zip(table["outcome"], table["predictor"], strict=True)]
    table["power"] = table["found"] / table["replications"]
    table["power_error"] = np.sqrt(table["power"] * (1 - table["power"]) / table["replications"])
    return table[[*by[:3], "true", "n", "replications", "found", "power", "power_error", "mean"]]


def respondents(power: pd.DataFrame, levels: Iterable[float] = (0.8, 0.9)) -> pd.DataFrame:
    """The size of the sample at which paths of one kind reach these levels of power.

    `power` (rows of `power_over_n` that count as one kind): the power is taken to be Φ(a + b √n), as it is of an
    estimate whose error falls with √n, with a and b by maximum likelihood from the sizes whose power lies between 0.2
    and 0.995. Columns power, n, n_error: its Monte-Carlo standard error (delta method, dispersion not below the
    binomial). NaN where fewer than two sizes tell, or the curve does not rise.

    >>> curve = pd.DataFrame({"n": [50, 100, 200], "replications": 1000, "found": [562, 851, 988]})
    >>> respondents(curve)["n"].round().tolist()
    [88.0, 117.0]
    """
    rows = power.groupby("n", as_index=False)[["found", "replications"]].sum()
    rows = rows[(rows["found"] / rows["replications"]).between(*STEEP)]
    levels = np.array(list(levels))
    nothing = pd.DataFrame({"power": levels, "n": np.nan, "n_error": np.nan})
    if len(rows) < 2:
        return nothing
    counts = np.column_stack([rows["found"], rows["replications"] - rows["found"]])
    design = sm.add_constant(np.sqrt(rows["n"].to_numpy(dtype=float)))
    fit = sm.GLM(counts, design, family=sm.families.Binomial(sm.families.links.Probit())).fit()
    a, b = fit.params
    if b <= 0:
        return nothing
    dispersion = max(1.0, fit.pearson_chi2 / fit.df_resid) if fit.df_resid else 1.0
    root = (norm.ppf(levels) - a) / b
    slope = np.column_stack([-2 * root / b, -2 * root**2 / b])  # of n = root² in a and b
    errors = np.sqrt(dispersion * np.einsum("ij,jk,ik->i", slope, fit.cov_params(), slope))
    return pd.DataFrame({"power": levels, "n": root**2, "n_error": errors})
