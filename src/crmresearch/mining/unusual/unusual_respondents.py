"""Respondents who answer as attentive ones hardly do, at a stated rate of false alarms.

Five signs are looked at together: long runs of one answer, little spread, disagreement of psychometric synonyms and of
even with odd items, and answers that go with nothing (Mahalanobis D²). How rare a value is comes from clean surveys: as
many attentive respondents with the same shares of answers, correlations and gaps, judged in the same way.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import binom

from crmresearch.caution import Caution
from crmresearch.data.survey.answers import Floats, longest_runs
from crmresearch.data.survey.attention import even_odd, response_variability, synonym_agreement, synonyms
from crmresearch.data.survey.careless import trimmed_distances
from crmresearch.data.survey.survey import Survey
from crmresearch.errors import EstimationError
from crmresearch.mining.unusual.clean_answers import CleanAnswers, clean_answers
from crmresearch.mining.unusual.tails import require_alpha

SIGNS = ("run", "variability", "synonyms", "even_odd", "distance")
CHANCE = 0.95  # of surveys of attentive respondents have no more listed than the number that is beyond chance
FEW_ANSWERS = 0.5  # an item that fewer respondents answered is left out
PER_ALPHA = 50  # clean respondents per 1/alpha, so that so many lie beyond the limit
FEWEST_DRAWS = 20_000
FIRST_DRAWS = 10_000  # of the first round, which only finds whom the second does not learn from


@dataclass(frozen=True)
class UnusualRespondents:
    """What `unusual_respondents` found.

    respondents: a row a respondent (index as the survey's items): run (longest run of one answer), variability,
    synonyms, even_odd, distance (D²), odd_item (whose answer is least like what the others foretell), p_nominal (of D²
    by χ²), sign (the rarest of the five), p_value (joint), listed. alpha: the rate of false alarms asked for. items:
    those looked at, `on_scale` those of the commonest scale, which runs, spread and agreement are about. pairs: how
    many psychometric synonyms; halves: how many constructs with two items. draws: clean respondents; clean_nominal:
    the share of them whose D² is beyond χ²'s limit for alpha. means: construct, items, mean (0–100), without, those
    listed left out, change; correlation, without: mean correlation of items of one construct.
    """

    respondents: pd.DataFrame
    alpha: float
    items: tuple[str, ...]
    on_scale: tuple[str, ...]
    pairs: int
    halves: int
    draws: int
    clean_nominal: float
    means: pd.DataFrame
    cautions: tuple[Caution, ...]

    @property
    def listed(self) -> pd.DataFrame:
        """Those listed, the rarest first, of those as rare the most distant."""
        listed = self.respondents[self.respondents["listed"]]
        return listed.sort_values(["p_value", "distance"], ascending=[True, False], kind="stable")

    @property
    def expected(self) -> float:
        """How many attentive respondents would be listed were all attentive."""
        return self.alpha * len(self.respondents)

    @property
    def most(self) -> int:
        """How many of 95 of 100 such surveys would be listed at most were all attentive."""
        return int(binom.ppf(CHANCE, len(self.respondents), self.alpha))

    @property
    def verdict(self) -> str:
        """Whether any are listed, and more than by chance: none, chance, beyond."""
        return "none" if not len(self.listed) else "beyond" if len(self.listed) > self.most else "chance"

    @property
    def by_sign(self) -> dict[str, int]:
        """How many of those listed stand out by each sign, those of nobody left out."""
        counts = self.listed["sign"].value_counts()
        return {sign: int(counts[sign]) for sign in SIGNS if sign in counts}

    @property
    def nominal(self) -> int:
        """How many the distribution of χ² would list."""
        return int((self.respondents["p_nominal"] <= self.alpha).sum())

    @property
    def most_changed(self) -> pd.DataFrame:
        """The row of `means` of the construct whose mean would change most without those listed; none without any."""
        means = self.means.dropna(subset="change")
        order = means["change"].abs().sort_values(ascending=False, kind="stable").index
        return means.loc[order].head(1 if len(self.listed) else 0)

    @property
    def why(self) -> pd.DataFrame:
        """Of those listed, as `listed`: sign, value of the sign, its median, odd_item, as_rare, the signs and p_value.

        as_rare: how many would be expected to be as far out by chance.
        """
        listed, medians = self.listed, self.respondents[list(SIGNS)].median()
        values = [listed.at[row, sign] for row, sign in listed["sign"].items()]
        usual, as_rare = listed["sign"].map(medians), listed["p_value"] * len(self.respondents)
        shown = ["sign", "value", "median", "odd_item", "as_rare", *SIGNS, "p_value"]
        return listed.assign(value=values, median=usual, as_rare=as_rare)[shown]


def unusual_respondents(survey: Survey, alpha: float = 0.001, seed: int = 0) -> UnusualRespondents:
    """Respondents whose answers are rarer than those of one in 1/alpha attentive ones: `.respondents`, a row each.

    `survey`: answers with their codebook. An attentive respondent is listed with probability `alpha` (0.0001–0.2) or
    less, all five signs together, if answers come from one joint normal source cut into points (`clean_answers`): clean
    surveys of the same size with the same shares of answers, correlations and gaps are drawn with `seed`. Every sign
    (`longest_runs`, `trimmed_distances`, `crmresearch.data.survey.attention`) gets the share of clean respondents at
    least as far out, and the smallest of the five its share among those of clean respondents. In a second round the
    source is that of who was not listed. Items with one and the same answer, or answered by fewer than half, are left
    out; sampling weights are not used.

    Sources: Meade & Craig (2012), Psychological Methods 17, 437–455; Curran (2016), Journal of Experimental Social
    Psychology 66, 4–19. Checked: clean surveys of 1 to 10 points with skew list no more than alpha, planted careless
    respondents are found. Raises ParameterError for an impossible alpha, EstimationError for too few respondents.

    >>> import crmresearch as crm
    >>> found = crm.unusual_respondents(crm.load_survey("ecsi_mobile"), alpha=0.01)
    >>> len(found.respondents), list(found.listed.columns[:3])
    (250, ['run', 'variability', 'synonyms'])
    """
    require_alpha(alpha)
    asked = survey.as_asked
    answered, varies = asked.notna().mean() >= FEW_ANSWERS, asked.max() > asked.min()
    kept = list(asked.columns[answered & varies])
    judged = asked[kept].notna().any(axis=1)
    asked = asked.loc[judged, kept]
    n, p = asked.shape
    if p < 2 or n <= p + 1:
        raise EstimationError(
            f"{n} respondents are too few to judge {p} items together; {max(p, 2) + 2} respondents and 2 items are "
            "needed."
        )
    signs = _Signs.of(survey, kept)
    X = asked.to_numpy(dtype=np.float64)
    found, everybody = signs.of_answers(X), np.ones(n, dtype=bool)
    random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
    for draws in (FIRST_DRAWS, max(FEWEST_DRAWS, int(np.ceil(PER_ALPHA / alpha)))):
        source = clean_answers(_varying(X, everybody))
        clean = _clean(source, signs, np.isnan(X), draws, random)
        rare, joint = _rareness(found, clean)
        everybody = joint > alpha
    table = pd.DataFrame(found[:, : len(SIGNS)], asked.index, list(SIGNS)).assign(run=lambda t: -t["run"])
    nominal = trimmed_distances(X, _same(X))
    table = table.assign(distance=nominal[0], p_nominal=nominal[1], odd_item=_odd_items(X, kept))
    table["sign"] = [SIGNS[i] for i in rare.argmin(axis=1)]
    table = table.assign(p_value=joint, listed=joint <= alpha)
    constant = tuple(survey.items.columns[~varies & answered.reindex(varies.index)])
    cautions = [Caution("constant_items", "note", "", {"items": list(constant)})] if constant else []
    if len(table) < len(survey.items):
        cautions.append(Caution("nothing_answered", "note", "", {"count": len(survey.items) - len(table)}))
    return UnusualRespondents(
        table, alpha, tuple(kept), tuple(kept[i] for i in signs.on_scale), signs.pairs(X), len(signs.halves),
        len(clean), float((clean[:, -1] <= alpha).mean()), _means(survey, table), tuple(cautions),
    )  # fmt: skip


@dataclass(frozen=True)
class _Signs:
    """What of the items each sign is about: columns of the commonest scale, and how those asked turned are turned."""

    on_scale: list[int]
    turned: Floats  # (p,) sum of the ends of the scale of a reversed item, NaN for others
    halves: list[list[int]]  # columns of the items of every construct, on the commonest scale

    @classmethod
    def of(cls, survey: Survey, kept: list[str]) -> "_Signs":
        bounds, book = survey.bounds.loc[kept], survey.codebook
        ends = bounds.apply(tuple, axis=1)
        place = {item: j for j, item in enumerate(kept) if ends[item] == ends.mode().iloc[0]}
        reversed_ = np.array([book.items[item].reversed for item in kept])
        turned = np.where(reversed_, bounds.sum(axis=1).to_numpy(dtype=np.float64), np.nan)
        halves = [[place[item] for item in items if item in place] for items in book.constructs.values()]
        return cls(list(place.values()), turned, [half for half in halves if len(half) > 1])

    def pairs(self, X: Floats) -> int:
        """How many psychometric synonyms there are among the answers."""
        return len(self._synonyms(self._aligned(X)))

    def of_answers(self, X: Floats) -> Floats:
        """The five signs of every respondent and the nominal p of D² (n, 6); of all but the last low is careless."""
        rated, aligned = X[:, self.on_scale], self._aligned(X)
        agreement = synonym_agreement(aligned, self._synonyms(aligned))
        p = trimmed_distances(X, _same(X))[1]
        return np.column_stack(
            [-longest_runs(rated), response_variability(rated), agreement, even_odd(aligned, self.halves), p, p]
        )

    def _aligned(self, X: Floats) -> Floats:
        """Answers with reversed items turned; items of other scales stay, for columns to keep their places."""
        return np.where(np.isnan(self.turned), X, self.turned - X)

    def _synonyms(self, aligned: Floats) -> np.ndarray:
        on_scale = np.array(self.on_scale)
        filled = np.where(np.isnan(aligned), np.nanmean(aligned, axis=0), aligned)[:, on_scale]
        with np.errstate(divide="ignore", invalid="ignore"):
            return on_scale[synonyms(np.atleast_2d(np.corrcoef(filled.T)))]


def _same(X: Floats) -> np.ndarray:
    """Whether a respondent gave one answer to everything, of two answers or more."""
    filled = np.where(np.isnan(X), -np.inf, X)
    low = np.where(np.isnan(X), np.inf, X).min(axis=1)
    return (filled.max(axis=1) == low) & ((~np.isnan(X)).sum(axis=1) > 1)


def _varying(X: Floats, kept: np.ndarray) -> Floats:
    """The rows kept, or all where an item has but one answer among them."""
    chosen = X[kept]
    few = [len(np.unique(x[~np.isnan(x)])) < 2 for x in chosen.T]
    return X if any(few) else chosen


def _clean(source: CleanAnswers, signs: _Signs, gaps: np.ndarray, draws: int, random: np.random.Generator) -> Floats:
    """Signs of so many clean respondents at least, in surveys of as many as there are, with their gaps."""
    n = len(gaps)
    return np.concatenate(
        [signs.of_answers(np.where(gaps, np.nan, source.draw(n, random))) for _ in range(-(-draws // n))]
    )


def _rareness(found: Floats, clean: Floats) -> tuple[Floats, Floats]:
    """Share (n, 5) of clean respondents with as low a value of each sign, and that with as small a smallest (n,).

    A sign that a respondent has not, such as agreement of one answer, is nothing unusual.
    """
    k, size = len(SIGNS), len(clean)
    own, of_clean = np.ones((len(found), k)), np.ones((size, k))
    for j in range(k):
        ordered = np.sort(clean[~np.isnan(clean[:, j]), j])
        for values, shares in ((found[:, j], own), (clean[:, j], of_clean)):
            has = ~np.isnan(values)
            shares[has, j] = (np.searchsorted(ordered, values[has], side="right") + 1) / (size + 1)
    smallest = np.sort(of_clean.min(axis=1))
    return own, (np.searchsorted(smallest, own.min(axis=1), side="right") + 1) / (size + 1)


def _odd_items(X: Floats, items: list[str]) -> list[str]:
    """Of every respondent the item whose answer is furthest, in standard errors, from what the others foretell."""
    centred = np.where(np.isnan(X), 0.0, X - np.nanmean(X, axis=0))
    inverse = np.linalg.pinv(np.cov(centred.T))
    off = np.abs(centred @ inverse) / np.sqrt(np.maximum(np.diag(inverse), 1e-12))
    return [items[j] for j in np.where(np.isnan(X), -1.0, off).argmax(axis=1)]


def _means(survey: Survey, table: pd.DataFrame) -> pd.DataFrame:
    """Mean of every construct, 0–100, and mean correlation of its items, with and without those listed."""
    bounds, rows = survey.bounds, []
    rated = 100 * (survey.items - bounds["min"]) / (bounds["max"] - bounds["min"])
    kept = ~rated.index.isin(table.index[table["listed"]])
    for construct, items in survey.codebook.constructs.items():
        means, correlations = [], []
        for part in (rated[list(items)], rated.loc[kept, list(items)]):
            means.append(float(part.mean(axis=1).mean()))
            R = part.corr().to_numpy()
            pairs = R[np.tril_indices(len(items), -1)]
            correlations.append(float(np.nanmean(pairs)) if np.isfinite(pairs).any() else np.nan)
        rows.append((construct, len(items), *means, means[1] - means[0], *correlations))
    return pd.DataFrame(
        rows, columns=["construct", "items", "mean", "mean_without", "change", "correlation", "correlation_without"]
    )


def unusual_or_reason(survey: Survey, alpha: float, seed: int) -> UnusualRespondents | str:
    """`unusual_respondents`, or why nobody can be judged."""
    try:
        return unusual_respondents(survey, alpha, seed)
    except EstimationError as error:
        return str(error)
