"""Constructs of second order by the disjoint two-stage approach, for one sample or a batch of them.

Stage one estimates the model without them, each of their paths standing for one of every component. Stage two
estimates the model in which the scores of the components are their items; all other constructs keep their own. Scores
are weighted sums of items, so that both stages need the moments of the items only.

Sources: Sarstedt et al. (2019), Australasian Marketing Journal 27, 197–211; Becker et al. (2023), International Journal
of Contemporary Hospitality Management 35, 321–346; van Riel et al. (2017), Industrial Management & Data Systems 117,
459–477 (composites of common factors).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crmresearch.sem.pls.algorithm import Floats, PathModel, Solution, Weights
from crmresearch.sem.pls.moments import Moments

Weigh = Callable[[Moments, PathModel], Weights]


@dataclass(frozen=True)
class Stages:
    """The two stages as path models; k constructs in all, k1 with items of their own, q products.

    first: p items, k1 constructs. main, full: the p2 variables of stage two, items of the others and scores of
    components, without and with the q products. structure: the k1 + q scores in their places. The rest are positions:
    `measured` (k1 + q,) and `of_second` (of the constructs of `full`) among all constructs; `variables` (p2,) among the
    p items followed by the k1 scores; `scores` (k1 + q,), the variables of `structure`, among `measured`; `parts` and
    `wholes` (d,), a component and its construct, among all; `part_variables` (d,) among the p2, `part_scores` (d,)
    among the variables of `structure`.
    """

    first: PathModel
    main: PathModel
    full: PathModel
    structure: PathModel
    measured: NDArray[np.intp]
    of_second: NDArray[np.intp]
    variables: NDArray[np.intp]
    scores: NDArray[np.intp]
    parts: NDArray[np.intp]
    wholes: NDArray[np.intp]
    part_variables: NDArray[np.intp]
    part_scores: NDArray[np.intp]

    def variables_of(self, first: Floats) -> Floats:
        """The variables of stage two as sums of standardised items (batch, p, p2), from the weights of stage one."""
        p = first.shape[1]
        items = np.broadcast_to(np.eye(p), (len(first), p, p))
        return np.concatenate([items, first[:, :, None] * self.first.mask], axis=2)[:, :, self.variables]

    def moments_of(self, moments: Moments, variables: Floats) -> Moments:
        """Moments of the variables of stage two and of the products behind the items; a score has mean 0 and SD 1."""
        p = self.first.mask.shape[0]
        full = with_identity(variables, moments.correlations.shape[1] - p)
        k, batch = self.first.mask.shape[1], len(full)

        def of(items: Floats, score: float) -> Floats:
            known = np.concatenate([items[:, :p], np.full((batch, k), score)], axis=1)[:, self.variables]
            return np.concatenate([known, items[:, p:]], axis=1)

        R = full.transpose(0, 2, 1) @ moments.correlations @ full
        return Moments(of(moments.means, 0.0), of(moments.deviations, 1.0), R)

    def own(self, first: Floats, second: Floats) -> Floats:
        """The weight of every item, and of the products behind them, in its own construct (batch, p + q).

        `first` (batch, p) and `second` (batch, p2 + q): the weights of the two stages.
        """
        p, p2 = first.shape[1], len(self.variables)
        kept = self.variables < p
        weights = np.concatenate([first, second[:, p2:]], axis=1)
        weights[:, self.variables[kept]] = second[:, :p2][:, kept]
        return weights

    def with_wholes(self, sums: Floats, weights: Floats) -> Floats:
        """What constructs sum up (batch, …, k), with that of their components times `weights` (batch, d) added to
        those of second order."""
        sums = sums.copy()
        for part, whole, weight in zip(self.parts, self.wholes, weights.T, strict=True):
            sums[..., whole] += sums[..., part] * weight.reshape(-1, *[1] * (sums.ndim - 2))
        return sums

    def formed(self, solution: Solution, weights: Floats) -> Solution:
        """The solution with the weights (batch, d) of components among its paths; no R² belongs to them."""
        paths = solution.paths.copy()
        paths[:, self.parts, self.wholes] = weights
        return solution._replace(paths=paths)

    def consistent(self, Q: Floats, cross: Floats, weigh: Callable[[Floats], Floats]) -> tuple[Floats, Floats, Floats]:
        """Correlations and cross-loadings with constructs of second order made of components without error.

        `Q` (batch, k + q, k + q) and `cross` are corrected for attenuation; of their second order only the places are
        used. `weigh` gives the weights of `structure` for correlations. Returns both and the weights (batch, d).
        """
        base = Q[:, self.measured[:, None], self.measured]
        exists = np.asarray(np.isfinite(base).all(axis=(1, 2)))
        base = np.where(exists[:, None, None], base, np.eye(base.shape[1]))
        w = weigh(base[:, self.scores[:, None], self.scores])
        w = np.where(exists[:, None], w, np.nan)
        made = np.zeros((len(Q), base.shape[1], Q.shape[1]))
        made[:, self.scores[:, None], self.of_second] = w[:, :, None] * self.structure.mask
        made[:, np.arange(len(self.measured)), self.measured] = 1.0
        correlations = made.transpose(0, 2, 1) @ base @ made
        return correlations, cross[:, :, self.measured] @ made, w[:, self.part_scores]


def with_identity(sums: Floats, more: int) -> Floats:
    """Sums (batch, p, m) and behind them `more` variables that stay as they are: (batch, p + more, m + more)."""
    if not more:
        return sums
    batch, p, m = sums.shape
    found = np.zeros((batch, p + more, m + more))
    found[:, :p, :m] = sums
    found[:, np.arange(p, p + more), np.arange(m, m + more)] = 1.0
    return found
