"""SRMR of PLS against sums written out item by item, and where it must be zero."""

import numpy as np
import pandas as pd
import pytest

from crmresearch.data.survey.missing import handle_missing
from crmresearch.data.survey.survey import load_survey
from crmresearch.models.specification import bind, bind_items
from crmresearch.models.theory import Theory, load_theory
from crmresearch.sem.pls.estimate import estimate_pls
from crmresearch.sem.pls.fit import approximate_fit, structural_correlations
from crmresearch.sem.pls.result import PlsEstimate


@pytest.fixture(scope="module")
def scsb() -> PlsEstimate:
    survey = load_survey("ecsi_mobile")
    specification = bind(load_theory("scsb"), survey.codebook)
    return estimate_pls(specification, survey.items[specification.items])


def by_hand(estimate: PlsEstimate, estimator: str, saturated: bool) -> float:
    """Differences of correlations pair by pair, and the constructs' correlations by the rules of tracing."""
    spec, items = estimate.specification, estimate.items
    loading = estimate.only("loadings", estimator).set_index("item")["estimate"]
    owner = {item: c.key for c in spec.constructs for item in c.items}
    factors = {c.key for c in spec.constructs if c.measurement == "common_factor" and estimator == "plsc"}
    scores = estimate.scores.corr()
    rho = estimate.fits.pls.rho_a[0]
    root = {key: np.sqrt(rho[j]) if key in factors else 1.0 for j, key in enumerate(spec.keys)}
    phi = {(a, b): scores.loc[a, b] / (root[a] * root[b]) if a != b else 1.0 for a in spec.keys for b in spec.keys}
    if not saturated:
        path = estimate.only("paths", estimator).set_index(["predictor", "outcome"])["estimate"]
        r2 = estimate.only("r_squared", estimator).set_index("outcome")["estimate"]
        order = ["expectation", "value", "satisfaction", "complaint_handling", "loyalty"]  # causes first
        for place, y in enumerate(order[1:], start=1):
            causes = {x: b for (x, outcome), b in path.items() if outcome == y}
            for other in order[:place]:
                phi[y, other] = phi[other, y] = sum(b * phi[x, other] for x, b in causes.items())
            phi[y, y] = sum(b * phi[x, y] for x, b in causes.items()) + 1 - r2[y]
    R, total, count = items.corr(), 0.0, 0
    variance = {i: loading[i] ** 2 * phi[owner[i], owner[i]] + 1 - loading[i] ** 2 for i in spec.items}
    variance = {i: v if owner[i] in factors else 1.0 for i, v in variance.items()}
    for place, i in enumerate(spec.items):
        for other in spec.items[: place + 1]:
            count += 1
            a, b = owner[i], owner[other]
            if i == other or (a == b and a not in factors):
                continue
            implied = loading[i] * phi[a, b] * loading[other] / np.sqrt(variance[i] * variance[other])
            total += (R.loc[i, other] - implied) ** 2
    return float(np.sqrt(total / count))


@pytest.mark.parametrize("estimator", ["pls", "plsc"])
@pytest.mark.parametrize("model", ["saturated", "estimated"])
def test_srmr_is_what_a_sum_by_hand_gives(scsb: PlsEstimate, estimator: str, model: str) -> None:
    found = approximate_fit(scsb).set_index("model").loc[model, estimator]
    assert found == pytest.approx(by_hand(scsb, estimator, model == "saturated"), abs=1e-10)


def test_a_structure_with_every_path_is_the_saturated_one() -> None:
    """Three constructs, three paths: nothing is left out, so both models imply the same correlations."""
    items = {"a": ["CUEX1", "CUEX2"], "b": ["PERV1", "PERV2"], "satisfaction": ["CUSA1", "CUSA2", "CUSA3"]}
    text = {"en": "-"}
    theory = Theory.model_validate(
        {
            "key": "whole",
            "title": text,
            "about": text,
            "citation": "-",
            "loyalty": None,
            "constructs": {key: {"label": text, "definition": text} for key in items},
            "paths": [
                {"from": "a", "to": "b"},
                {"from": "a", "to": "satisfaction"},
                {"from": "b", "to": "satisfaction"},
            ],
        }
    )
    table = approximate_fit(estimate_pls(bind_items(theory, items), load_survey("ecsi_mobile").items))
    for estimator in ("pls", "plsc"):
        saturated, estimated = table[estimator]
        assert 0 < saturated == pytest.approx(estimated, abs=1e-12)


def test_implied_correlations_of_a_chain_are_products() -> None:
    Q = np.array([[1, 0.5, 0.9], [0.5, 1, 0.4], [0.9, 0.4, 1]])
    B = np.array([[0, 0.5, 0], [0, 0, 0.4], [0, 0, 0]])
    implied = structural_correlations(Q, B, np.array([np.nan, 0.25, 0.16]))
    np.testing.assert_allclose(implied, [[1, 0.5, 0.2], [0.5, 1, 0.4], [0.2, 0.4, 1]], atol=1e-15)


def test_with_a_moderation_only_the_saturated_model_is_defined() -> None:
    survey = load_survey("corporate_reputation")
    specification = bind(load_theory("reputation"), survey.codebook)
    items = handle_missing(survey.items[specification.items], "mean").items
    table = approximate_fit(estimate_pls(specification, items)).set_index("model")
    assert pd.isna(table.loc["estimated"]).all()
    assert table.loc["saturated"].between(0.02, 0.12).all()
