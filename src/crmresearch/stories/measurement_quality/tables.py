"""The tables of how well constructs are measured: which columns a reader sees, with names instead of keys."""

import pandas as pd

from crmresearch.report.show.number_format import format_number
from crmresearch.sem.pls.measurement import fornell_larcker
from crmresearch.stories.measurement_quality.story import MeasurementQualityStory

INTERVAL = ["ci_lower", "ci_upper"]
APART = ["apart", "apart_range_lower", "apart_range_upper"]
VIF = ["vif", "vif_range_lower", "vif_range_upper"]
MOST = 12  # rows of what a covariance structure leaves out


def verdicts(story: MeasurementQualityStory) -> pd.DataFrame:
    """One verdict a construct, and the criteria that decide it."""
    table = story.study.verdicts
    table = table.copy()
    for column in ("missed", "not_told"):
        told = [[story.say(f"criterion.{name}") for name in names] for names in table[column]]
        table[column] = [story.listed(names) if names else "" for names in told]
    return story.named(table, construct=story.label, kind="kind", verdict="verdict")


def criteria(story: MeasurementQualityStory) -> pd.DataFrame:
    """Every criterion of every construct: what tells it, with its interval, cut-off, outcome and source."""
    table = story.study.quality.query("criterion != ''").copy()
    sides = zip(table["at_least"], table["cut_off"], strict=True)
    table["cut_off"] = [f"{'≥' if least else '≤'} {format_number(cut, 2)}" for least, cut in sides]
    shown = ["construct", "criterion", "about", "estimate", *INTERVAL, "cut_off", "outcome", "source"]
    names = {"construct": story.label, "about": story.label}
    return story.named(table, *shown, **names, criterion="criterion", outcome="outcome", source="source")


def reliability(story: MeasurementQualityStory, factors: bool = False) -> pd.DataFrame:
    """α, ω, ρ_A, ρ_C and AVE with intervals, of composites or of the factors of the covariance structure."""
    table = story.study.factor_reliability if factors else story.study.reliability
    shown = [f"{name}{end}" for name in ("alpha", "omega", "rho_a", "rho_c", "ave") for end in ("", "_lower", "_upper")]
    known = table[table["items"] > 1].dropna(axis="columns", how="all")  # of factors there is no ρ_A
    return story.named(known, "construct", "items", *shown, construct=story.label)


def htmt(story: MeasurementQualityStory) -> pd.DataFrame:
    """HTMT and HTMT2 of every two constructs with intervals, the closest first."""
    table = story.study.htmt.sort_values("estimate", ascending=False, kind="stable")
    shown = ["construct", "other", "estimate", *INTERVAL, "htmt2", "htmt2_lower", "htmt2_upper"]
    return story.named(table, *shown, construct=story.label, other=story.label)


def larcker(story: MeasurementQualityStory) -> pd.DataFrame:
    """Fornell and Larcker's square, and √AVE less the largest correlation with its interval."""
    square = fornell_larcker(story.study.estimate)
    apart = story.study.measures.table("fornell_larcker").set_index("construct")
    square = square.rename(columns=story.label)
    square[APART] = apart[["estimate", *INTERVAL]]
    return square.rename(index=story.label).rename_axis(index="construct", columns=None)


def cross_loadings(story: MeasurementQualityStory) -> pd.DataFrame:
    """Correlation of every item with every construct, and by how much its own is the strongest, with interval."""
    table = story.study.estimate.cross_loadings.rename(columns=story.label)
    apart = story.study.measures.table("cross_loading").set_index("item")
    table[APART] = apart[["estimate", *INTERVAL]]
    return table.rename_axis(index="item")


def overlap(story: MeasurementQualityStory) -> pd.DataFrame:
    """VIF of every construct among all others, and of the antecedents of every outcome."""
    source = story.study.source
    full = pd.DataFrame() if source is None else source.full_vif.rename(columns={"construct": "predictor"})
    full = full.assign(outcome=story.say("word.all_others"))
    own = story.study.measures.table("antecedent_vif")
    own = own.assign(outcome=[story.label(key) for key in own["outcome"]])
    table = pd.concat([full, own], ignore_index=True)
    return story.named(table, "outcome", "predictor", "estimate", *INTERVAL, predictor=story.label)


def composites(story: MeasurementQualityStory) -> pd.DataFrame:
    """Weights with interval and VIF of all items of constructs with several."""
    estimate, vif = story.study.estimate, story.study.measures.table("item_vif").set_index("item")
    weights = estimate.table("standardized_weights")
    table = weights[weights["item"].isin(vif.index)].copy()
    table[VIF] = vif.loc[table["item"], ["estimate", *INTERVAL]].to_numpy()
    table["kind"] = table["construct"].map(story.study.verdicts.set_index("construct")["kind"])
    shown = ["construct", "kind", "item", "estimate", *INTERVAL, *VIF]
    return story.named(table, *shown, construct=story.label, kind="kind")


def redundancy(story: MeasurementQualityStory) -> pd.DataFrame:
    """The path from the items of every construct to its global question."""
    shown = ["construct", "item", "estimate", *INTERVAL, "r_squared"]
    return story.named(story.study.redundancies[shown], construct=story.label)


def indices(story: MeasurementQualityStory) -> pd.DataFrame:
    """The largest modification indices."""
    table = story.study.indices.head(MOST).rename(columns={"p_adjusted": "adjusted_p_value"})
    table["parameter"] = table["lhs"] + " " + table["op"] + " " + table["rhs"]
    return table[["parameter", "mi", "epc", "standardized", "p_value", "adjusted_p_value"]]


def residuals(story: MeasurementQualityStory) -> pd.DataFrame:
    """The largest residual correlations."""
    table = story.study.residuals.head(MOST).rename(columns={"p_adjusted": "adjusted_p_value"})
    return table[["item", "other", "observed", "implied", "residual", "z", "adjusted_p_value"]]
