"""What a reader must know before believing a PLS estimate: cautions as data, gravest first.

The sentences are the reports'; the facts here fill them in.
"""

from collections.abc import Iterable

import numpy as np

from crmresearch.caution import Caution, Severity, gravest_first
from crmresearch.data.survey.weights import effective_size
from crmresearch.models.specification import product_key
from crmresearch.sampling_design import FEW
from crmresearch.sem.pls.algorithm import ROUNDING
from crmresearch.sem.pls.hypotheses import verdict_of
from crmresearch.sem.pls.measurement import collinearity, reliability
from crmresearch.sem.pls.result import PlsEstimate

HTMT_LIMIT = 0.90  # Henseler, Ringle & Sarstedt (2015) for constructs that are close in meaning
RELIABLE = 0.70  # of α and ρ_C; Hair et al. (2021), chapter 4
VIF_LIMIT = 5.0  # Hair et al. (2021), chapter 5
WEAK_ERROR = 0.5  # standard error of a standardised path above which the data hardly determine it
# codes of cautions that are about PLSc alone
OF_PLSC = frozenset({"rho_a", "correlation", "correlations", "loading", "r_squared", "weak_plsc",
                     "inadmissible_resamples", "undefined_resamples"})  # fmt: skip
FAILED_SHARE = 0.01  # of resamples; more than this and the intervals describe a selection


def estimator_of(code: str) -> str:
    """The estimator that a caution of this code is about: pls, plsc or cbsem."""
    return "plsc" if code in OF_PLSC else "cbsem" if code.startswith("cb_") else "pls"


def unreadable(cautions: Iterable[Caution]) -> frozenset[str]:
    """Estimators whose solution is not to be read: those with an inadmissible or a weakly identified one."""
    return frozenset(estimator_of(one.code) for one in cautions if one.severity in ("inadmissible", "unidentified"))


def cautions_of(estimate: PlsEstimate) -> tuple[Caution, ...]:
    """All cautions about one estimate, from its convergence to its constructs."""
    found = [
        *_convergence(estimate),
        *_consistency(estimate),
        *_sample_size(estimate),
        *_constructs(estimate),
        *_signs(estimate),
    ]
    return gravest_first(found)


def _convergence(estimate: PlsEstimate) -> list[Caution]:
    found = []
    if not estimate.fits.outer.converged[0]:
        found.append(
            Caution("unconverged", "inadmissible", "weights", {"iterations": estimate.settings.max_iterations})
        )
    boot = estimate.resampling
    if boot is not None:
        for code, count in (
            ("failed_resamples", boot.failed),
            ("unconverged_resamples", boot.unconverged),
            ("undefined_resamples", boot.undefined),
            ("inadmissible_resamples", boot.inadmissible),
        ):
            if count:
                grave: Severity = "weak" if count > FAILED_SHARE * boot.resamples else "note"
                found.append(Caution(code, grave, "intervals", {"count": count, "resamples": boot.resamples}))
    return found


def _consistency(estimate: PlsEstimate) -> list[Caution]:
    consistent = estimate.fits.consistent
    if consistent is None:
        return []
    keys = estimate.specification.keys
    k = len(keys)
    found: list[Caution] = []
    for j, key in enumerate(keys):
        rho = float(consistent.rho_a[0, j])
        if estimate.model.main.factor[j] and not 0 < rho <= 1:
            found.append(Caution("rho_a", "inadmissible", f"plsc: {key}", {"construct": key, "value": rho}))
    Q = consistent.correlations[0][:k, :k]
    beyond = [(int(i), int(j)) for i, j in np.argwhere(np.tri(k, k=-1)) if not abs(Q[i, j]) <= 1 + ROUNDING]
    for i, j in beyond:
        facts = {"construct": keys[j], "other": keys[i], "value": float(Q[i, j])}
        found.append(Caution("correlation", "inadmissible", f"plsc: {keys[j]}, {keys[i]}", facts))
    whole = consistent.correlations[0]  # with the products of moderations
    if not beyond and np.isfinite(whole).all() and (least := float(np.linalg.eigvalsh(whole)[0])) < -ROUNDING:
        found.append(Caution("correlations", "inadmissible", "plsc", {"value": least}))
    owner = estimate.model.main.owner
    for item, j, loading in zip(estimate.specification.items, owner, consistent.loadings[0], strict=False):
        if estimate.model.main.factor[j] and abs(loading) > 1 + ROUNDING:
            facts = {"construct": keys[j], "item": item, "value": float(loading), "variance": 1 - float(loading) ** 2}
            found.append(Caution("loading", "inadmissible", f"plsc: {keys[j]}: {item}", facts))
    for key, share in zip(keys, consistent.r_squared[0], strict=False):
        if share < 0 or share > 1:
            found.append(
                Caution("r_squared", "inadmissible", f"plsc: {key}", {"construct": key, "value": float(share)})
            )
    paths = estimate.paths
    wide = paths[(paths.estimator == "plsc") & (paths.se > WEAK_ERROR)]
    if len(wide):
        worst = wide.loc[wide.se.idxmax()]
        facts = {"predictor": worst.predictor, "outcome": worst.outcome, "value": worst.se, "count": len(wide)}
        found.append(Caution("weak_plsc", "weak", f"plsc: {worst.outcome} ~ {worst.predictor}", facts))
    return found


