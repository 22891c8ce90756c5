from .data.survey.survey import load_survey
from .data.transactions.transactions import load_transactions
from .front.baskets import association_rules, next_products
from .front.customers import customer_table, methods, stability, unusual_purchases
from .front.effects import effects, mediation, simple_slopes
from .front.forecast import revenue_forecast
from .front.measurement import htmt, modification_indices, redundancy, reliability
from .front.model_checks import congruence, copulas, mediator_prediction, overfit, tetrads
from .front.newcomers import conversion, prospects, retention
from .front.pictures import path_diagram
from .front.prediction import cvpat, plspredict
from .front.priorities import cipma, ipma, nca
from .front.profiles import segment_profiles, segment_rules
from .front.surveys import (
    bind,
    bootstrap,
    datasets,
    estimate_cbsem,
    estimate_pls,
    theories,
)
from .front.tables import cautions, construct_index, fit_table
from .mining.churn.churn import churn_warning
from .mining.unusual.unusual_respondents import unusual_respondents
from .models.lavaan import model
from .models.theory import load_theory
from .report.make.render import render_report
from .segmentation.monitoring.monitor import monitor
from .segmentation.scoring.evaluate import evaluate_segmentations
from .value.customer_value import CustomerValue

__version__: str

__all__ = [
    "CustomerValue",
    "association_rules",
    "bind",
    "bootstrap",
    "cautions",
    "churn_warning",
    "cipma",
    "congruence",
    "construct_index",
    "conversion",
    "copulas",
    "customer_table",
    "cvpat",
    "datasets",
    "effects",
    "estimate_cbsem",
    "estimate_pls",
    "evaluate_segmentations",
    "fit_table",
    "htmt",
    "ipma",
    "load_survey",
    "load_theory",
    "load_transactions",
    "mediation",
    "mediator_prediction",
    "methods",
    "model",
    "modification_indices",
    "monitor",
    "nca",
    "next_products",
    "overfit",
    "path_diagram",
    "plspredict",
    "prospects",
    "redundancy",
    "reliability",
    "render_report",
    "retention",
    "revenue_forecast",
    "segment_profiles",
    "segment_rules",
    "simple_slopes",
    "stability",
    "tetrads",
    "theories",
    "unusual_purchases",
    "unusual_respondents",
]
