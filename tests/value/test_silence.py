"""The probability of no purchase in a horizon against many draws of the same models, and in the limit."""

import numpy as np
import pytest

from crmresearch.errors import EstimationError
from crmresearch.value import fit_pareto_nbd
from crmresearch.value.beta_geometric import BetaGeometricParameters, BgNbdFit, MbgNbdFit
from crmresearch.value.contract import ContractFit

X, T_X, T = np.array([1.0, 3.0, 8.0, 20.0]), np.array([10.0, 30.0, 35.0, 38.0]), np.array([40.0, 40.0, 40.0, 40.0])
BETA = BetaGeometricParameters(0.9, 8.0, 0.7, 3.0)


def of(kind: type, *more: object, names: object = BETA):
    return kind(names, names, np.nan, 1.0, True, (), np.full((4, 4), np.nan), None, *more)


FITS = {
    "bg_nbd": of(BgNbdFit),
    "mbg_nbd": of(MbgNbdFit),
    "contract": of(ContractFit, 4.0, 0.9, names=ContractFit.names(0.8, 3.0)),
    "all_paid": of(ContractFit, 4.0, 1.0, names=ContractFit.names(0.8, 3.0)),
}


@pytest.mark.parametrize("name", list(FITS))
def test_silence_is_the_share_of_draws_without_a_purchase(name: str) -> None:
    fit, many = FITS[name], 20_000
    x = np.round(T_X / 4) if "bg" not in name else X
    t_x = 4 * x if "bg" not in name else T_X
    told = fit.silence(x, t_x, T, 13.0)
    rng = np.random.default_rng(2)
    drawn = fit.draw_purchases(*(np.repeat(part, many) for part in (x, t_x, T)), 13.0, rng).reshape(4, many)
    share = (drawn == 0).mean(axis=1)
    np.testing.assert_allclose(told, share, atol=4 * np.sqrt(0.25 / many))


@pytest.mark.parametrize("name", list(FITS))
def test_silence_falls_with_the_horizon_to_those_who_left(name: str) -> None:
    fit = FITS[name]
    told = np.array([fit.silence(X, T_X, T, horizon) for horizon in (0.0, 5.0, 50.0, 5000.0)])
    assert (np.diff(told, axis=0) <= 1e-12).all()
    np.testing.assert_allclose(told[0], 1)
    if "bg" in name:
        np.testing.assert_allclose(told[-1], 1 - fit.p_alive(X, T_X, T), atol=0.01)


def test_a_model_without_a_formula_says_so() -> None:
    fit = fit_pareto_nbd([0, 1, 2, 5, 3], [0, 3, 20, 30, 10], [40, 40, 40, 40, 40])
    with pytest.raises(EstimationError, match="no formula"):
        fit.silence(X, T_X, T, 13.0)
