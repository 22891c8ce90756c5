from .data.survey.survey import load_survey
from .data.transactions.transactions import load_transactions
from .front.customers import customer_table, methods, stability
from .front.pictures import path_diagram
from .front.surveys import (
    bind,
    bootstrap,
    cautions,
    construct_index,
    datasets,
    estimate_cbsem,
    estimate_pls,
    htmt,
    theories,
)
from .models.lavaan import model
from .models.theory import load_theory
from .report.make.render import render_report
from .segmentation.monitoring.monitor import monitor
from .segmentation.scoring.evaluate import evaluate_segmentations
from .sem.covariance.fit import fit_table
from .sem.pls.measurement import reliability
from .value.customer_value import CustomerValue

__version__: str

__all__ = [
    "CustomerValue",
    "bind",
    "bootstrap",
    "cautions",
    "construct_index",
    "customer_table",
    "datasets",
    "estimate_cbsem",
    "estimate_pls",
    "evaluate_segmentations",
    "fit_table",
    "htmt",
    "load_survey",
    "load_theory",
    "load_transactions",
    "methods",
    "model",
    "monitor",
    "path_diagram",
    "reliability",
    "render_report",
    "stability",
    "theories",
]
