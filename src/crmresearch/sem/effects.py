"""Direct, specific indirect, total indirect and total effects of either engine, and what kind of mediation they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd

from crmresearch.errors import ParameterError
from crmresearch.models.specification import product_key
from crmresearch.resampling import require_memory
from crmresearch.sem.covariance.result import CbEstimate
from crmresearch.sem.covariance.standardised import delta_errors, total_covariances
from crmresearch.sem.pls.algorithm import Floats
from crmresearch.sem.pls.result import INTERVAL, PlsEstimate

Mediation = Literal["complementary", "competitive", "indirect_only", "direct_only", "no_effect", "untested"]
Places = list[tuple[str, int]]  # table and row
EFFECTS = ("indirect", "direct")
ARROW = " → "
KINDS = ["direct", "moderation", "specific", "indirect", "total"]
SIZES = {"estimate": "f_squared", "ci_lower": "f_squared_ci_lower", "ci_upper": "f_squared_ci_upper"}
TABLES = [("paths", "predictor", "outcome"), ("component_weights", "component", "construct")]
NUMBERS = ["estimate", "standardized", *INTERVAL]


@dataclass(frozen=True)
class Chains:
    """Every directed chain of a model without circles, and the effects they add up to.

    `arrows`: (predictor, outcome) in the order of the coefficients that are given to `values`; `weights`: those that
    make up a construct of second order, which are no effects by themselves.
    """

    arrows: Sequence[tuple[str, str]]
    weights: frozenset[tuple[str, str]] = frozenset()

    @cached_property
    def chains(self) -> list[tuple[str, ...]]:
        """Constructs from the first to the last of every chain, single arrows among them."""
        found: list[tuple[str, ...]] = list(self.arrows)
        begin = 0
        while begin < len(found):
            longer = [(*chain, end) for chain in found[begin:] for start, end in self.arrows if start == chain[-1]]
            begin = len(found)
            found += longer
        return [chain for chain in found if chain not in self.weights]

    @cached_property
    def _steps(self) -> list[list[int]]:
        place = {arrow: i for i, arrow in enumerate(self.arrows)}
        return [[place[step] for step in pairwise(chain)] for chain in self.chains]

    @cached_property
    def _rows(self) -> tuple[list[tuple[str, str, str, str]], list[list[int]]]:
        """kind, predictor, through, outcome of every effect, and the chains it is the sum of."""
        labels: list[tuple[str, str, str, str]] = []
        members: list[list[int]] = []
        pairs: dict[tuple[str, str], list[int]] = {}
        for i, chain in enumerate(self.chains):
            kind = "direct" if len(chain) == 2 else "specific"
            labels.append((kind, chain[0], ARROW.join(chain[1:-1]), chain[-1]))
            members.append([i])
            pairs.setdefault((chain[0], chain[-1]), []).append(i)
        for (predictor, outcome), own in pairs.items():
            if longer := [i for i in own if len(self.chains[i]) > 2]:
                labels.append(("indirect", predictor, "", outcome))
                members.append(longer)
            labels.append(("total", predictor, "", outcome))
            members.append(own)
        return labels, members

    @property
    def labels(self) -> pd.DataFrame:
        """kind, predictor, through and outcome of the effects, a row each."""
        return pd.DataFrame(self._rows[0], columns=["kind", "predictor", "through", "outcome"])

    def values(self, coefficients: Floats) -> Floats:
        """The effects (batch, rows) from the coefficients (batch, arrows): products along chains, and their sums."""
        along = np.stack([coefficients[:, steps].prod(axis=1) for steps in self._steps], axis=1)
        return np.asarray(np.stack([along[:, own].sum(axis=1) for own in self._rows[1]], axis=1))


def effects_of(estimate: PlsEstimate | CbEstimate) -> pd.DataFrame:
    """Every effect of one construct on another, a row each: estimator, kind, predictor, through, outcome, numbers.

    `kind`: direct (a path), specific (along one chain; `through` names its constructs in order), indirect (all chains
    together), total, or moderation (of the product `predictor:moderator`). The numbers are estimate, standardized, se,
    ci_lower, ci_upper, p_value; of covariance structures unstandardised with the errors of the delta method and
    `standardized_se`; of PLS standardised, with errors and intervals, percentile or BCa, of the resamples that the
    estimate keeps (NaN without), and f_squared with its interval: Cohen's f² of the path on the scores of the model,
    which PLSc does not have, as in SmartPLS and cSEM; R seminr estimates the model anew without the path.

    Checked against lavaan 0.6-14 (estimates and errors, ML and MLR), R seminr 2.3.4 and cSEM 0.6.1.
    """
    found = _least_squares(estimate) if isinstance(estimate, PlsEstimate) else _covariance(estimate)
    order = found["kind"].map({kind: i for i, kind in enumerate(KINDS)})
    return found.iloc[np.argsort(order, kind="stable")].reset_index(drop=True)


def _least_squares(estimate: PlsEstimate) -> pd.DataFrame:
    spec, parts = estimate.specification, []
    weights = [(part, whole) for part, whole in spec.components.items()]
    chains = Chains([*((p.predictor, p.outcome) for p in spec.paths), *weights], frozenset(weights))
    products = {(product_key(m.predictor, m.moderator), m.outcome) for m in spec.moderations}
    for estimator in estimate.estimators:
        places = dict[tuple[str, str], tuple[str, int]]()
        for table, begin, end in TABLES[: 1 + bool(weights)]:
            labels = estimate.quantities[f"{table}/{estimator}"].labels
            places |= {pair: (table, i) for i, pair in enumerate(zip(labels[begin], labels[end], strict=True))}
        at = [places[arrow] for arrow in chains.arrows]
        point = np.array([estimate.values(f"{table}/{estimator}")[i] for table, i in at])
        frame = chains.labels.assign(estimator=estimator, estimate=chains.values(point[None])[0])
        if (boot := estimate.resampling) is not None:
            numbers = len(boot.usable) * len(frame)
            require_memory(3 * numbers, f"{len(frame):,} effects in {len(boot.usable):,} resamples")

            def effects(tables: dict[str, Floats], estimator: str = estimator, at: Places = at) -> Floats:
                return chains.values(np.stack([tables[f"{table}/{estimator}"][:, i] for table, i in at], axis=1))

            frame = frame.assign(**boot.derived(effects, frame["estimate"].to_numpy()))
        frame["standardized"] = frame["estimate"]
        rows = estimate.only("paths", estimator)
        moderated = [pair in products for pair in zip(rows["predictor"], rows["outcome"], strict=True)]
        frame = pd.concat([frame, rows[moderated].assign(kind="moderation", through="")], ignore_index=True)
        parts.append(frame)
    sizes = estimate.f_squared.rename(columns=SIZES)[["estimator", "predictor", "outcome", *SIZES.values()]]
    arrows = zip(sizes["predictor"], sizes["outcome"], strict=True)
    sizes = sizes.assign(kind=["moderation" if pair in products else "direct" for pair in arrows])
    shown = ["estimator", "kind", "predictor", "through", "outcome", *NUMBERS, *SIZES.values()]
    return pd.concat(parts, ignore_index=True).merge(sizes, how="left").reindex(columns=shown)


def _covariance(estimate: CbEstimate) -> pd.DataFrame:
    cells = [cell for cell in estimate.ram.cells if cell.is_path]
    named, number = estimate.construct_of, {label: i for i, label in enumerate(estimate.ram.labels)}
    chains = Chains([(named[cell.column], named[cell.row]) for cell in cells])
    at = [number[str(cell.label)] for cell in cells]
    labels = chains.labels
    variable = {key: name for name, key in named.items() if name in estimate.structural}
    origin, outcome = ([variable[key] for key in labels[end]] for end in ("predictor", "outcome"))
    place = {name: i for i, name in enumerate(estimate.ram.variables)}

    def effects(theta: Floats) -> Floats:
        return chains.values(theta[:, at])

    def standardised(theta: Floats) -> Floats:
        spread = np.sqrt(np.diagonal(total_covariances(estimate.ram, theta), axis1=1, axis2=2))
        return effects(theta) * spread[:, [place[o] for o in origin]] / spread[:, [place[y] for y in outcome]]

    unit = np.array([estimate.unit_of[y] / estimate.unit_of[x] for x, y in zip(origin, outcome, strict=True)])
    theta, V = estimate.theta, estimate.covariance
    frame = labels.assign(
        estimator="cbsem",
        estimate=unit * effects(theta[None])[0],
        standardized=standardised(theta[None])[0],
        se=unit * delta_errors(effects, theta, V),
        standardized_se=delta_errors(standardised, theta, V),
    )
    frame = estimate.with_interval(frame)
    return frame[["estimator", "kind", "predictor", "through", "outcome", *NUMBERS, "standardized_se"]]


def mediation_of(effects: pd.DataFrame) -> pd.DataFrame:
    """What kind of mediation every indirect effect of a table of `effects_of` is, a row each.

    Columns estimator, kind (specific, or indirect where there are several chains), predictor, through, outcome,
    indirect and direct with their intervals, and type: complementary (both beyond chance, one sign), competitive
    (both, other signs), indirect_only, direct_only, no_effect; untested where the theory has no direct path, which
    is then 0 by assumption. An effect is beyond chance where its interval leaves out 0. Source: Zhao, Lynch & Chen
    (2010), Journal of Consumer Research 37, 197–206.
    Raises ParameterError for effects without intervals.
    """
    if len(effects) and effects["ci_lower"].isna().all():
        raise ParameterError("Mediation is judged by intervals, and these effects have none; bootstrap the estimate.")
    keys, numbers = ["estimator", "predictor", "outcome"], ["estimate", "ci_lower", "ci_upper"]
    direct = effects[effects["kind"] == "direct"][[*keys, *numbers]]
    direct = direct.rename(columns={"estimate": "direct", **{n: f"direct_{n}" for n in numbers[1:]}})
    indirect = effects[effects["kind"].isin(["specific", "indirect"])][["kind", "through", *keys, *numbers]]
    alone = indirect.groupby(keys)["kind"].transform("size") == 2  # one chain is all there is
    indirect = indirect[~alone | (indirect["kind"] == "specific")]
    indirect = indirect.rename(columns={"estimate": "indirect", **{n: f"indirect_{n}" for n in numbers[1:]}})
    table = indirect.merge(direct, how="left", on=keys)
    signs = [[_sign(*ends) for ends in table[[f"{of}_ci_lower", f"{of}_ci_upper"]].to_numpy()] for of in EFFECTS]
    types = [mediation_type(*both) for both in zip(*signs, strict=True)]
    table["type"] = np.where(table["direct"].notna(), types, "untested")
    shown = [f"{of}{end}" for of in EFFECTS for end in ("", "_ci_lower", "_ci_upper")]
    return table[["estimator", "kind", "predictor", "through", "outcome", *shown, "type"]]


def mediation_type(indirect: int, direct: int) -> Mediation:
    """The type from the signs of both effects, 0 where not beyond chance (Zhao, Lynch & Chen 2010, figure 2).

    >>> mediation_type(1, 1), mediation_type(1, -1), mediation_type(-1, 0), mediation_type(0, 1), mediation_type(0, 0)
    ('complementary', 'competitive', 'indirect_only', 'direct_only', 'no_effect')
    """
    if indirect and direct:
        return "complementary" if indirect == direct else "competitive"
    return "indirect_only" if indirect else "direct_only" if direct else "no_effect"


def _sign(lower: float, upper: float) -> int:
    return int(lower > 0) - int(upper < 0)
