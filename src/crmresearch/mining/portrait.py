"""Everything a page tells of segments, computed in one place: what they are made of, and what else sets them apart."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from crmresearch.data.spend_by import Role
from crmresearch.data.transactions.transactions import Transactions
from crmresearch.errors import ParameterError
from crmresearch.mining.chosen_segments import ChosenSegments
from crmresearch.mining.customer_features import CustomerFeatures
from crmresearch.mining.personas import actions, bought_by, life_cycle_stages, named_segments, segment_facts
from crmresearch.mining.rule_tree import SegmentRules, segment_rules
from crmresearch.mining.segment_profiles import associations, segment_profiles
from crmresearch.mining.told_apart import told_apart
from crmresearch.value.outlook import Outlook

Text = dict[str, str]
SMALL = 0.2  # standard deviations, or Cohen's h, below which a difference is too small to act on (Cohen 1988)
NEW = ("first", "attribute", "need")  # what is known of a new customer


@dataclass(frozen=True)
class Portrait:
    """Segments and what is told of them.

    `facts`: as `segment_facts`; `actions`: one text a segment; `profiles`, `associations` and `apart`: as the functions
    of their names, of features that the segments are not made of (`made_of`: those that they are); `rule`: a tree of
    what defines the segments, `recognised`: of what is known of a new customer, None where `reason` says why;
    `bought` and `role`: as `bought_by`; `stability`: as `named_segments`.
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

    @property
    def described(self) -> list[str]:
        """The segments with enough customers to be described."""
        return list(self.facts.loc[~self.facts["few"], "segment"])

    @property
    def tested(self) -> pd.DataFrame:
        """The comparisons of features that the segments are not made of."""
        return self.profiles[self.profiles["p"].notna()]

    @property
    def named(self) -> pd.DataFrame:
        """Those of them beyond chance and no smaller than a fifth of a standard deviation: what may be named."""
        return self.profiles[self.profiles["told"] & (self.profiles["difference"].abs() >= SMALL)]

    def named_of(self, segment: str, *groups: str) -> pd.DataFrame:
        """Those of a segment and of these groups of features."""
        own = self.named[self.named["segment"] == segment]
        return own[own["feature"].map(self.features.groups).isin(groups)]

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
    )


def _defining(outlook: Outlook, features: CustomerFeatures, chosen: ChosenSegments) -> pd.DataFrame:
    """The columns that define the segments, or all features where that is not known, as of a file."""
    if not chosen.needs:
        return features.frame
    own = {name: outlook.customers[name] for name in chosen.needs if name in outlook.customers}
    own |= {name: features.frame[f"attribute_{name}"] for name in chosen.needs if f"attribute_{name}" in features.frame}
    return pd.DataFrame(own, index=outlook.customers.index)
