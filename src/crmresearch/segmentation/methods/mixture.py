"""Clusters as a mixture of normal distributions, their number chosen by BIC."""

import warnings
from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar, Self

import numpy as np
import pandas as pd
import sklearn.cluster
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from crmresearch.segmentation.contract import SHARED, Codes, Floats, SegmentationError, Segmenter, Text, register
from crmresearch.segmentation.methods.gaussian_em import Rows, best_mixture
from crmresearch.segmentation.methods.space_clusters import SpaceClusters, distinct_points, drawn
from crmresearch.segmentation.wording import told

# of the mean log-likelihood: with scikit-learn's 1e-3, 9 of 60 starts of three components of CDNOW ended at the maximum
# of 54 with this
TOLERANCE = 1e-4
FLOOR = 0.01  # least variance of a component in units of the standardised axes: a tenth of a standard deviation


@lru_cache(maxsize=16)  # of the same customers a fixed number and the one chosen by BIC ask for the same mixture
def _likeliest(
    points: bytes, columns: int, seed: int, floor: float, k: int, starts: int
) -> tuple[GaussianMixture, int]:
    """The likeliest mixture of k components on points (n, columns) of float64, and how many starts agreed on it."""
    X = np.frombuffer(points).reshape(-1, columns)
    rows = Rows(*distinct_points(X, k, ""), floor)
    seeds = np.random.SeedSequence(seed)
    state, rng = int(seeds.generate_state(1)[0]), np.random.default_rng(seeds)
    mixture = GaussianMixture(k, tol=TOLERANCE, max_iter=500, reg_covar=floor, random_state=state)
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # kept as data, in `bic_`
        means = sklearn.cluster.KMeans(k, n_init=1, random_state=state).fit(rows.X, sample_weight=rows.weights)
        first = rows.weights * (means.labels_ == np.arange(k)[:, None])
        best, agreed = best_mixture(rows, first, starts, mixture.tol, rng)
        given = {"weights_init": best.weights, "means_init": best.means}
        mixture.set_params(**given, precisions_init=np.linalg.inv(best.covariances))
        return mixture.fit(X), agreed


@register
@dataclass(eq=False)
class GaussianMixtureClusters(SpaceClusters):
    """Components of a Gaussian mixture, each with its own covariance matrix; a customer belongs to the likeliest.

    Without `k`, the number from 1 to `largest` with the least BIC = −2 log L + (number of parameters) log n. A choice
    of `largest` says that the data hold no such number. EM is run on at most `sample` customers drawn with the seed,
    from a k-means start and from `starts` others, spread over the customers or slices of them, of which scikit-learn's
    EM finishes the best: k-means alone missed a log-likelihood of .1 a customer and more at four components of Online
    Retail, and of .2 with three long components side by side. `floor` is added to the
    variances: customers who bought once share one value of frequency, and without a floor a component narrows on it
    and the likelihood grows without bound. Learns `k_`, `bic_` (columns k, bic, converged,
    agreed), `mixture_` (scikit-learn's), `learned_on_`, the customers that took part, and `agreed_`, the starts that
    ended within a thousandth of the best log-likelihood a customer: where it is 1, more starts may find more.
    """

    title: ClassVar[Text] = told("title.gaussian_mixture_clusters")
    family: ClassVar[str] = "clusters"
    place: ClassVar[int] = 15

    largest: int = 8
    k: int | None = None
    sample: int = field(default=5000, kw_only=True)
    starts: int = field(default=40, kw_only=True)
    floor: float = field(default=FLOOR, kw_only=True)
    k_: int = field(init=False, repr=False)
    bic_: pd.DataFrame = field(init=False, repr=False)
    learned_on_: int = field(init=False, repr=False)
    agreed_: int = field(init=False, repr=False)
    mixture_: GaussianMixture = field(init=False, repr=False)
    order_: Codes = field(init=False, repr=False)

    @classmethod
    def as_ruled(cls, seed: int = 0) -> list[Segmenter]:
        """As in the contract."""
        return [cls(seed=seed)]

    @classmethod
    def of_size(cls, k: int, seed: int = 0) -> list[Segmenter]:
        """As in the contract."""
        return [cls(k=k, seed=seed)]

    @classmethod
    def as_described(cls, seed: int = 0) -> list[Segmenter]:
        """None: clusters are for a comparison."""
        return []

    def __post_init__(self) -> None:
        if (self.k or self.largest) < 2:
            raise SegmentationError(f"Clusters are 2 or more; {self.k or self.largest} were asked for.")
        if self.sample < 2 * (self.k or self.largest):
            raise SegmentationError(f"A sample of {self.sample} customers is too small for {self.k or self.largest}.")
        if self.starts < 1 or self.floor < 0:
            raise SegmentationError("A mixture needs at least 1 start and a variance floor of 0 or more.")

    @property
    def name(self) -> str:
        """`gaussian_mixture`, with the number of components where it is given."""
        return f"gaussian_mixture_{self.k}" if self.k else "gaussian_mixture"

    @property
    def label(self) -> Text:
        """The title with the number of components, or BIC where it chooses."""
        return super().label if self.k else {key: f"{title} (BIC)" for key, title in self.title.items()}

    @property
    def definition(self) -> Text:
        """The space, the number of components and the assignment."""
        return self._told("mixture", k=self.k) if self.k else self._told("mixture_by_bic", largest=self.largest)

    @property
    def _centres(self) -> pd.DataFrame:
        return self.space_.restored(self.mixture_.means_[self.order_])

    @property
    def _number(self) -> int:
        if self.k:
            return self.k
        return self.k_ if hasattr(self, "k_") else self.largest

    def fit(self, features: pd.DataFrame) -> Self:
        """The mixture learned from these customers. Raises as every clustering."""
        self.__dict__.pop("k_", None)  # a number chosen before says nothing about these customers
        return super().fit(features)

    def posterior(self, features: pd.DataFrame) -> pd.DataFrame:
        """Probability of each segment for every customer (customers × segments); rows sum to 1."""
        codes = self.predict(features)
        with threadpool_limits(1):
            given = self.mixture_.predict_proba(self.space_.transform(features))[:, self.order_]
        return pd.DataFrame(given, index=features.index, columns=list(codes.cat.categories))

    def _learn_points(self, X: Floats) -> None:
        points = drawn(X, self.sample, self.seed)
        distinct_points(points, self._number, self.name)
        given = (points.tobytes(), points.shape[1], self.seed, self.floor)
        numbers = [self.k] if self.k else range(1, self.largest + 1)
        learn = _likeliest if SHARED.get() else _likeliest.__wrapped__
        found = {k: learn(*given, k, self.starts if k > 1 else 1) for k in numbers}
        self.bic_ = pd.DataFrame(
            [(k, mixture.bic(points), mixture.converged_, agreed) for k, (mixture, agreed) in found.items()],
            columns=["k", "bic", "converged", "agreed"],
        )
        self.k_ = int(self.bic_["k"].iloc[self.bic_["bic"].to_numpy().argmin()])
        self.mixture_, self.agreed_ = found[self.k_]
        self.order_, self.learned_on_ = np.arange(self.k_), len(points)

    def _nearest(self, X: Floats) -> Codes:
        with threadpool_limits(1):
            return np.argsort(self.order_)[self.mixture_.predict(X)]

    def _reorder(self, order: Codes) -> None:
        self.order_ = self.order_[order]
