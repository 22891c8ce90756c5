"""What a persona of each segment rests on: how many, what they spend and are expected to, their stage, one action."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmresearch.caution import SMALL_NUMBER
from crmresearch.data.spend_by import Role, pooled, spend_by
from crmresearch.data.transactions.transactions import Transactions
from crmresearch.errors import CrmResearchError
from crmresearch.mining.profiles.chosen_segments import ChosenSegments
from crmresearch.segmentation.lift import lifts
from crmresearch.segmentation.methods.life_cycle import LifeCycle
from crmresearch.segmentation.stability.stability import bootstrap_stability
from crmresearch.value.outlook import Outlook

Text = dict[str, str]
ITEMS = 20  # categories or products of the largest spend, whose lift is looked at
OTHERS = "\0"  # all other items as one


@dataclass(frozen=True)
class Persona:
    """What may be said of a segment.

    `row` of `segment_facts`; `found` by kind: items of which it buys more, then what it differs in by group of features
    (when, first, attribute, need), no rows where it is as all others, no table where nothing is known to tell by;
    `missing`: the evidence that is.
    """

    row: pd.Series
    found: Mapping[str, pd.DataFrame]
    missing: Sequence[str]

    @property
    def numbers(self) -> list[str]:
        """What is known: customers, spend_share, expected or, with an interval, expected_interval; of few customers
        only how many they are."""
        known = self.row.notna()
        expected = "expected_interval" if known["ci_lower"] else "expected"
        more = [name for name, of in (("spend_share", "spend_share"), (expected, "expected")) if known[of]]
        return ["customers", *([] if self.row["few"] else more)]

    @property
    def habits(self) -> list[str]:
        """last (purchase), every (so many days, where one bought again), once (bought once, where one did), so_far."""
        rhythm = (("every", pd.notna(self.row["gap"])), ("once", self.row["once"] > 0))
        return ["last", *(name for name, known in rhythm if known), "so_far"]

    @property
    def stage(self) -> Text | None:
        """The most frequent stage of the life cycle, by language; None where no rhythm is known."""
        return next((stage.label for stage in LifeCycle().segments if stage.key == self.row["stage"]), None)

    @property
    def told(self) -> dict[str, pd.DataFrame]:
        """What is found, by kind; of the first purchase only where it differs from that of others."""
        return {kind: rows for kind, rows in self.found.items() if len(rows) or kind != "first"}


def life_cycle_stages(customers: pd.DataFrame) -> pd.Series | None:
    """The stage of the life cycle of every customer by its own rhythm; None where nobody has bought twice."""
    try:
        return LifeCycle().fit(customers).predict(customers)
    except CrmResearchError:
        return None


def segment_facts(
    outlook: Outlook,
    chosen: ChosenSegments,
    stages: pd.Series | None,
    resamples: int,
    seed: int,
    most: int | None = None,
) -> pd.DataFrame:
    """A row a segment with customers: what its persona is made of.

    Columns segment, customers, share; spend (so far, a customer), spend_share; recency (median days since the last
    purchase), once (share who bought once), gap (median days between two purchases, of who bought again); expected (a
    customer, over the shortest horizon, NaN without a forecast) with ci_lower and ci_upper (bootstrap of the models;
    NaN where they could not be fitted again), expected_share; stage and stage_share (the most frequent stage of the
    life cycle); few (fewer than 30 customers: too few to describe). Customers in no segment are in no row.
    """
    customers, months = outlook.customers, next(iter(outlook.days))
    name, segments = f"expected_value_{months}", chosen.segments
    totals = outlook.totals({"segment": segments}, resamples, seed, most=most) if outlook.value else None
    spend = customers["monetary_total"].sum()
    rows = []
    for key in chosen.keys:
        part = customers[segments == key]
        n = len(part)
        row = {"segment": key, "customers": n, "share": n / len(customers)}
        row |= {"spend": part["monetary_total"].mean()}
        row |= {"spend_share": part["monetary_total"].sum() / spend if spend > 0 else np.nan}
        row |= {"recency": part["recency"].median(), "once": (part["repeat"] == 0).mean()}
        row |= {"gap": part["gap_mean"].median()} | dict.fromkeys(("expected", "ci_lower", "ci_upper"), np.nan)
        if outlook.value and name in part:
            row |= {"expected": part[name].mean(), "expected_share": part[name].sum() / customers[name].sum()}
        if totals is not None and len(totals):
            own = totals[(totals["group"] == key) & (totals["quantity"] == name)].iloc[0]
            row |= {end: own[end] / n for end in ("ci_lower", "ci_upper")}
        if stages is not None:
            counts = stages[part.index].value_counts(normalize=True)
            row |= {"stage": str(counts.index[0]), "stage_share": float(counts.iloc[0])}
        rows.append(row | {"few": n < SMALL_NUMBER})
    columns = [
        "segment",
        "customers",
        "share",
        "spend",
        "spend_share",
        "recency",
        "once",
        "gap",
        "expected",
        "ci_lower",
    ]
    columns += ["ci_upper", "expected_share", "stage", "stage_share", "few"]
    return pd.DataFrame(rows).reindex(columns=columns)


def value_column(facts: pd.DataFrame) -> str:
    """The share by which segments are worth more: expected_share where it is known, else spend_share."""
    return "expected_share" if facts["expected_share"].notna().any() else "spend_share"


def by_value(facts: pd.DataFrame) -> pd.DataFrame:
    """The rows of `segment_facts`, the segment of the largest value first."""
    return facts.sort_values(value_column(facts), ascending=False, kind="stable")


def actions(chosen: ChosenSegments, facts: pd.DataFrame) -> Mapping[str, Text]:
    """One action a segment, by language: what its segmentation advises, else what its most frequent stage does.

    Segments of fewer than 30 customers have none, nor do those without either. That of the largest value comes first.
    """
    told: dict[str, Text] = {}
    for row in by_value(facts[~facts["few"]]).itertuples():
        advice = chosen.advice.get(row.segment) or LifeCycle.advice.get(str(row.stage))
        if advice:
            told[row.segment] = dict(advice)
    return told


def bought_by(transactions: Transactions, outlook: Outlook, chosen: ChosenSegments) -> tuple[pd.DataFrame, Role | None]:
    """`lifts` of the categories, else the products, of the largest spend in each segment, and which of these it is.

    No row and None where the data have neither.
    """
    columns = transactions.codebook.columns
    role: Role | None = "category" if columns.category else "product" if columns.product else None
    empty = pd.DataFrame(columns=["segment", "item", "customers", "share", "share_all", "lift", "p", "told"])
    if role is None:
        return empty, None
    spend = spend_by(transactions, role, outlook.cutoff)
    spend = spend[spend["customer"].isin(chosen.segments.dropna().index)]
    if not spend["spend"].sum() > 0 or len(chosen.keys) < 2:
        return empty, role
    found = lifts(pooled(spend, OTHERS, ITEMS), chosen.segments.dropna())
    return found[found["item"] != OTHERS].reset_index(drop=True), role


def named_segments(chosen: ChosenSegments, customers: pd.DataFrame, refits: int, seed: int) -> pd.DataFrame:
    """How far each segment comes again when its method learns from resamples: segment, jaccard, named (.6 or more).

    No row for segments that no method learns, of a column, a file or own rules. Forecasts are taken as they are.
    """
    if chosen.method is None or chosen.source != "method":
        return pd.DataFrame(columns=["segment", "share", "jaccard", "recovered", "dissolved", "named"])
    learned = chosen.learned if chosen.learned is not None else customers
    found = bootstrap_stability([chosen.method], learned, customers, refits=refits, seed=seed).segments
    return found.drop(columns="method").reset_index(drop=True)
