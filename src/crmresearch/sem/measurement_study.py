"""Everything a referee asks about the measurement of one theory on one survey, computed once."""

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from crmresearch.data.survey.survey import Survey
from crmresearch.errors import EstimationError, ParameterError
from crmresearch.sem.common_source import CommonSource, common_source
from crmresearch.sem.covariance import measurement as covariance
from crmresearch.sem.covariance.estimate import estimate_cbsem
from crmresearch.sem.covariance.fit.modification import modification_indices
from crmresearch.sem.covariance.fit.residuals import residual_correlations
from crmresearch.sem.covariance.result import CbEstimate, Errors
from crmresearch.sem.pls.measurement_quantities import measurement_quantities
from crmresearch.sem.pls.quality import measured
from crmresearch.sem.pls.quality.criteria import measurement_quality, verdicts
from crmresearch.sem.pls.quality.redundancy import global_items_of, redundancy
from crmresearch.sem.pls.result import PlsEstimate

RARE = 0.05  # adjusted probability below which a test speaks against the model


@dataclass(frozen=True)
class MeasurementStudy:
    """What `measurement_study` found; tables are those of the functions they are named after, `measures` all measures.

    `redundancies` has no rows without global items, `source` is None and `structure` is None where they cannot be
    computed: `undefined` says why, by their name.
    """

    estimate: PlsEstimate
    measures: measured.Measured
    quality: pd.DataFrame
    redundancies: pd.DataFrame
    source: CommonSource | None
    structure: CbEstimate | None
    undefined: dict[str, str]

    @cached_property
    def verdicts(self) -> pd.DataFrame:
        """One verdict a construct."""
        return verdicts(self.quality)

    @cached_property
    def reliability(self) -> pd.DataFrame:
        """α, ω, ρ_A, ρ_C and AVE of composites."""
        return measured.reliability(self.estimate, measured=self.measures)

    @cached_property
    def factor_reliability(self) -> pd.DataFrame:
        """α, ω, ρ_C and AVE of the covariance structure; no rows without one that can be believed."""
        return covariance.reliability(self.structure) if self.readable and self.structure else pd.DataFrame()

    @cached_property
    def htmt(self) -> pd.DataFrame:
        """HTMT and HTMT2 of every two constructs."""
        return measured.htmt(self.estimate, self.measures)

    @cached_property
    def closest(self) -> pd.DataFrame:
        """The rows of `quality` on discrimination, of every construct with the one closest to it, the closest first.

        Two constructs that are the closest to each other have one row.
        """
        rows = self.quality.query("criterion == 'discrimination'")
        rows = rows.sort_values("estimate", ascending=False, kind="stable")
        pairs = [frozenset(pair) for pair in zip(rows["construct"], rows["about"], strict=True)]
        return rows[~rows.assign(pair=pairs).duplicated(["outcome", "pair"])]

    @property
    def readable(self) -> bool:
        """Whether there is a covariance structure whose solution passes the gate."""
        return self.structure is not None and self.structure.trustworthy

    @cached_property
    def indices(self) -> pd.DataFrame:
        """Modification indices; no rows without a covariance structure that can be believed."""
        return modification_indices(self.structure) if self.readable and self.structure else pd.DataFrame()

    @property
    def beyond(self) -> pd.DataFrame:
        """The modification indices beyond chance, all tests counted."""
        return self.indices if self.indices.empty else self.indices[self.indices["p_adjusted"] < RARE]

    @cached_property
    def residuals(self) -> pd.DataFrame:
        """Residual correlations; no rows without a covariance structure that can be believed."""
        return residual_correlations(self.structure) if self.readable and self.structure else pd.DataFrame()


def measurement_study(
    estimate: PlsEstimate, survey: Survey, *, full_information: bool = False, errors: Errors = "standard"
) -> MeasurementStudy:
    """The measurement of a bootstrapped estimate of `survey`: criteria, redundancy, source, covariance structure.

    Global items are those of `global_items_of` in the survey. The covariance structure is that of the rows of the
    estimate, or with `full_information` of all, with the weights and the design of the survey.
    """
    undefined: dict[str, str] = {}
    specification = estimate.specification
    found = redundancy(estimate, survey.items, {})
    try:
        found = redundancy(estimate, survey.items, global_items_of(estimate, list(survey.items.columns)))
    except ParameterError as error:
        undefined["redundancies"] = str(error)
    source = structure = None
    measures = measured.Measured(estimate, measurement_quantities(estimate))  # all in one run of the resamples
    try:
        source = common_source(estimate, measures)
    except EstimationError as error:
        undefined["source"] = str(error)
    try:
        structure = estimate_cbsem(
            specification,
            survey.items[specification.items] if full_information else estimate.items,
            weights=survey.weights,
            design=survey.design,
            full_information=full_information,
            errors=errors,
        )
    except EstimationError as error:
        undefined["structure"] = str(error)
    quality = measurement_quality(estimate, found, measures)
    return MeasurementStudy(estimate, measures, quality, found, source, structure, undefined)
