"""The satisfaction model and the index of every segment of a survey, where a segment has respondents enough."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmresearch.caution import Caution
from crmresearch.data.survey.missing import Complete
from crmresearch.data.survey.survey import Survey
from crmresearch.errors import EstimationError, SpecificationError
from crmresearch.models.specification import Specification
from crmresearch.sem.index import construct_index, index_draws
from crmresearch.sem.pls.algorithm import Floats, Scheme
from crmresearch.sem.pls.bootstrap import bootstrap
from crmresearch.sem.pls.estimate import estimate_pls
from crmresearch.sem.pls.result import PlsEstimate

SMALLEST = 50  # respondents; below it not even a model of one path is estimated
ALL = "all"


@dataclass(frozen=True)
class SegmentModels:
    """The same theory for everybody and within each segment.

    `index`: segment, construct, respondents, estimate, ci_lower, ci_upper; `paths`: segment, respondents, predictor,
    outcome, estimate, se, ci_lower, ci_upper, p_value; `r_squared`: segment, outcome, estimate. The segment "all" is
    everybody. `needed`: respondents from which a model is estimated; `small`: segments below it with their number;
    `failed`: segments whose model could not be estimated, with the reason; `few_clusters`: degrees of freedom of
    estimated segments drawn in too few clusters for their intervals (`sampling_design.FEW`); `one_cluster`: segments
    within a single one, whose respondents are resampled one by one; `resamples` and `seed` of the intervals; `draws`:
    of every construct, its index in each segment and resample, in the order of `index`.
    """

    index: pd.DataFrame
    paths: pd.DataFrame
    r_squared: pd.DataFrame
    needed: int
    small: dict[str, int]
    failed: dict[str, str]
    few_clusters: dict[str, int]
    one_cluster: list[str]
    resamples: int
    seed: int
    draws: dict[str, Floats]

    def indices(self, construct: str) -> tuple[pd.DataFrame, Floats]:
        """The index of a construct in the segments that have one, as in `index`; its draws (segments, resamples)."""
        rows = self.index[self.index["construct"] == construct].reset_index(drop=True)
        rows = rows[rows["segment"] != ALL].dropna(subset="ci_lower")
        return rows, self.draws[construct][rows.index]

    def step(self, predictor: str, outcome: str | None) -> pd.DataFrame:
        """One path in every model that was estimated, by segment: the other columns of `paths`; empty without it."""
        there = (self.paths["predictor"] == predictor) & (self.paths["outcome"] == outcome)
        return self.paths[there].set_index("segment")


def group_members(survey: Survey, group: str) -> pd.Series:
    """The group of every respondent (category, in the order of the codebook), missing where it was not told.

    Raises SpecificationError for a column that is no group of the codebook or whose values it does not name.
    """
    groups = survey.codebook.groups
    divided = {name: one.values for name, one in groups.items() if one.values}
    if group not in divided:
        why = "has no named values" if group in groups else "is no group of the codebook"
        known = f"those that divide the respondents are {', '.join(divided)}" if divided else "there are none"
        raise SpecificationError(f"{group!r} {why} ({survey.codebook.path.name}, groups); {known}.")
    order = [str(value) for value in divided[group]]
    return survey.groups[group].map(str, na_action="ignore").astype(pd.CategoricalDtype(order))


def benefit_constructs(specification: Specification, chosen: list[str]) -> dict[str, list[str]]:
    """The constructs that define the segments, with their items: those `chosen`, else what leads to satisfaction.

    Leading to satisfaction means on a path of the theory that ends there; outcomes of satisfaction never define
    segments that are then compared on them. Raises SpecificationError for an unknown or repeated construct, and for
    satisfaction and loyalty.
    """
    theory = specification.theory
    if not chosen:
        found = {theory.satisfaction}
        while more := {p.predictor for p in specification.paths if p.outcome in found} - found:
            found |= more
        found |= {part for part, whole in specification.components.items() if whole in found}
        found -= set(specification.components.values())
        chosen = [key for key in specification.keys if key in found - set(theory.aims.values())]
    if wrong := [key for key in chosen if key in theory.aims.values()]:
        raise SpecificationError(f"Segments are compared on {wrong[0]!r}, so that it cannot define them; leave it out.")
    if len(set(chosen)) < len(chosen):
        raise SpecificationError(f"Each construct defines the segments once; this list repeats one: {chosen}.")
    if of := [key for key in chosen if specification.construct(key).of]:
        parts = ", ".join(specification.construct(of[0]).of)
        raise SpecificationError(f"{of[0]!r} is made of constructs; name those that define the segments: {parts}.")
    return {key: list(specification.construct(key).items) for key in chosen}


def codebook_benefits(survey: Survey, chosen: list[str]) -> dict[str, list[str]]:
    """What defines segments without a theory: the constructs of the codebook with their items, those `chosen` or all.

    Where the codebook has no constructs every item stands for itself. Raises SpecificationError for an unknown or
    repeated construct.
    """
    known = {key: list(items) for key, items in survey.codebook.constructs.items() if items}
    known = known or {item: [item] for item in survey.codebook.items}
    if wrong := [key for key in chosen if key not in known]:
        raise SpecificationError(f"`benefits`: the codebook has no construct {wrong[0]!r}; it has {', '.join(known)}.")
    if len(set(chosen)) < len(chosen):
        raise SpecificationError(f"Each construct defines the segments once; this list repeats one: {chosen}.")
    return {key: known[key] for key in chosen or known}


def benefit_answers(survey: Survey, constructs: dict[str, list[str]]) -> pd.DataFrame:
    """Answers to the items of the constructs, of respondents who answered at least one."""
    answers = survey.items[[item for items in constructs.values() for item in items]]
    return answers[answers.notna().any(axis=1)]


def respondents_needed(specification: Specification) -> int:
    """Ten respondents for each arrow into the construct with most of them, 50 at least (Barclay et al., 1995)."""
    return max(SMALLEST, 10 * specification.most_arrows)


def segment_models(
    specification: Specification,
    survey: Survey,
    complete: Complete,
    segments: pd.Series,
    resamples: int = 500,
    seed: int = 0,
    confidence: float = 0.95,
    scheme: Scheme = "path",
) -> SegmentModels:
    """The model for everybody and for every segment of `segments` (category, labelled as the rows of the survey).

    The index weighs the items by the weights of everybody, so that segments differ by their answers and not by their
    weights, in every resample as well: the index of everybody and its interval are those of `construct_index`. Sampling
    weights, where the survey has them, weigh the respondents of every model and index, and its strata and clusters are
    resampled for all of them alike. Moderations are left out within segments and for everybody alike. Raises
    EstimationError where the model of everybody cannot be estimated.
    """
    items = complete.items
    plain = specification.without_moderation()
    members = segments.reindex(items.index)
    needed = respondents_needed(plain)

    def resampled(model: Specification, rows: pd.DataFrame) -> PlsEstimate:
        estimate = estimate_pls(model, rows, weights=survey.weights, design=survey.design, scheme=scheme)
        return bootstrap(estimate, resamples=resamples, seed=seed, confidence=confidence)

    whole = resampled(plain, items)
    weighed = resampled(specification, items) if specification.moderations else whole  # products move weights a little
    estimates: dict[str, PlsEstimate] = {ALL: whole}
    small, failed = {}, {}
    for key in members.cat.categories:
        rows = items[members == key]
        if len(rows) < needed:
            small[key] = len(rows)
            continue
        try:
            estimates[key] = resampled(plain, rows)
        except EstimationError as error:
            failed[key] = str(error)
    paths = [_labelled(e.paths, key, e) for key, e in estimates.items()]
    shares = [_labelled(e.r_squared, key, e) for key, e in estimates.items()]
    index, draws = _indices(weighed, survey, members)
    return SegmentModels(
        index,
        pd.concat(paths)[["segment", "respondents", "predictor", "outcome", "estimate", "se", "ci_lower", "ci_upper",
                          "p_value"]].reset_index(drop=True),
        pd.concat(shares)[["segment", "outcome", "estimate"]].reset_index(drop=True),
        needed,
        small,
        failed,
        {key: few[0].facts["df"] for key, e in estimates.items() if (few := _few_clusters(e)) and key != ALL},
        _within_one(survey, members),
        resamples,
        seed,
        draws,
    )  # fmt: skip


def group_table(models: SegmentModels) -> pd.DataFrame:
    """Index, paths and R² of everybody and of every group, a row a number.

    Columns group, respondents, quantity (index, path, r_squared), outcome, predictor (of a path), estimate, ci_lower,
    ci_upper (of index and path). The group "all" is everybody. A group with too few respondents has its index only.
    """
    index = models.index.rename(columns={"construct": "outcome"}).assign(quantity="index")
    used = models.paths.groupby("segment")["respondents"].first()
    shares = models.r_squared.assign(quantity="r_squared", respondents=models.r_squared["segment"].map(used))
    parts = [index, models.paths.assign(quantity="path"), shares]
    shown = ["segment", "respondents", "quantity", "outcome", "predictor", "estimate", "ci_lower", "ci_upper"]
    table = pd.concat([part.reindex(columns=shown) for part in parts], ignore_index=True)
    return table.rename(columns={"segment": "group"})


def _within_one(survey: Survey, members: pd.Series) -> list[str]:
    """Segments all of whose respondents are of one cluster."""
    if survey.design is None or "cluster" not in survey.design:
        return []
    clusters = survey.design.reindex(members.index).drop_duplicates().groupby(members, observed=True).size()
    return [str(key) for key in clusters.index[clusters == 1]]


def _few_clusters(estimate: PlsEstimate) -> list[Caution]:
    return [caution for caution in estimate.cautions if caution.code == "few_clusters"]


def _labelled(frame: pd.DataFrame, segment: str, estimate: PlsEstimate) -> pd.DataFrame:
    return frame[frame.estimator == "pls"].assign(segment=segment, respondents=estimate.sample.n)


def _indices(weighed: PlsEstimate, survey: Survey, members: pd.Series) -> tuple[pd.DataFrame, dict[str, Floats]]:
    """Index of satisfaction and loyalty of everybody and every segment, and its draws; NaN for a negative weight."""
    theory, keys = weighed.specification.theory, weighed.specification.keys
    rows = {ALL: None, **{key: (members == key).to_numpy() for key in members.cat.categories}}
    drawn = {key: index_draws(weighed, survey.bounds, chosen) for key, chosen in rows.items()}
    found = [
        construct_index(weighed, survey.bounds, chosen)[0].assign(
            segment=key, respondents=len(members) if chosen is None else int(chosen.sum())
        )
        for key, chosen in rows.items()
    ]
    table = pd.concat(found, ignore_index=True)
    shown = ["segment", "construct", "respondents", "estimate", "ci_lower", "ci_upper"]
    aims = [table[table["construct"] == construct] for construct in theory.aims.values()]
    draws = {
        construct: np.array([drawn[key][keys.index(construct)] for key in rows]) for construct in theory.aims.values()
    }
    return pd.concat(aims, ignore_index=True)[shown], draws
