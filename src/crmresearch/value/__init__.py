"""Customer lifetime value: how likely a customer is still one, how often they will buy, what that is worth today."""

from crmresearch.value.beta_geometric import BgNbdFit, MbgNbdFit, fit_bg_nbd, fit_mbg_nbd
from crmresearch.value.customer_value import CustomerValue
from crmresearch.value.gamma_gamma import GammaGammaFit, fit_gamma_gamma
from crmresearch.value.pareto_nbd import ParetoNbdFit, fit_pareto_nbd
from crmresearch.value.resample import Replicates, bootstrap
from crmresearch.value.shifted_beta_geometric import (
    ShiftedBetaGeometricFit,
    fit_shifted_beta_geometric,
    fit_survivors,
)

__all__ = [
    "BgNbdFit",
    "CustomerValue",
    "GammaGammaFit",
    "MbgNbdFit",
    "ParetoNbdFit",
    "Replicates",
    "ShiftedBetaGeometricFit",
    "bootstrap",
    "fit_bg_nbd",
    "fit_gamma_gamma",
    "fit_mbg_nbd",
    "fit_pareto_nbd",
    "fit_shifted_beta_geometric",
    "fit_survivors",
]