def _sample_size(estimate: PlsEstimate) -> list[Caution]:
    spec = estimate.specification
    needed = 10 * spec.most_arrows  # Barclay, Higgins & Thompson (1995): ten rows per arrow into one construct
    n = int(effective_size(estimate.sample.weights))  # n without sampling weights
    found = [Caution("few_rows", "weak", "sample", {"rows": n, "needed": needed})] if n < needed else []
    design = estimate.sample.design
    if design is not None and design.degrees_of_freedom < FEW:
        facts = {"clusters": design.clusters, "strata": design.strata, "df": design.degrees_of_freedom, "needed": FEW}
        found.append(Caution("few_clusters", "weak", "intervals", facts))
    return found


def _constructs(estimate: PlsEstimate) -> list[Caution]:
    spec = estimate.specification
    several = {c.key for c in spec.constructs if len(c.items) > 1 and c.measurement != "composite_b"}
    found = []
    htmt = estimate.table("htmt")
    close = htmt[(htmt.estimate > HTMT_LIMIT) & htmt.construct.isin(several) & htmt.other.isin(several)]
    if len(close):
        pairs = [(row.construct, row.other, row.estimate) for row in close.itertuples()]
        found.append(Caution("htmt", "weak", "constructs", {"pairs": pairs}))
    vif = collinearity(estimate)
    for row in vif[vif.vif > VIF_LIMIT].itertuples():
        facts = {"outcome": row.outcome, "predictor": row.predictor, "value": row.vif}
        found.append(Caution("collinear", "weak", f"{row.outcome} ~ {row.predictor}", facts))
    if spec.components:
        parts = estimate.components.query("estimator == 'pls'")
        for row in parts[parts["estimate"] < 0].itertuples():
            facts = {"construct": row.construct, "component": row.component, "value": row.estimate}
            found.append(Caution("component_negative", "weak", f"{row.construct}: {row.component}", facts))
        ways = estimate.through
        clear, alone = ((ways[f"{of}ci_lower"] > 0) | (ways[f"{of}ci_upper"] < 0) for of in ("", "alone_"))
        for outcome, rows in ways[clear & ~alone].groupby("outcome", sort=False):
            facts = {"components": list(rows["predictor"]), "outcome": outcome}
            found.append(Caution("component_assumed", "weak", f"{outcome}", facts))
    loadings = estimate.loadings[estimate.loadings.estimator == "pls"]
    signs = loadings.assign(weight=estimate.weights["standardized"].to_numpy())
    for row in signs[signs.construct.isin(several)].itertuples():
        facts = {"construct": row.construct, "item": row.item}
        if row.standardized < 0:
            facts["value"] = row.standardized
            found.append(Caution("negative_loading", "weak", f"{row.construct}: {row.item}", facts))
        elif row.weight < 0:
            facts["value"] = row.weight
            found.append(Caution("negative_weight", "weak", f"{row.construct}: {row.item}", facts))
    measured = reliability(estimate)
    for row in measured[(measured.alpha < RELIABLE) & (measured.rho_c >= RELIABLE)].itertuples():
        facts = {"construct": row.construct, "value": row.alpha, "rho_c": row.rho_c}
        found.append(Caution("alpha", "note", f"{row.construct}", facts))
    return found


def _signs(estimate: PlsEstimate) -> list[Caution]:
    spec = estimate.specification
    expected = {(p.predictor, p.outcome): p.sign for p in spec.paths}
    expected |= {(product_key(m.predictor, m.moderator), m.outcome): m.sign for m in spec.moderations}
    found = []
    paths = estimate.paths
    for row in paths[paths.estimator == "pls"].itertuples():
        sign = expected.get((row.predictor, row.outcome), "open")
        if verdict_of(sign, row.ci_lower, row.ci_upper) == "contrary":
            facts = {"predictor": row.predictor, "outcome": row.outcome, "value": row.estimate, "sign": sign}
            found.append(Caution("against_theory", "note", f"{row.outcome} ~ {row.predictor}", facts))
    return found
