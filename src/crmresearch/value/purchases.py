"""What every purchase model can say about customers once it is fitted: alive or not, purchases to come, discounted."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from crmresearch.errors import EstimationError
from crmresearch.value.histories import Floats, Scores, UniqueRows, checked_histories, histories, in_blocks, unique_rows
from crmresearch.value.maximum import MaximumFit, maximise_rows
from crmresearch.value.negative_binomial import fit_nbd

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(48)
NODES, NODE_WEIGHTS = (_NODES + 1) / 2, _WEIGHTS / 2  # on [0, 1]
DROPOUT = 9.21  # χ² of two degrees of freedom, 99 %


@dataclass(frozen=True)
class PurchaseFit(MaximumFit, ABC):
    """A purchase model at its maximum likelihood; times are in the unit of the t_x and T it was fitted on.

    `parameters` and `standard_errors` are named tuples; `covariances` (k, k) belong to the natural parameters;
    `rows` are the unique weighted histories the fit saw.
    """

    names: ClassVar[type[Any]]  # the named tuple of the parameters
    timed: ClassVar[tuple[bool, ...]]  # which parameters are times, so that their start follows the data
    silence_counts: ClassVar[bool] = False  # whether t_x says of a living customer when the next purchase is due

    @staticmethod
    @abstractmethod
    def score(theta: Scores, rows: UniqueRows) -> tuple[float, Scores]:
        """Log-likelihood and its gradient (k,) at log-parameters theta (k,), real or complex."""

    @abstractmethod
    def _p_alive(self, x: Floats, t_x: Floats, T: Floats) -> Floats:
        """P(alive) (n,) for checked histories."""

    @abstractmethod
    def _purchases_if_alive(self, x: Floats, t_x: Floats, T: Floats, horizon: float, rate: float) -> Floats:
        """Expected discounted purchases (n,) in (T, T + horizon] of customers known to be alive at T."""

    @abstractmethod
    def _draw_if_alive(self, x: Floats, t_x: Floats, T: Floats, horizon: float, rng: np.random.Generator) -> Floats:
        """Purchases (n,) in (T, T + horizon] drawn for customers known to be alive at T."""

    @cached_property
    def dropout_evidence(self) -> float:
        """Twice the log-likelihood by which dropout betters NBD, the same model in which nobody ever leaves."""
        return 2 * (self.log_likelihood - fit_nbd(self.rows).log_likelihood)

    @property
    def tells_dropout(self) -> bool:
        """Whether the data tell leaving from waiting; only then P(alive) is a result, and nobody should print it else.

        A likelihood ratio test of the two parameters of dropout at 1 %. Without dropout they lie at a bound, where the
        ratio is smaller than χ²: of simulated worlds without dropout, fewer than 1 % show any.
        """
        return self.dropout_evidence > DROPOUT

    @property
    def settled(self) -> bool:
        """Whether the search converged inside its bounds; a fit that did not is never called better than another."""
        return self.converged and all(caution.code != "boundary" for caution in self.cautions)

    @classmethod
    def estimate(cls, rows: UniqueRows, near: Any = None) -> Any:
        """Fit unique rows; `near`: a fit of much the same customers, which is quicker and may leave errors NaN."""
        _, _, T = rows.columns
        scale = np.log(rows.weights @ T / rows.n)
        centre = np.where(cls.timed, scale, 0.0)
        start = None if near is None else near.maximum
        best = maximise_rows(cls.score, rows, centre, cls.names._fields, start)
        return cls(
            cls.names(*best.parameters.tolist()),
            cls.names(*best.standard_errors.tolist()),
            best.log_likelihood,
            rows.n,
            best.converged,
            best.cautions,
            best.covariances,
            rows,
        )

    @classmethod
    def fit(cls, x: ArrayLike, t_x: ArrayLike, T: ArrayLike, weights: ArrayLike | None = None) -> Any:
        """Fit repeat purchases x, time of the last one t_x and time observed T, each (n,)."""
        return cls.estimate(histories(x, t_x, T, weights))

    def p_alive(self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Floats:
        """Probability (n,) that each customer is still one at T.

        Raises EstimationError for impossible histories.
        """
        return self._of_each(self._p_alive_in_blocks, x, t_x, T)

    def expected_purchases(self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike, horizon: float) -> Floats:
        """Purchases (n,) each customer is expected to make in (T, T + horizon], given their history."""
        return self.discounted_purchases(x, t_x, T, horizon, 0.0)

    def discounted_purchases(self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike, horizon: float, rate: float) -> Floats:
        """Expected purchases (n,) in (T, T + horizon], one at T + u counted e^(−rate·u).

        `rate` is continuous, per unit of time: log(1 + yearly rate) / units in a year. The discount is taken at the
        moment of each purchase, not at the end of a week.
        """
        _check_outlook(horizon, rate)

        def purchases(x: Floats, t_x: Floats, T: Floats) -> Floats:
            return self._p_alive_in_blocks(x, t_x, T) * self._if_alive_unique(x, t_x, T, horizon, rate)

        return self._of_each(purchases, x, t_x, T)

    def draw_purchases(
        self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike, horizon: float, rng: np.random.Generator
    ) -> Floats:
        """Purchases (n,) that each customer may make in (T, T + horizon], drawn given their history; a finite horizon.

        The mean of many draws is `expected_purchases`; their spread is what differs between customers alike.
        """
        _check_outlook(horizon, 0.0)
        histories = checked_histories(*np.broadcast_arrays(*np.atleast_1d(x, t_x, T)))
        alive = rng.random(len(histories[0])) < self.p_alive(*histories)
        return np.where(alive, self._draw_if_alive(*histories, horizon, rng), 0.0)

    def silence(self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike, horizon: float) -> Floats:
        """Probability (n,) of no purchase in (T, T + horizon]: left for good, or still a customer and not buying.

        1 − P(alive) · (1 − P(no purchase | alive)); of BG/NBD, MBG/NBD and contracts. Checked against `draw_purchases`.
        Raises EstimationError for impossible histories and for a model that has no formula for it.
        """
        _check_outlook(horizon, 0.0)

        def silent(x: Floats, t_x: Floats, T: Floats) -> Floats:
            waits = in_blocks(lambda x, t_x, T: self._silent_if_alive(x, t_x, T, horizon), x, t_x, T)
            return 1 - self._p_alive_in_blocks(x, t_x, T) * (1 - waits)

        return self._of_each(silent, x, t_x, T)

    def _silent_if_alive(self, x: Floats, t_x: Floats, T: Floats, horizon: float) -> Floats:
        """Probability (n,) of no purchase in (T, T + horizon] of customers known to be alive at T."""
        raise EstimationError(f"{type(self).__name__} has no formula for the probability of no purchase.")

    def expected_purchases_of_new(self, horizon: float) -> float:
        """Repeat purchases a new customer is expected to make in (0, horizon] after the first purchase."""
        none = np.zeros(1)
        return float(self.expected_purchases(none, none, none, horizon)[0])

    def _p_alive_in_blocks(self, x: Floats, t_x: Floats, T: Floats) -> Floats:
        return in_blocks(self._p_alive, x, t_x, T)

    def _if_alive_unique(self, x: Floats, t_x: Floats, T: Floats, horizon: float, rate: float) -> Floats:
        """As `_purchases_if_alive`, computed once for every distinct history, or (x, T) where t_x says nothing more."""
        rows = unique_rows([x, t_x if self.silence_counts else np.zeros_like(t_x), T])
        if horizon == 0:
            return np.zeros(len(x))

        def purchases(x: Floats, t_x: Floats, T: Floats) -> Floats:
            return self._purchases_if_alive(x, t_x, T, horizon, rate)

        return in_blocks(purchases, *rows.columns)[rows.position]

    @staticmethod
    def _of_each(
        formula: Callable[[Floats, Floats, Floats], Floats], x: ArrayLike, t_x: ArrayLike, T: ArrayLike
    ) -> Floats:
        """A formula computed once for every distinct history."""
        checked = checked_histories(*np.broadcast_arrays(*np.atleast_1d(x, t_x, T)))
        if not len(checked[0]):
            return np.zeros(0)
        rows = unique_rows(list(checked))
        return formula(*rows.columns)[rows.position]


def _check_outlook(horizon: float, rate: float) -> None:
    """A horizon and a discount rate that can be: both ≥ 0, and an endless future only when discounted."""
    if not horizon >= 0:
        raise EstimationError(f"The horizon must be 0 or more; it is {horizon}.")
    if not 0 <= rate < np.inf:
        raise EstimationError(f"The discount rate must be 0 or more; it is {rate}.")
    if np.isinf(horizon) and rate == 0:
        raise EstimationError("An endless horizon needs a discount rate above 0, or a finite horizon.")
