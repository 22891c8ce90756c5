"""What to improve first, from the front door: importance and performance, necessary conditions, and both together."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from crmresearch.data.survey.survey import Survey
from crmresearch.errors import ParameterError
from crmresearch.front.estimates import least_squares, resampled
from crmresearch.front.surveys import Missing
from crmresearch.front.tables import Scale, bounds_of
from crmresearch.models.specification import Specification
from crmresearch.sem.pls.result import PlsEstimate
from crmresearch.sem.priorities.ceilings import CeilingName
from crmresearch.sem.priorities.cipma import Cipma, combined, necessity_of
from crmresearch.sem.priorities.ipma import Ipma, importance_performance_map
from crmresearch.sem.priorities.necessity import Necessity, necessity


def ipma(
    model: PlsEstimate | Specification | str,
    data: pd.DataFrame | Survey | None = None,
    *,
    scale: Scale | None = None,
    target: str | None = None,
    resamples: int = 1000,
    seed: int = 1,
    confidence: float = 0.95,
    missing: Missing = "refuse",
) -> Ipma:
    """The importance–performance map: `.constructs` and `.items`, a row each, with intervals, ranks; `.cautions`.

    `model`: an estimate of `estimate_pls` (its own bootstrap, where it has one, is used), or a model and `data` (n, p),
    a survey or a frame, gaps as `missing` says. `scale`: lowest and highest answer of all items, a frame with a row an
    item and the columns min and max, or the survey; by default that of the survey. `target`: the outcome to raise; by
    default loyalty, or the last one. `resamples`, `seed` and `confidence` of the bootstrap. Importance is the
    unstandardised total effect on the target, performance the mean, both of scores from 0 to 100 whose items are
    weighed by weight / standard deviation. Source: Ringle & Sarstedt (2016), Industrial Management & Data Systems 116,
    1865–1886; ranks: Mogstad et al. (2024). Checked against that definition in R.

    Raises ParameterError for another estimate, an unknown target or item without scale, EstimationError as
    `estimate_pls`.

    >>> import crmresearch as crm
    >>> survey = crm.load_survey("ecsi_mobile")
    >>> text = "sat =~ CUSA1 + CUSA2 + CUSA3\\nloy =~ CUSL1 + CUSL2 + CUSL3\\nloy ~ sat"
    >>> found = crm.ipma(text, survey, resamples=50)
    >>> found.constructs[["construct", "performance"]].round(1).values.tolist()
    [['sat', 72.5]]
    >>> len(found.items), list(found.items["rank_lower"].astype(int))[0]
    (3, 1)
    """
    estimate = resampled(_estimate(model, data, missing, "ipma"), resamples, seed, confidence)
    return importance_performance_map(estimate, _bounds(estimate, data, scale), target)


def nca(
    model: PlsEstimate | Specification | str | pd.DataFrame | ArrayLike,
    data: pd.DataFrame | Survey | ArrayLike | None = None,
    *,
    target: str | None = None,
    scale: Scale | None = None,
    levels: Sequence[float] | None = None,
    low: Collection[str] = (),
    ceiling: CeilingName = "ce_fdh",
    permutations: int = 10_000,
    seed: int = 1,
    confidence: float = 0.95,
    missing: Missing = "refuse",
) -> Necessity:
    """Necessary condition analysis: `.effects`, `.bottleneck`, `.influential`, a row each, and `.cautions`.

    `model` and `data`: x and y, arrays (n,); or a frame alone, whose column `target` is the outcome and all others are
    conditions; or an estimate of `estimate_pls`; or a model and its answers (n, p), gaps as `missing` says. Of a model
    the conditions are all constructs that lead to the target, by their scores, in points of the `scale` (as of `ipma`;
    without one in standard deviations). `levels`: of the outcome, for the bottlenecks. `low`: conditions of which a low
    level is needed. `ceiling`: ce_fdh (steps) or cr_fdh (line), by which statements are made; both are computed.
    `permutations` and `seed` of the test, all orders up to 8 rows; necessary is what has d ≥ .1 and a p, adjusted for
    the number of conditions (Holm), below 1 − `confidence`. Sampling weights have no part in it. Source: Dul (2016),
    Organizational Research Methods 19, 10–52; Dul, van der Laan & Kuik (2020) of the test; Richter et al. (2020) with
    PLS. Checked against the R packages NCA 5.0.1 and seminrExtras 1.0.3, except that respondents at the same place are
    one peer (NCA counts copies) and p is (k + 1) / (R + 1).

    Raises ParameterError for arrays of different length, words, an unknown column, target or ceiling, EstimationError
    as `estimate_pls`.

    >>> import crmresearch as crm
    >>> found = crm.nca([1, 2, 3, 4, 5, 6, 7, 7], [1, 2, 2, 4, 4, 5, 7, 3])
    >>> found.effects[["ceiling", "d", "p_value"]].round(3).values.tolist()
    [['ce_fdh', 0.667, 0.004], ['cr_fdh', 0.533, 0.002]]
    >>> found.bottleneck.query("ceiling == 'ce_fdh' and level == 7")["required"].item()
    7.0
    """
    options: dict[str, Any] = {"low": low, "leading": ceiling, "permutations": permutations, "seed": seed,
                               "confidence": confidence}  # fmt: skip
    if isinstance(model, pd.DataFrame):
        if target is None:
            raise ParameterError("Name the outcome: target is the column of the frame whose conditions are looked for.")
        return necessity(model, target, levels=levels, **options)
    if not isinstance(model, PlsEstimate | Specification | str):
        return necessity(_pair(model, data), "y", levels=levels, **options)
    estimate = _estimate(model, data, missing, "nca")
    known = scale is not None or isinstance(data, Survey)
    bounds = _bounds(estimate, data, scale) if known else None
    return necessity_of(estimate, bounds, target, levels=levels, **options)[0]


def cipma(
    model: PlsEstimate | Specification | str,
    data: pd.DataFrame | Survey | None = None,
    *,
    scale: Scale | None = None,
    target: str | None = None,
    wanted: float | None = None,
    low: Collection[str] = (),
    ceiling: CeilingName = "ce_fdh",
    permutations: int = 10_000,
    resamples: int = 1000,
    seed: int = 1,
    confidence: float = 0.95,
    missing: Missing = "refuse",
) -> Cipma:
    """Importance, performance and necessity together: `.table`, a row a construct; `.ipma`, `.necessity`, `.cautions`.

    `model`, `data`, `scale`, `target`, `resamples`, `confidence` and `missing` as of `ipma`; `low`, `ceiling` and
    `permutations` as of `nca`; `seed` of both. `wanted`: the level of the target that is wished for, in its own unit;
    by default the point nearest to four fifths of its scale. share_below is the share of respondents below what that
    level requires. priority says both, necessary, important, neither or open; important means above the mean importance
    beyond chance. Source: Hauff et al. (2024), Journal of Retailing and Consumer Services 78, 103723.

    Raises ParameterError and EstimationError as the two, and for a level that is not on the scale.

    >>> import crmresearch as crm
    >>> survey = crm.load_survey("ecsi_mobile")
    >>> text = "sat =~ CUSA1 + CUSA2 + CUSA3\\nloy =~ CUSL1 + CUSL2 + CUSL3\\nloy ~ sat"
    >>> found = crm.cipma(text, survey, resamples=50, permutations=999)
    >>> found.wanted, found.table["necessary"].tolist()
    (8.0, [True])
    """
    estimate = resampled(_estimate(model, data, missing, "cipma"), resamples, seed, confidence)
    return combined(
        estimate, _bounds(estimate, data, scale), target, wanted=wanted, low=low, leading=ceiling,
        permutations=permutations, seed=seed,
    )  # fmt: skip


def _estimate(model: Any, data: Any, missing: Missing, name: str) -> PlsEstimate:
    """The estimate given, beside which `data` tells its scales; or that of a model and its answers."""
    if isinstance(model, Specification | str):
        return least_squares(model, data, name, missing=missing)
    return least_squares(model, None, name)


def _bounds(estimate: PlsEstimate, data: Any, scale: Scale | None) -> pd.DataFrame:
    scale = data if scale is None and isinstance(data, Survey) else scale
    if scale is None:
        raise ParameterError(
            "The ends of the scales are not known: pass scale, (1, 10) or a frame with min and max, or the survey."
        )
    return bounds_of(estimate.specification.items, scale)


def _pair(x: Any, y: Any) -> pd.DataFrame:
    """The frame of two arrays, with columns x and y."""
    if y is None:
        raise ParameterError("nca takes a condition and an outcome: pass x and y, or a frame and target.")
    try:
        columns = [np.asarray(one, dtype=np.float64) for one in (x, y)]
    except (TypeError, ValueError):
        raise ParameterError("x and y are not all numbers; turn them into numbers first.") from None
    if columns[0].ndim != 1 or columns[0].shape != columns[1].shape:
        shapes = " and ".join(str(one.shape) for one in columns)
        raise ParameterError(f"x and y are arrays of one answer a respondent, of the same length; they have {shapes}.")
    return pd.DataFrame(dict(zip("xy", columns, strict=True)))
