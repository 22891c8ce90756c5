"""Satisfaction surveys from the front door: data sets, theories, both engines, their bootstrap and their tables."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmresearch.data.catalog import dataset_keys, find_codebook, find_data_file
from crmresearch.data.dataset import in_language
from crmresearch.data.survey.codebook import Codebook
from crmresearch.data.survey.missing import handle_missing
from crmresearch.data.survey.survey import Survey
from crmresearch.data.survey.weights import weights_of
from crmresearch.errors import DatasetMissingError, EstimationError, ParameterError, SpecificationError
from crmresearch.models import specification
from crmresearch.models.lavaan import model as read_model
from crmresearch.models.specification import Specification, bind_items
from crmresearch.models.theory import Theory, load_theory, theory_keys
from crmresearch.sem.covariance import estimate as covariance
from crmresearch.sem.covariance.bootstrap import CbBootstrap, bootstrap_cbsem
from crmresearch.sem.covariance.result import CbEstimate, Errors
from crmresearch.sem.pls import bootstrap as pls_bootstrap
from crmresearch.sem.pls import estimate as pls
from crmresearch.sem.pls.algorithm import Scheme
from crmresearch.sem.pls.batch import Metric
from crmresearch.sem.pls.result import PlsEstimate
from crmresearch.value.customer_value import CustomerValue
from crmresearch.value.resample import Replicates
from crmresearch.value.resample import bootstrap as bootstrap_value

Missing = Literal["refuse", "listwise", "mean"]
Weights: TypeAlias = pd.Series | NDArray[np.float64] | None


def datasets() -> pd.DataFrame:
    """The data sets that can be loaded by name, a row each: key, kind, title, here.

    `kind` is survey or transactions; `here` whether the file is on this machine.
    Raises CodebookError for a codebook with mistakes.

    >>> import crmresearch as crm
    >>> crm.datasets().set_index("key").loc["ecsi_mobile", "kind"]
    'survey'
    """
    rows = []
    for key in dataset_keys():
        codebook = find_codebook(key)
        try:
            here = find_data_file(codebook).is_file()
        except DatasetMissingError:
            here = False
        kind = "survey" if isinstance(codebook, Codebook) else "transactions"
        rows.append((key, kind, in_language(codebook.title), here))
    return pd.DataFrame(rows, columns=["key", "kind", "title", "here"])


def theories() -> pd.DataFrame:
    """The theories that come with the package, a row each: key, title, constructs and paths (counts), citation.

    Raises TheoryError for a theory with mistakes.

    >>> import crmresearch as crm
    >>> list(crm.theories()["key"])[:5]
    ['acsi', 'ecsi', 'ncsb', 'reputation', 'scsb']
    """
    found = [load_theory(key) for key in theory_keys()]
    rows = [(t.key, in_language(t.title), len(t.constructs), len(t.paths), t.citation) for t in found]
    return pd.DataFrame(rows, columns=["key", "title", "constructs", "paths", "citation"])


def bind(theory: Theory | str | Path, items: Codebook | Survey | str | Mapping[str, Sequence[str]]) -> Specification:
    """The theory (or its key) with the items that measure its constructs, ready to be estimated.

    `theory`: a theory, its key, or the path of its YAML file. `items`: a survey, its codebook, the key of its data set,
    or a mapping of constructs to item names. The items a theory names itself for a data set take the place of the
    codebook's. Raises TheoryError for an unknown theory, SpecificationError for a construct without items or an item
    used twice.

    >>> import crmresearch as crm
    >>> crm.bind("ecsi", "ecsi_mobile").predictors_of("value")
    ['expectation', 'quality']
    """
    theory = theory if isinstance(theory, Theory) else load_theory(theory)
    if isinstance(items, Mapping):
        return bind_items(theory, items, "the mapping")
    book = items.codebook if isinstance(items, Survey) else find_codebook(items) if isinstance(items, str) else items
    if not isinstance(book, Codebook):
        raise SpecificationError(f"{book.key} holds transactions, not a survey; a theory is bound to a survey.")
    return specification.bind(theory, book)


def _design(data: pd.DataFrame | Survey, design: pd.DataFrame | None) -> pd.DataFrame | None:
    """The design given, else that of the survey."""
    return data.design if design is None and isinstance(data, Survey) else design


def _weights(data: pd.DataFrame | Survey, weights: Weights) -> pd.Series | None:
    """The weights given, else those of the survey, labelled as the rows of the data, so that rows may be left out."""
    frame = data.items if isinstance(data, Survey) else data
    weights = data.weights if weights is None and isinstance(data, Survey) else weights
    return None if weights is None else pd.Series(weights_of(frame, weights), frame.index)


def _answers(
    model: Specification | str, data: pd.DataFrame | Survey, missing: str, weights: pd.Series | None = None
) -> tuple[Specification, Any]:
    """The specification and the items of it as numbers; gaps as `missing` says."""
    spec = read_model(model) if isinstance(model, str) else model
    frame = data.items if isinstance(data, Survey) else data
    if absent := [item for item in spec.items if item not in frame]:
        raise EstimationError(
            f"The data has no column for the items {', '.join(absent)}; rename its columns, or the items of the model."
        )
    try:
        items = frame[spec.items].astype(np.float64)
    except (TypeError, ValueError):
        words = [i for i in spec.items if not pd.api.types.is_numeric_dtype(frame[i])]
        raise EstimationError(
            f"The answers to {', '.join(words)} are not all numbers; turn them into numbers first."
        ) from None
    if missing not in ("refuse", "listwise", "mean"):
        raise ParameterError(f"missing={missing!r} is not known; use refuse, listwise or mean.")
    gaps = items.isna()
    if gaps.to_numpy().any():
        if missing == "refuse":
            raise EstimationError(
                f"{int(gaps.any(axis=1).sum())} of {len(items)} rows have no answer to some of "
                f'{", ".join(items.columns[gaps.any()])}; pass missing="listwise" to leave these rows out, or "mean".'
            )
        items = handle_missing(items, missing, weights).items  # type: ignore[arg-type]
    return spec, items


def estimate_pls(
    model: Specification | str,
    data: pd.DataFrame | Survey,
    *,
    weights: Weights = None,
    design: pd.DataFrame | None = None,
    missing: Missing = "refuse",
    scheme: Scheme = "path",
    metric: Metric = "standardised",
) -> PlsEstimate:
    """The model estimated by partial least squares, PLS and (where it exists) PLSc.

    `model`: a specification, or its text in lavaan syntax. `data` (n, ≥ p): a column for each of the model's p items, a
    row a respondent; a frame needs no codebook. `weights`: sampling weights of the rows, a Series with the labels of
    the data or an array of n; by default those of the survey, of a frame none. `design`: how the rows were drawn, a
    frame with the labels of the data and the columns stratum, cluster (primary sampling unit), or both; by default
    that of the survey. It moves no estimate: resamples draw clusters within strata. `missing`: "refuse" gaps, leave
    their rows out ("listwise") or fill in the item's "mean". `scheme`: path, factorial or centroid. `metric`:
    standardised items, or "raw" for their own units. The tables of the estimate have a row a path (`paths`), item
    (`loadings`, `weights`) or outcome (`r_squared`), standardised unless the metric is raw. Sources: Lohmöller (1989);
    Dijkstra & Henseler (2015), MIS Quarterly 39, 297–316; of the design Rao, Wu & Yue (1992).

    Raises EstimationError for absent items, words, gaps, or data from which the model cannot be estimated;
    ParameterError for an unknown option.

    >>> import crmresearch as crm
    >>> estimate = crm.estimate_pls(
    ...     "sat =~ CUSA1 + CUSA2 + CUSA3\\nloy =~ CUSL1 + CUSL2 + CUSL3\\nloy ~ sat", crm.load_survey("ecsi_mobile")
    ... )
    >>> list(estimate.paths["estimator"])
    ['pls', 'plsc']
    """
    of_rows = _weights(data, weights)
    spec, items = _answers(model, data, missing, of_rows)
    return pls.estimate_pls(spec, items, weights=of_rows, design=_design(data, design), scheme=scheme, metric=metric)


def estimate_cbsem(
    model: Specification | str,
    data: pd.DataFrame | Survey,
    *,
    weights: Weights = None,
    design: pd.DataFrame | None = None,
    missing: Missing | Literal["fiml"] = "refuse",
    errors: Errors = "standard",
    confidence: float = 0.95,
) -> CbEstimate:
    """The model estimated by maximum likelihood as a covariance structure; paths in units of the first items.

    `model`, `data` (n, ≥ p), `weights`, `design` and `missing` as of `estimate_pls`; weights make errors robust, and a
    design makes them those of clusters within strata; "fiml" uses rows
    with gaps (full information). `errors` "robust" gives sandwich errors. Intervals hold at `confidence`. `paths` has a
    row a path. Composites and moderations are left out. Source: Jöreskog (1970), Biometrika 57, 239–251. Raises
    EstimationError for absent items, words, gaps, too few rows or a model without paths, ParameterError for an unknown
    option.

    >>> import crmresearch as crm
    >>> crm.estimate_cbsem(
    ...     "sat =~ CUSA1 + CUSA2 + CUSA3\\nloy =~ CUSL1 + CUSL2 + CUSL3\\nloy ~ sat", crm.load_survey("ecsi_mobile")
    ... ).paths[["predictor", "outcome"]].values.tolist()
    [['sat', 'loy']]
    """
    if errors not in get_args(Errors):
        raise ParameterError(f"errors={errors!r} is not known; use {' or '.join(get_args(Errors))}.")
    if not 0 < confidence < 1:
        raise ParameterError(f"confidence must be between 0 and 1, such as 0.95; it is {confidence}.")
    full = missing == "fiml"
    of_rows = _weights(data, weights)
    if full:
        spec = read_model(model) if isinstance(model, str) else model
        frame = data.items if isinstance(data, Survey) else data
        present = [item for item in spec.items if item in frame]
        # the filled copy is only looked at for absent items and words; the engine gets the gaps
        _answers(spec, frame.assign(**{i: frame[i].fillna(0) for i in present}), "refuse")
        items = frame[spec.items].astype(np.float64)
    else:
        spec, items = _answers(model, data, missing, of_rows)
    return covariance.estimate_cbsem(
        spec,
        items,
        weights=of_rows,
        design=_design(data, design),
        full_information=full,
        errors=errors,
        confidence=confidence,
    )


@overload
def bootstrap(estimate: PlsEstimate, *, resamples: int = ..., seed: int = ..., **options: Any) -> PlsEstimate: ...
@overload
def bootstrap(estimate: CbEstimate, *, resamples: int = ..., seed: int = ..., **options: Any) -> CbBootstrap: ...
@overload
def bootstrap(estimate: CustomerValue, *, resamples: int = ..., seed: int = ..., **options: Any) -> Replicates: ...
def bootstrap(estimate: Any, *, resamples: int = 1000, seed: int = 1, **options: Any) -> Any:
    """Resample the rows `estimate` was made of, `resamples` times; the same `seed`, the same resamples.

    Of a PLS estimate: the estimate with errors, intervals and p-values in its tables (`options`: `confidence`,
    `interval` percentile or bca, `workers`). Of a covariance structure: its `CbBootstrap`. Of a CustomerValue: the
    parameters of its purchase model in every resample, `values` (resamples, parameters). Source: Efron & Tibshirani
    (1993), An Introduction to the Bootstrap.
    Raises ParameterError for another object or impossible options, EstimationError where resamples cannot be used.

    >>> import crmresearch as crm
    >>> estimate = crm.estimate_pls(
    ...     "sat =~ CUSA1 + CUSA2 + CUSA3\\nloy =~ CUSL1 + CUSL2 + CUSL3\\nloy ~ sat", crm.load_survey("ecsi_mobile")
    ... )
    >>> bool(crm.bootstrap(estimate, resamples=50, seed=1).paths["ci_lower"].notna().all())
    True
    """
    if resamples < 2 or seed < 0:
        raise ParameterError(
            f"resamples must be 2 or more and seed 0 or more; they are resamples={resamples}, seed={seed}."
        )
    if isinstance(estimate, PlsEstimate):
        return pls_bootstrap.bootstrap(estimate, resamples=resamples, seed=seed, **options)
    if isinstance(estimate, CbEstimate):
        return bootstrap_cbsem(estimate, resamples=resamples, seed=seed, **options)
    if isinstance(estimate, CustomerValue):
        return bootstrap_value(estimate.purchases, resamples, seed, **options)
    raise ParameterError(
        f"A {type(estimate).__name__} cannot be resampled; pass what estimate_pls, estimate_cbsem or CustomerValue.fit "
        "returned."
    )
