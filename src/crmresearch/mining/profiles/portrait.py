"""Everything a page tells of segments, computed in one place: what they are made of, and what else sets them apart."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crmresearch.data.spend_by import Role
from crmresearch.data.transactions.transactions import Transactions
from crmresearch.errors import ParameterError
from crmresearch.mining.profiles.chosen_segments import ChosenSegments
from crmresearch.mining.profiles.customer_features import CustomerFeatures
from crmresearch.mining.profiles.personas import (
    Persona,
    actions,
    bought_by,
    by_value,
    life_cycle_stages,
    named_segments,
    segment_facts,
    value_column,
)
from crmresearch.mining.profiles.rule_tree import SegmentRules, segment_rules
from crmresearch.mining.profiles.segment_profiles import associations, segment_profiles
from crmresearch.mining.profiles.told_apart import told_apart
from crmresearch.value.outlook import Outlook

Text = dict[str, str]
SMALL = 0.2  # standard deviations, or Cohen's h, below which a difference is too small to act on (Cohen 1988)
MOST_ITEMS = 3  # that a persona names
MOST_COMPARISONS, FEW_COMPARISONS = 25, 5  # shown of those beyond chance, and where none is
NEW = ("first", "attribute", "need")  # what is known of a new customer
TOLD = ("when", *NEW)  # groups of features that a persona tells


@dataclass(frozen=True)
class Portrait:
    """Segments and what is told of them.

    `facts`: as `segment_facts`; `actions`: one text a segment, of the largest value first; `profiles`, `associations`
    and `apart`: as the functions of their names, of features that the segments are not made of (`made_of`: those that
    they are); `rule`: a tree of what defines the segments, `recognised`: of what is known of a new customer, None where
    `reason` says why; `bought` and `role`: as `bought_by`; `stability`: as `named_segments`;
    `resamples` and `seed` in use.
    """

    chosen: ChosenSegments
    features: CustomerFeatures
    outlook: Outlook
    facts: pd.DataFrame
    actions: Mapping[str, Text]
    made_of: frozenset[str]
    profiles: pd.DataFrame
    associations: pd.DataFrame
    apart: pd.DataFrame
    rule: SegmentRules | None
    recognised: SegmentRules | None
    reason: str
    bought: pd.DataFrame
    role: Role | None
    stability: pd.DataFrame
    resamples: int
    seed: int

    @property
    def described(self) -> list[str]:
        """The segments with enough customers to be described."""
        return list(self.facts.loc[~self.facts["few"], "segment"])

    @property
    def few(self) -> list[str]:
        """The segments with too few customers to be described."""
        return list(self.facts.loc[self.facts["few"], "segment"])

    @property
    def value(self) -> str:
        """The column of `facts` by which segments are worth more; see `by_value`."""
        return value_column(self.facts)

    @property
    def most(self) -> pd.Series:
        """The row of `facts` of the segment of the largest value."""
        return by_value(self.facts).iloc[0]

    @property
    def defined_by(self) -> list[str]:
        """The features, or columns of customers, that define the segments."""
        named = {name: f"attribute_{name}" for name in self.chosen.needs}
        return [own if own in self.features.frame else name for name, own in named.items()]

    @property
    def defining(self) -> pd.DataFrame:
        """The comparisons of what the segments are made of, which have no test."""
        return self.profiles[self.profiles["p"].isna()].drop(columns="p")

    @property
    def made(self) -> pd.DataFrame:
        """Differences (features × described segments) of numbers that the segments are made of; empty if not known."""
        rows = self.defining[self.defining["scale"] != "share"]
        wide = rows.pivot_table(index="feature", columns="segment", values="difference", sort=False)
        return wide[[key for key in self.described if key in wide]]

    @property
    def tested(self) -> pd.DataFrame:
        """The comparisons of features that the segments are not made of."""
        return self.profiles[self.profiles["p"].notna()]

    @property
    def beyond_chance(self) -> pd.DataFrame:
        """Those of them beyond chance, the widest first."""
        return _widest(self.profiles[self.profiles["told"]])

    @property
    def shown(self) -> pd.DataFrame:
        """The widest of those beyond chance, 25 at most; without any the five widest comparisons."""
        told = self.beyond_chance.head(MOST_COMPARISONS)
        return told if len(told) else _widest(self.tested).head(FEW_COMPARISONS)

    @property
    def named(self) -> pd.DataFrame:
        """Those beyond chance and no smaller than a fifth of a standard deviation, the widest first: to be named."""
        return self.beyond_chance[self.beyond_chance["difference"].abs() >= SMALL]

    @property
    def set_apart(self) -> str:
        """Whether anything else sets segments apart: untested, none (beyond chance), small (none to name) or told."""
        if self.tested.empty:
            return "untested"
        return "told" if len(self.named) else "small" if self.tested["told"].any() else "none"

    @property
    def pairs_apart(self) -> str:
        """How many pairs of segments are told apart: all, some, none, neither (of one pair); empty without a pair."""
        told = self.apart["told"]
        if not len(told):
            return ""
        return "all" if told.all() else "some" if told.any() else "neither" if len(told) == 1 else "none"

    @property
    def pairs(self) -> pd.DataFrame:
        """Pairs that could be compared, those told apart first; the others without difference and p."""
        rows = self.apart.dropna(subset=["feature"]).sort_values("p", kind="stable")
        return rows.assign(**{name: rows[name].where(rows["told"]) for name in ("difference", "p")})

    @property
    def numbers(self) -> dict[str, Any]:
        """Customers, cutoff, months (of value), segments, outside, without, failure, reason, resamples, seed; tests,
        how many of them are beyond (chance) and named; pairs, and pairs_told (apart)."""
        chosen, outlook = self.chosen, self.outlook
        known = {"customers": len(outlook.customers), "cutoff": outlook.cutoff, "months": next(iter(outlook.days))}
        known |= {"segments": len(chosen.keys), "outside": chosen.outside, "without": chosen.without}
        known |= {"failure": chosen.failure, "reason": self.reason}
        known |= {"tests": len(self.tested), "beyond": len(self.beyond_chance), "named": len(self.named)}
        known |= {"pairs": len(self.apart), "pairs_told": int(self.apart["told"].sum())}
        return {**known, "resamples": self.resamples, "seed": self.seed}

    def named_of(self, segment: str, group: str) -> pd.DataFrame:
        """What may be named of a segment by a group of features."""
        own = self.named[self.named["segment"] == segment]
        return own[own["feature"].map(self.features.groups) == group]

    def more_of(self, segment: str) -> pd.DataFrame:
        """The items of `bought` a segment spends a larger part on than all, beyond chance: the three largest lifts."""
        own = self.bought[(self.bought["segment"] == segment) & self.bought["told"].astype(bool)]
        return own[own["lift"] > 1].sort_values("lift", ascending=False, kind="stable").head(MOST_ITEMS)

    def persona(self, segment: str) -> Persona:
        """What may be said of a segment."""
        lacking, row = self.missing(segment), self.facts.set_index("segment").loc[segment]
        found = {} if "items" in lacking else {"items": self.more_of(segment)}
        known = [group for group in TOLD if self.features.of(group) and not (group == "need" and "answers" in lacking)]
        return Persona(row, found | {group: self.named_of(segment, group) for group in known}, lacking)

    @property
    def unstable(self) -> list[str]:
        """The segments that do not come again in resamples, so that they should not be named."""
        known = self.stability[self.stability["segment"].isin(self.described)]
        return list(known.loc[~known["named"].astype(bool), "segment"])

    def missing(self, segment: str) -> list[str]:
        """What evidence of a segment is missing: items, survey, answers, attributes, hours, forecast, rhythm."""
        features, chosen = self.features, self.chosen
        row = self.facts.set_index("segment").loc[segment]
        needs = features.frame[features.of("need")]
        inside = chosen.segments.reindex(needs.index) == segment
        asked = needs[inside].notna().any(axis=1).sum() if len(needs.columns) else 0
        found = {
            "items": self.role is None,
            "survey": needs.empty or not features.respondents,
            "answers": features.respondents > 0 and asked < 30,
            "attributes": not features.of("attribute"),
            "hours": not features.hours,
            "forecast": pd.isna(row["expected"]),
            "rhythm": pd.isna(row["gap"]),
        }
        return [key for key, lacking in found.items() if lacking]


def portrait(
    transactions: Transactions,
    outlook: Outlook,
    features: CustomerFeatures,
    chosen: ChosenSegments,
    *,
    resamples: int = 100,
    refits: int = 20,
    seed: int = 0,
    most: int | None = None,
) -> Portrait:
    """The segments described by all that is known of their customers; see `Portrait`.

    `resamples` of the intervals of expected value (of more than `most` customers so many drawn), `refits` of the method
    for stability.
    """
    segments = chosen.segments
    made_of = frozenset(features.made_of(chosen.needs))
    facts = segment_facts(outlook, chosen, life_cycle_stages(outlook.customers), resamples, seed, most)
    few = facts.loc[facts["few"], "segment"]
    bought, role = bought_by(transactions, outlook, chosen)
    rule, recognised, reason = None, None, ""
    known = features.frame[[name for name in features.of(*NEW) if name not in chosen.needs]]
    try:
        if chosen.source != "column":
            rule = segment_rules(_defining(outlook, features, chosen), segments, seed=seed)
        recognised = segment_rules(known, segments, seed=seed)
    except ParameterError as error:
        reason = str(error)
    return Portrait(
        chosen,
        features,
        outlook,
        facts,
        actions(chosen, facts),
        made_of,
        segment_profiles(features.frame, segments, untested=made_of),
        associations(features.frame, segments, untested=made_of),
        told_apart(features.frame, segments.where(~segments.isin(few)), untested=made_of),
        rule,
        recognised,
        reason,
        bought,
        role,
        named_segments(chosen, outlook.customers, refits, seed),
        resamples,
        seed,
    )


def _widest(rows: pd.DataFrame) -> pd.DataFrame:
    """Comparisons, the widest difference first."""
    return rows.iloc[np.argsort(-rows["difference"].abs().to_numpy(), kind="stable")]


def _defining(outlook: Outlook, features: CustomerFeatures, chosen: ChosenSegments) -> pd.DataFrame:
    """The columns that define the segments, or all features where that is not known, as of a file."""
    if not chosen.needs:
        return features.frame
    own = {name: outlook.customers[name] for name in chosen.needs if name in outlook.customers}
    own |= {name: features.frame[f"attribute_{name}"] for name in chosen.needs if f"attribute_{name}" in features.frame}
    return pd.DataFrame(own, index=outlook.customers.index)
