"""An estimated model as a picture, from the front door: the estimate alone is enough."""

from matplotlib.figure import Figure

from crmresearch.errors import ParameterError
from crmresearch.sem.covariance.result import CbEstimate
from crmresearch.sem.picture import model_picture
from crmresearch.sem.pls.result import PlsEstimate


def path_diagram(estimate: PlsEstimate | CbEstimate, estimator: str = "pls", *, title: str | None = None) -> Figure:
    """The estimated model as a matplotlib figure: standardised loadings (mode B: weights), paths, R².

    An arrow from a component to the construct of second order that it makes up is its weight.

    `estimate`: of either engine. `estimator`: pls or plsc, of a PLS estimate. `title` stands above the picture. All
    numbers are standardised, R² from 0 to 1.
    Raises ParameterError for another object, or an estimator the estimate does not have.

    >>> import crmresearch as crm
    >>> survey = crm.load_survey("ecsi_mobile")
    >>> text = "sat =~ CUSA1 + CUSA2 + CUSA3\\nloy =~ CUSL1 + CUSL2 + CUSL3\\nloy ~ sat"
    >>> crm.path_diagram(crm.estimate_pls(text, survey)).get_size_inches()[0] > 0
    np.True_
    """
    if not isinstance(estimate, PlsEstimate | CbEstimate):
        raise ParameterError(
            f"A {type(estimate).__name__} has no picture; pass what estimate_pls or estimate_cbsem returned."
        )
    if isinstance(estimate, PlsEstimate) and estimator not in estimate.estimators:
        raise ParameterError(f"The estimate has no {estimator!r}; use {' or '.join(estimate.estimators)}.")
    return model_picture(estimate, estimator, title=title)
