"""How well constructs are measured, from the front door: of an estimate, or of a model and the answers to it."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from crmresearch.data.survey.survey import Survey
from crmresearch.errors import ParameterError
from crmresearch.front.estimates import Answers, estimated, least_squares, structure
from crmresearch.models.specification import Specification
from crmresearch.sem.covariance import measurement as covariance
from crmresearch.sem.covariance.fit import modification
from crmresearch.sem.covariance.result import CbEstimate
from crmresearch.sem.pls.quality import measured
from crmresearch.sem.pls.quality import redundancy as pls_redundancy
from crmresearch.sem.pls.result import PlsEstimate


def reliability(
    estimate: PlsEstimate | CbEstimate | Specification | str,
    data: Answers | str = None,
    estimator: str = "pls",
    **options: Any,
) -> pd.DataFrame:
    """One row a construct: items, alpha, rho_c, rho_a, ave, omega (0–1; NaN where a measure has no meaning).

    `<measure>_lower` and `<measure>_upper` hold the interval: of a PLS estimate once bootstrapped, of a covariance
    structure always (Wald). `estimate`: of `estimate_pls` or `estimate_cbsem`; or a model (specification or lavaan
    text) with `data`, which is then estimated by PLS with `options` of `estimate_pls`. `estimator`: whose loadings, pls
    or plsc. α, ω and ρ_C of PLS are of standardised items, α and ω of a covariance structure of items in their units;
    ω is that of McDonald, the implied variance in the denominator, and needs three items: of two it is α. The estimator
    may stand second where there is no `data`. Sources:
    Cronbach (1951); McDonald (1999); Jöreskog (1971); Dijkstra & Henseler (2015); Fornell & Larcker (1981). Checked
    against R seminr, psych and lavaan. Raises ParameterError for another kind of estimate or an estimator it does not
    have.

    >>> import crmresearch as crm
    >>> survey = crm.load_survey("ecsi_mobile")
    >>> text = "sat =~ CUSA1 + CUSA2 + CUSA3\\nloy =~ CUSL1 + CUSL2 + CUSL3\\nloy ~ sat"
    >>> crm.reliability(text, survey)[["construct", "alpha", "omega"]].round(2).values.tolist()
    [['sat', 0.78, 0.78], ['loy', 0.47, 0.61]]
    """
    if isinstance(data, str) and not isinstance(estimate, Specification | str):
        return reliability(estimate, None, data)
    found = estimated(estimate, data, "reliability", **options)
    if isinstance(found, CbEstimate):
        return covariance.reliability(found)
    if estimator not in found.estimators:
        raise ParameterError(f"The estimate has no {estimator!r}; use {' or '.join(found.estimators)}.")
    return measured.reliability(found, estimator)


def htmt(
    estimate: PlsEstimate | CbEstimate | Specification | str,
    data: Answers = None,
    *,
    resamples: int = 1000,
    seed: int = 1,
    **options: Any,
) -> pd.DataFrame:
    """Heterotrait–monotrait ratios (from 0) of every two constructs, a row a pair: HTMT and HTMT2.

    Columns construct, other; estimate (HTMT) with se, ci_lower and ci_upper; htmt2 with htmt2_lower and htmt2_upper,
    which takes geometric means and allows loadings to differ; 0 where a pair of items does not correlate at all.
    Intervals of a PLS estimate once it is bootstrapped; of a covariance structure those over the item correlations of
    `resamples` of its rows, drawn from `seed`, the same as `bootstrap` draws. `estimate`, `data` and `options` as of
    `reliability`. Of composites in mode B the ratio says nothing of their validity. Sources: Henseler, Ringle &
    Sarstedt (2015), Journal of the Academy of Marketing Science 43, 115–135; Roemer, Schuberth & Henseler (2021),
    Industrial Management & Data Systems 121, 2637–2650. Checked against R seminr and semTools. Raises ParameterError
    for another kind of estimate.

    >>> import crmresearch as crm
    >>> survey = crm.load_survey("ecsi_mobile")
    >>> text = "sat =~ CUSA1 + CUSA2 + CUSA3\\nloy =~ CUSL1 + CUSL2 + CUSL3\\nloy ~ sat"
    >>> crm.htmt(text, survey)[["construct", "other", "estimate", "htmt2"]].round(3).values.tolist()
    [['loy', 'sat', 0.957, 0.93]]
    """
    found = estimated(estimate, data, "htmt", **options)
    return covariance.htmt(found, resamples, seed) if isinstance(found, CbEstimate) else measured.htmt(found)


def redundancy(
    estimate: PlsEstimate | Specification | str,
    data: Answers = None,
    *,
    global_items: Mapping[str, str] | None = None,
    **options: Any,
) -> pd.DataFrame:
    """Redundancy analysis: the path from the items of a construct (mode B) to one global question about it.

    A row a construct: item, the global question; estimate, the path, with se and interval once bootstrapped; r_squared;
    rows that answered. A path of .70 or more says that the items cover the construct. `estimate`: of `estimate_pls`, or
    a model, estimated with `options` of `estimate_pls`; `data`: the frame or survey it is made of, which holds the
    global items as well. `global_items`: construct → item; by default columns named by what the names of the items of a
    construct begin with and `_global` (qual_1, …, qual_8: qual_global). Sources: Chin (1998); Hair et al. (2021),
    chapter 5. Checked against R seminr. Raises ParameterError for another kind of estimate, without data, and where no
    construct has a global item.

    >>> import crmresearch as crm
    >>> survey = crm.load_survey("corporate_reputation")
    >>> estimate = crm.estimate_pls(crm.bind("reputation", survey), survey, missing="mean")
    >>> crm.redundancy(estimate, survey)[["construct", "estimate"]].round(2).values.tolist()
    [['qual', 0.8], ['perf', 0.81], ['csor', 0.86], ['attr', 0.87]]
    """
    if data is None:
        raise ParameterError("redundancy needs the answers to the global items; pass the frame or survey as `data`.")
    model = isinstance(estimate, Specification | str)
    found = least_squares(estimate, data if model else None, "redundancy", **options)
    frame = data.items if isinstance(data, Survey) else data
    items = pls_redundancy.global_items_of(found, list(frame.columns)) if global_items is None else global_items
    if not items:
        raise ParameterError(
            "No construct has a global item: a column named as its items begin, and `_global`. Name them in "
            "global_items, by construct."
        )
    return pls_redundancy.redundancy(found, frame, items)


def modification_indices(
    estimate: CbEstimate | Specification | str, data: Answers = None, **options: Any
) -> pd.DataFrame:
    """What a covariance structure leaves out: a row a parameter that could be freed, largest index first.

    Columns: kind (loading, covariance, path); lhs, op, rhs, the parameter in lavaan syntax; mi, about what χ² loses
    when it is freed; epc, its expected value in the units of the items, with se; standardized, the epc with all
    variables standardised; p_value, χ²(1), with robust errors of mi over the scaling factor; p_adjusted, by Holm over
    all rows. `estimate`: of `estimate_cbsem`, or a model with `data`, estimated with `options` of `estimate_cbsem`. A
    parameter freed because its index is large is found in these answers and tested in others (MacCallum, Roznowski &
    Necowitz 1992, Psychological Bulletin 111, 490–504). Sources: Sörbom (1989), Psychometrika 54, 371–384; Saris,
    Satorra & Sörbom (1987), Sociological Methodology 17, 105–129. Checked against lavaan. Raises ParameterError for
    another kind of estimate.

    >>> import crmresearch as crm
    >>> survey = crm.load_survey("ecsi_mobile")
    >>> text = "sat =~ CUSA1 + CUSA2 + CUSA3\\nloy =~ CUSL1 + CUSL2 + CUSL3\\nloy ~ sat"
    >>> crm.modification_indices(text, survey)[["lhs", "op", "rhs", "mi"]].head(1).round(1).values.tolist()
    [['loy', '=~', 'CUSA2', 9.2]]
    """
    return modification.modification_indices(structure(estimate, data, "modification_indices", **options))
