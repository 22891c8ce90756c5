"""Models held out, shared by the tests of prediction: what R says of them, and folds foreseen one by one by hand."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sem_cases import REPUTATION_ITEMS, corp_rep, ecsi, mobi, path_model

from crmresearch.models.specification import Specification, product_key
from crmresearch.sem.pls.estimate import estimate_pls
from crmresearch.sem.pls.result import PlsEstimate

PREDICTED, TESTED, EFFECTS, COVARIANCE = (
    json.loads((Path(__file__).parents[1] / "reference" / f"{name}.json").read_text(encoding="utf-8"))
    for name in ("plspredict", "cvpat", "effects", "sem_effects")
)
NAMES = {
    "complaint_handling": "Complaints",
    **{key: key.title() for key in ("image", "expectation", "quality", "value", "satisfaction", "loyalty", "overall")},
}
TECHNIQUES = {"direct": "predict_DA", "earliest": "predict_EA"}
TIGHT = {"tolerance": 1e-10, "max_iterations": 3000}  # as the references, so that nothing depends on the stop rule
COMPOSITES = ("qual", "perf", "csor", "attr")


def reputation_main(attr: bool = True) -> Specification:
    """The reputation model without switching cost; without attractiveness."""
    causes = COMPOSITES if attr else COMPOSITES[:-1]
    kept = [*causes, "comp", "like", "cusa", "cusl"]
    paths = [(cause, outcome) for outcome in ("comp", "like") for cause in causes]
    paths += [(cause, "cusa") for cause in ("comp", "like")] + [("cusa", "cusl")]
    paths += [(cause, "cusl") for cause in ("comp", "like")]
    return path_model({key: REPUTATION_ITEMS[key] for key in kept}, paths, dict.fromkeys(causes, "composite_b"))


def ecsi_rival() -> Specification:
    """The ECSI without image → loyalty, with quality → loyalty and value → loyalty."""
    spec = ecsi()
    paths = [(p.predictor, p.outcome) for p in spec.paths if (p.predictor, p.outcome) != ("image", "loyalty")]
    items = {c.key: list(c.items) for c in spec.constructs}
    return path_model(items, [*paths, ("quality", "loyalty"), ("value", "loyalty")])


@cache
def held_model(name: str) -> PlsEstimate:
    """The models of the references, estimated to their tolerance."""
    specifications = {
        "ecsi": ecsi, "rival": ecsi_rival, "reputation": reputation_main,
        "without_attr": lambda: reputation_main(attr=False),
    }  # fmt: skip
    answers = mobi() if name in ("ecsi", "rival") else corp_rep()
    return estimate_pls(specifications[name](), answers, **TIGHT)


def reference_folds(name: str) -> np.ndarray:
    """The fold (n,) of every row in the references, counted from 1."""
    return np.array(PREDICTED[name]["fold_of_row"])


def by_hand(
    spec: Specification, answers: pd.DataFrame, labels: np.ndarray, antecedents: str, **options: Any
) -> pd.DataFrame:
    """Items of outcomes of every row, fold after fold from estimates of the other rows and their tables alone."""
    parts = []
    for fold in np.unique(labels):
        train, test = answers[labels != fold], answers[labels == fold]
        parts.append(_foreseen(spec, train, test, antecedents, options))
    return pd.concat(parts).loc[answers.index]


def _foreseen(
    spec: Specification, train: pd.DataFrame, test: pd.DataFrame, antecedents: str, options: dict[str, Any]
) -> pd.DataFrame:
    estimate = estimate_pls(spec, train, cautions=False, **options)
    main = spec.without_moderation()
    plain = estimate_pls(main, train, cautions=False, **options) if spec.moderations else estimate
    items = spec.items
    w = estimate.sample.weights
    mean = np.average(train[items], axis=0, weights=w)
    spread = estimate.values("deviations/pls")
    z, z_train = ((rows[items].to_numpy() - mean) / spread for rows in (test, train))
    own = dict(zip(spec.keys, (z @ estimate.composites).T, strict=True))
    first = dict(zip(spec.keys, (z @ plain.composites).T, strict=True))
    first_train = dict(zip(spec.keys, (z_train @ plain.composites).T, strict=True))
    paths = estimate.only("paths").set_index(["outcome", "predictor"])["estimate"]
    outcomes = set(spec.outcomes)

    def foreseen(outcome: str) -> Any:
        value: Any = 0.0
        for cause in spec.predictors_of(outcome):
            passed_on = antecedents == "earliest" and cause in outcomes
            value = value + paths[outcome, cause] * (foreseen(cause) if passed_on else own[cause])
        for m in spec.moderations:
            if m.outcome == outcome:
                factors = [
                    foreseen(f) if antecedents == "earliest" and f in outcomes else first[f]
                    for f in (m.predictor, m.moderator)
                ]
                centre = np.average(first_train[m.predictor] * first_train[m.moderator], weights=w)
                product = factors[0] * factors[1] - centre
                value = value + paths[outcome, product_key(m.predictor, m.moderator)] * product
        return value

    found: dict[str, Any] = {}
    loading = estimate.only("loadings").set_index("item")["standardized"]
    inner = estimate.table("component_loadings").query("estimator == 'pls'") if spec.components else pd.DataFrame()
    for construct in spec.constructs:
        whole = spec.components.get(construct.key, construct.key)
        if whole in outcomes and construct.items:
            share = 1.0 if whole == construct.key else inner.set_index("component")["estimate"][construct.key]
            for item in construct.items:
                place = items.index(item)
                found[item] = mean[place] + spread[place] * loading[item] * share * foreseen(whole)
    return pd.DataFrame(found, test.index)
