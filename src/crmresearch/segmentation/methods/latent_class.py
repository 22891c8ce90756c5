"""Latent class analysis: segments of respondents within which the answers to the items are independent."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy.special import logsumexp
from sklearn import config_context
from sklearn.exceptions import ConvergenceWarning
from stepmix.stepmix import StepMix  # type: ignore[import-untyped]
from threadpoolctl import threadpool_limits

from crmresearch.segmentation.contract import (
    Codes,
    Floats,
    Segment,
    SegmentationError,
    Segmenter,
    Text,
    needed_columns,
    numeric,
)
from crmresearch.segmentation.methods.answer_levels import AnswerLevels, answer_levels
from crmresearch.segmentation.wording import named_segment, told

Measurement = Literal["categorical", "gaussian_diag"]
SAME = 0.01  # log-likelihoods closer than this are the same solution, reached to the tolerance of EM
APART = 0.02  # of the shares: starts equally likely that differ more have reached different classes
NO_SPREAD = 1e-3  # of an item's variance: a class below it has collapsed onto one answer


@dataclass(frozen=True)
class _Classes:
    """One fitted number of classes: log shares (k,), and what the measurement needs for log P(answer | class)."""

    log_shares: Floats
    first: Floats  # log-probabilities (k, columns of the one-hot answers), or means (k, items)
    second: Floats  # variances (k, items) of the normal measurement, empty otherwise
    log_likelihoods: Floats  # of every start, best first
    apart: float  # widest difference of a share between the best start and the others that reached its likelihood
    converged: bool


@dataclass(eq=False)
class LatentClasses(Segmenter):
    """Latent class analysis of survey items by maximum likelihood (EM of StepMix; Morin et al., 2025).

    P(answers of i) = Σ_c π_c Π_j P(x_ij | c); a missing answer drops out of the product (full information: right where
    answers are missing at random given the others). `k` is the number of classes; without it every number in
    `classes` is tried and BIC chooses. Each is fitted from `starts` random starts, and the best log-likelihood is kept.

    `measurement` "categorical" takes each item as a few levels of adjacent answers: at most `levels`, none rarer than
    `rarest`. A ten-point scale as it is would cost nine probabilities an item and class, and its rarest answers would
    rest on nobody. "gaussian_diag" takes the answers as normal with a mean and a variance an item and class; on bounded
    scales a class of people who all tick the end has no variance and an unlimited likelihood, so that such starts are
    rejected, and that is why the levels are the default.

    Learns, in classes c1, c2, … of rising mean answer: `solutions_` (a row per number of classes: k, log_likelihood,
    parameters, aic, bic, entropy_r2, smallest_share, starts, found, converged), `shares_` (k,), `levels_`, and
    `probabilities_` (categorical: segment, item, level, lowest, highest, probability; normal: segment, item, mean,
    variance). `found` counts the starts that reached the best log-likelihood: one alone may not be the maximum.
    Classes that the answers cannot tell from others equally likely are not `identified`: `free_cells_`, the
    probabilities of all patterns of answers less one, are fewer than the parameters (Goodman, 1974, Biometrika 61,
    215–231), or starts of the same likelihood differ in their shares by more than .02, `apart_`.
    Entropy R² = 1 − Σ_i Σ_c −p_ic ln p_ic / (n ln k): 1 where everybody's class is certain.

    EM runs on the distinct patterns of answers weighted by how many gave them, which has the likelihood of all rows.
    Checked against poLCA's published log-likelihoods of the carcinoma data (Linzer & Lewis, 2011, Journal of
    Statistical Software 42(10)) and against StepMix on all rows.
    """

    items: Sequence[str]
    k: int | None = None
    classes: Sequence[int] = tuple(range(1, 7))
    measurement: Measurement = "categorical"
    levels: int = field(default=3, kw_only=True)
    rarest: float = field(default=0.1, kw_only=True)
    starts: int = field(default=10, kw_only=True)
    tolerance: float = field(default=1e-8, kw_only=True)
    most_steps: int = field(default=5000, kw_only=True)
    seed: int = field(default=0, kw_only=True)
    solutions_: pd.DataFrame = field(init=False, repr=False)
    probabilities_: pd.DataFrame = field(init=False, repr=False)
    shares_: Floats = field(init=False, repr=False)
    levels_: tuple[AnswerLevels, ...] = field(init=False, repr=False)
    free_cells_: float = field(init=False, repr=False)
    apart_: float = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.items, self.classes = tuple(self.items), tuple(self.classes)
        if not self.items or len(set(self.items)) < len(self.items):
            raise SegmentationError("Latent classes need a list of different items; give each once.")
        if self.measurement not in get_args(Measurement):
            raise SegmentationError(
                f"The measurement of latent classes is {' or '.join(get_args(Measurement))}, not {self.measurement!r}."
            )
        if self.k is None and not self.classes:
            raise SegmentationError("Say how many latent classes: k, or the numbers to choose from in classes.")
        if min([self.k] if self.k is not None else self.classes) < 1:
            raise SegmentationError("The number of latent classes is 1 or more.")
        if self.levels < 2 or not 0 <= self.rarest < 0.5 or self.starts < 1:
            raise SegmentationError("levels is 2 or more, rarest a share below one half, and starts 1 or more.")

    @property
    def name(self) -> str:
        """`latent_class_<k>`, or `latent_class` where BIC chooses k."""
        return "latent_class" if self.k is None else f"latent_class_{self.k}"

    @property
    def definition(self) -> Text:
        """The items and how the number of classes came about."""
        return told("definition.latent_class", classes=len(self.segments), items=len(self.items))

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The classes, lowest mean answer first; before `fit` chooses, as many as it may."""
        number = len(self.shares_) if hasattr(self, "shares_") else self.k or max(self.classes)
        return tuple(named_segment(f"c{i}", "class", number=i) for i in range(1, number + 1))

    @property
    def needs(self) -> tuple[str, ...]:
        """The items."""
        return tuple(self.items)

    @property
    def parameters(self) -> int:
        """Free parameters of the classes learned: shares, and probabilities or means and variances an item."""
        return self._parameters(len(self.shares_))

    @property
    def identified(self) -> bool:
        """Whether no other classes than those learned are known to be as likely."""
        return self.parameters <= self.free_cells_ and self.apart_ <= APART

    def posterior(self, answers: pd.DataFrame) -> pd.DataFrame:
        """Probability (n, k) of every class for every respondent, who may be others than those of `fit`.

        Raises SegmentationError as `predict`: for a missing item, text, and a respondent without any answer.
        """
        if not hasattr(self, "learned_from_"):
            raise SegmentationError(f"{self.name} has not learned its classes yet; call fit first.")
        joint = _log_joint(self._classes, *self._coded(self._checked(answers).to_numpy()))
        keys = [segment.key for segment in self.segments]
        return pd.DataFrame(np.exp(joint - logsumexp(joint, axis=1)[:, None]), answers.index, keys)

    def members(self, answers: pd.DataFrame) -> pd.DataFrame:
        """A row a respondent: respondent, segment (the most probable class) and its posterior probability."""
        belongs = self.posterior(answers)
        segment = self.predict(answers).astype(str).to_numpy()
        return pd.DataFrame({"respondent": answers.index, "segment": segment, "posterior": belongs.max(axis=1).array})

    def _checked(self, features: pd.DataFrame) -> pd.DataFrame:
        frame = numeric(needed_columns(features, self.needs, self.name), frozenset(self.items), self.name)
        if (silent := frame.isna().all(axis=1)).any():
            raise SegmentationError(
                f"{int(silent.sum())} respondents answered none of the items of {self.name}, the first is "
                f"{frame.index[silent.argmax()]}; leave them out."
            )
        return frame

    def _assign(self, frame: pd.DataFrame) -> Codes:
        return _log_joint(self._classes, *self._coded(frame.to_numpy())).argmax(axis=1)

    def _coded(self, X: Floats) -> tuple[Floats, Floats]:
        """What the likelihood reads and where it is observed: answers, or one-hot levels with 0 for missing."""
        observed = (~np.isnan(X)).astype(float)
        if self.measurement == "gaussian_diag":
            return np.nan_to_num(X), observed
        width = max(map(len, self.levels_))
        codes = np.stack([levels.codes(column) for levels, column in zip(self.levels_, X.T, strict=True)], axis=1)
        return (codes[:, :, None] == np.arange(width)).reshape(len(X), -1).astype(float), np.repeat(observed, width, 1)

    def _learn(self, frame: pd.DataFrame) -> None:
        X = frame.to_numpy()
        for item, column in zip(self.items, X.T, strict=True):
            if len(np.unique(column[~np.isnan(column)])) < 2:
                raise SegmentationError(f"Everybody gave the same answer to {item}, or none; leave it out.")
        pairs = zip(self.items, X.T, strict=True)
        self.levels_ = tuple(answer_levels(item, column, self.levels, self.rarest) for item, column in pairs)
        coded, observed = self._coded(X)
        rows = np.concatenate([coded, observed], axis=1)
        _, first, counts = np.unique(rows, axis=0, return_index=True, return_counts=True)
        patterns, weights = np.where(observed[first] > 0, coded[first], np.nan), counts.astype(float)
        found: dict[int, _Classes] = {}
        table = []
        for k in [self.k] if self.k is not None else self.classes:
            if k > len(patterns):
                raise SegmentationError(
                    f"{self.name} has {k} classes, but the answers show only {len(patterns)} different patterns."
                )
            with threadpool_limits(1):
                found[k] = self._fitted(patterns, weights, k, np.nanvar(X, axis=0))
            table.append(self._row(found[k], coded[first], observed[first], weights))
        self.solutions_ = pd.DataFrame(table)
        best = found[int(self.solutions_.loc[self.solutions_["bic"].idxmin(), "k"])]
        joint = _log_joint(best, coded, observed)
        belongs = np.exp(joint - logsumexp(joint, axis=1)[:, None])
        order = np.argsort(_mean_answers(belongs, X), kind="stable")
        second = best.second[order] if len(best.second) else best.second
        ordered = (best.log_shares[order], best.first[order], second)
        self._classes = _Classes(*ordered, best.log_likelihoods, best.apart, True)
        patterns_possible = np.prod([float(len(levels)) for levels in self.levels_])
        self.free_cells_ = np.inf if self.measurement == "gaussian_diag" else float(patterns_possible) - 1
        self.apart_ = best.apart
        self.shares_ = np.exp(self._classes.log_shares)
        self.probabilities_ = self._measured()

    def _fitted(self, patterns: Floats, weights: Floats, k: int, variances: Floats) -> _Classes:
        """The best of the random starts: every one has a seed of its own, so that more starts keep the earlier."""
        ends = []
        for start in range(self.starts if k > 1 else 1):  # one class has one solution
            state = np.random.SeedSequence(self.seed, spawn_key=(k, start)).generate_state(1)
            model = StepMix(k, measurement=self._description(patterns), measurement_params=self._encoding(), n_init=1,
                            abs_tol=self.tolerance, max_iter=self.most_steps, progress_bar=0,
                            random_state=int(state[0]))  # fmt: skip
            with warnings.catch_warnings(), np.errstate(all="ignore"), config_context(assume_finite=True):
                warnings.simplefilter("ignore", ConvergenceWarning)  # told in solutions_
                warnings.simplefilter("ignore", RuntimeWarning)  # an emptied class: its likelihood is not finite
                model.fit(patterns, sample_weight=weights)
            end = float(model.lower_bound_buffer_[0] * weights.sum())
            if np.isfinite(end) and self._has_spread(model, variances):
                ends.append((end, start, model))
        if not ends:
            raise SegmentationError(
                f"No start of {k} classes of {self.name} gave a solution: a class always lost its members or shrank to "
                "one answer; use fewer classes or the categorical measurement."
            )
        ends.sort(key=lambda end: (-end[0], end[1]))
        model = ends[0][2]
        parameters = model.get_parameters()["measurement"]
        categorical = self.measurement == "categorical"
        first = np.log(np.clip(parameters["pis"], 1e-15, 1)) if categorical else parameters["means"]
        second = np.empty(0) if categorical else parameters["covariances"]
        shares = np.array([np.sort(same.weights_) for end, _, same in ends if end > ends[0][0] - SAME])
        apart = float(np.abs(shares - shares[0]).max())
        likelihoods = np.array([end[0] for end in ends])
        return _Classes(np.log(model.weights_), first, second, likelihoods, apart, bool(model.converged_))

    def _description(self, patterns: Floats) -> str:
        return f"{self.measurement}_nan" if np.isnan(patterns).any() else self.measurement

    def _encoding(self) -> dict[str, object] | None:
        """Levels come one-hot: coding them anew in every step of EM took StepMix most of its time."""
        if self.measurement != "categorical":
            return None
        sizes = [len(levels) for levels in self.levels_]
        return {"integer_codes": False, "max_n_outcomes": max(sizes), "total_outcomes": sum(sizes)}

    def _has_spread(self, model: StepMix, variances: Floats) -> bool:
        if self.measurement == "categorical":
            return True
        spread = model.get_parameters()["measurement"]["covariances"]
        return bool(np.isfinite(spread).all() and (spread > NO_SPREAD * variances).all())

    def _row(self, fitted: _Classes, coded: Floats, observed: Floats, weights: Floats) -> dict[str, object]:
        joint = _log_joint(fitted, coded, observed)
        each = logsumexp(joint, axis=1)
        total, k, n = float(weights @ each), len(fitted.log_shares), weights.sum()
        parameters = self._parameters(k)
        belongs = np.exp(joint - each[:, None])
        entropy = float(-weights @ (belongs * (joint - each[:, None])).sum(axis=1))
        return {
            "k": k,
            "log_likelihood": total,
            "parameters": parameters,
            "aic": 2 * parameters - 2 * total,
            "bic": parameters * np.log(n) - 2 * total,
            "entropy_r2": 1 - entropy / (n * np.log(k)) if k > 1 else np.nan,
            "smallest_share": float(np.exp(fitted.log_shares.min())),
            "starts": self.starts if k > 1 else 1,
            "found": int((fitted.log_likelihoods > fitted.log_likelihoods[0] - SAME).sum()),
            "converged": fitted.converged,
        }

    def _parameters(self, k: int) -> int:
        normal = self.measurement == "gaussian_diag"
        each = 2 * len(self.items) if normal else sum(len(levels) - 1 for levels in self.levels_)
        return k * each + k - 1

    def _measured(self) -> pd.DataFrame:
        keys = [segment.key for segment in self.segments]
        if self.measurement == "gaussian_diag":
            grid = pd.MultiIndex.from_product([keys, self.items], names=["segment", "item"]).to_frame(index=False)
            return grid.assign(mean=self._classes.first.ravel(), variance=self._classes.second.ravel())
        width = max(map(len, self.levels_))
        rows = [
            (key, levels.item, level + 1, levels.lowest[level], levels.highest[level],
             np.exp(self._classes.first[c, j * width + level]))
            for c, key in enumerate(keys)
            for j, levels in enumerate(self.levels_)
            for level in range(len(levels))
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=["segment", "item", "level", "lowest", "highest", "probability"])


def _log_joint(classes: _Classes, coded: Floats, observed: Floats) -> Floats:
    """ln π_c + Σ_j ln P(x_ij | c) over the observed answers: (n, k)."""
    if not len(classes.second):
        return classes.log_shares + coded @ classes.first.T
    terms = np.log(2 * np.pi * classes.second)[None] + (coded[:, None] - classes.first) ** 2 / classes.second
    return classes.log_shares - 0.5 * (observed[:, None] * terms).sum(axis=2)


def _mean_answers(belongs: Floats, X: Floats) -> Floats:
    """Mean over the items of the mean answer in each class (k,), respondents weighted by their posterior."""
    observed = ~np.isnan(X)
    return ((belongs.T @ np.nan_to_num(X)) / (belongs.T @ observed)).mean(axis=1)
