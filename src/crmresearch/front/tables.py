"""Tables of an estimated model from the front door: fit, index, cautions."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import pandas as pd

from crmresearch.caution import Caution
from crmresearch.data.survey.survey import Survey
from crmresearch.errors import ParameterError
from crmresearch.sem import index
from crmresearch.sem.covariance.fit import table as fit
from crmresearch.sem.covariance.result import CbEstimate
from crmresearch.sem.pls.result import PlsEstimate
from crmresearch.value.customer_value import CustomerValue

Scale: TypeAlias = tuple[float, float] | pd.DataFrame | Survey


def fit_table(estimate: CbEstimate) -> pd.DataFrame:
    """The fit of a covariance structure, a row a measure: χ², CFI, TLI, RMSEA with its 90 % interval, SRMR, AIC, BIC.

    `estimate`: of `estimate_cbsem`; column robust where robust errors were asked for. Sources: Bentler (1990),
    Psychological Bulletin 107, 238–246; Steiger (1990), Multivariate Behavioral Research 25, 173–180. Raises
    ParameterError for another kind of estimate.

    >>> import crmresearch as crm
    >>> survey = crm.load_survey("ecsi_mobile")
    >>> text = "sat =~ CUSA1 + CUSA2 + CUSA3\\nloy =~ CUSL1 + CUSL2 + CUSL3\\nloy ~ sat"
    >>> fit = crm.fit_table(crm.estimate_cbsem(text, survey)).set_index("measure")["value"]
    >>> int(fit["df"])
    8
    """
    if not isinstance(estimate, CbEstimate):
        raise ParameterError(
            f"fit_table is of a covariance structure, not of a {type(estimate).__name__}; use estimate_cbsem."
        )
    return fit.fit_table(estimate)


def cautions(estimate: PlsEstimate | CbEstimate | CustomerValue | pd.DataFrame) -> pd.DataFrame:
    """What must be known before the numbers are believed, a row each, gravest first: code, severity, quantity, facts.

    `estimate`: of either engine, a CustomerValue, or a table that has cautions, of `cvpat`; no rows where nothing is to
    be said. Facts are text. Raises ParameterError for another object.

    >>> import crmresearch as crm
    >>> survey = crm.load_survey("ecsi_mobile")
    >>> text = "sat =~ CUSA1 + CUSA2 + CUSA3\\nloy =~ CUSL1 + CUSL2 + CUSL3\\nloy ~ sat"
    >>> list(crm.cautions(crm.estimate_pls(text, survey)))
    ['code', 'severity', 'quantity', 'facts']
    """
    told: Iterable[Caution] | None = None
    if isinstance(estimate, PlsEstimate | CbEstimate | CustomerValue):
        told = estimate.cautions
    elif isinstance(estimate, pd.DataFrame):
        told = estimate.attrs.get("cautions")
    if told is None:
        raise ParameterError(
            f"A {type(estimate).__name__} has no cautions; pass what estimate_pls, estimate_cbsem, CustomerValue.fit "
            "or cvpat returned."
        )
    rows = [
        (c.code, c.severity, c.quantity, "; ".join(f"{name}: {value}" for name, value in c.facts.items())) for c in told
    ]
    return pd.DataFrame(rows, columns=["code", "severity", "quantity", "facts"])


def construct_index(estimate: PlsEstimate, scale: Scale) -> pd.DataFrame:
    """The index of every construct on 0–100, a row each, with its interval once bootstrapped.

    `estimate`: of `estimate_pls`; NaN where an item weighs negatively. `scale`: lowest and highest answer of all items,
    a frame with a row an item and the columns min and max, or the survey. Source: Fornell et al. (1996), Journal of
    Marketing 60(4), 7–18. Raises ParameterError for an item without a scale.

    >>> import crmresearch as crm
    >>> survey = crm.load_survey("ecsi_mobile")
    >>> text = "sat =~ CUSA1 + CUSA2 + CUSA3\\nloy =~ CUSL1 + CUSL2 + CUSL3\\nloy ~ sat"
    >>> crm.construct_index(crm.estimate_pls(text, survey), (1, 10))["estimate"].between(0, 100).all().item()
    True
    """
    if not isinstance(estimate, PlsEstimate):
        raise ParameterError(
            f"construct_index is of a PLS estimate, not of a {type(estimate).__name__}; use estimate_pls."
        )
    return index.construct_index(estimate, bounds_of(estimate.specification.items, scale))[0]


def bounds_of(items: Sequence[str], scale: Scale) -> pd.DataFrame:
    """The ends of the scale of every item (rows): min, max. Raises ParameterError for an item without."""
    if isinstance(scale, Survey):
        book = scale.codebook.items
        bounds = pd.DataFrame({i: (book[i].min, book[i].max) for i in items if i in book}, ["min", "max"]).T
    elif isinstance(scale, pd.DataFrame):
        bounds = scale
    else:
        bounds = pd.DataFrame([scale] * len(items), items, ["min", "max"])
    if absent := [item for item in items if item not in bounds.index]:
        raise ParameterError(f"The scale of {', '.join(absent)} is not given; add a row with min and max for each.")
    return bounds
