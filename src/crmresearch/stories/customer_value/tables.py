"""The reader's tables of a customer report, names instead of keys, and the sentences that read one of them out."""

from typing import Any

import pandas as pd

from crmresearch.ranks import LEVEL, highest, independent_draws
from crmresearch.segmentation.contract import Segmenter, coverage
from crmresearch.segmentation.customer_profiles import (
    attribute_shares,
    campaign_list,
    mean_shares,
    segment_outcomes,
    widest_gap,
)
from crmresearch.segmentation.methods.portfolio import QUADRANTS, PortfolioMatrix, category_matrix
from crmresearch.segmentation.methods.rfm import RfmCells
from crmresearch.segmentation.scoring.evaluate import too_small
from crmresearch.segmentation.wording import named_segment
from crmresearch.stories.customer_value.story import EIGHT, CustomerStory
from crmresearch.value.customer_value import SPEND

SHOWN = ("p_alive", "expected_purchases", "expected_spend", "value", SPEND)  # forecasts with an interval
SMALL_GAP = 0.02  # of a share; less is not told as a difference


def customer_list(story: CustomerStory) -> pd.DataFrame:
    """`campaign_list` of every method, with what to do by the method that the page follows."""
    tags = story.tags.of_customers if story.tags else None
    return story.costed(story.advised(campaign_list(story.customers, story.methods, tags=tags), story.lead))


def told_methods(story: CustomerStory) -> list[Segmenter]:
    """The fitted methods that a table can show: all but the 125 cells, which are a picture."""
    return [method for method in story.methods if not isinstance(method, RfmCells)]


def segment_table(story: CustomerStory, method: Segmenter) -> pd.DataFrame:
    """`segment_outcomes` of one method with its criteria, and what to do where the page follows this method."""
    customers = story.table.frame
    if story.forecast.frame is not None:
        customers = customers.join(story.forecast.frame[["expected_purchases", "expected_spend"]])
    table = segment_outcomes(customers, story.segments(method.name))
    for place, one in enumerate(method.criteria, start=1):
        table.insert(place, one.column, [story.text(one.levels[key]) for key in table["segment"]])
    if method.name == story.lead:
        table["strategy"] = [story.text(method.advice.get(key, {"en": "–"})) for key in table["segment"]]
    return story.named(table, segment=story.labels(method.name).__getitem__)


def segment_headings(story: CustomerStory, method: Segmenter) -> dict[str, str]:
    """Headings of a segment table: the criteria of the method with their cuts, then those that every table has."""
    return {**story.headings, **{one.column: story.text(one.heading) for one in method.criteria}}


def segment_sentences(story: CustomerStory, method: Segmenter, table: pd.DataFrame) -> list[str]:
    """What the method is, whom it describes, which of its segments spent most and least later, and what it foresees."""
    told = [story.text(method.definition)]
    if any(segment.other for segment in method.segments):
        told.append(story.say("customers.covered", share=coverage(story.segments(method.name), method)))
    large = table[~too_small(table["customers"])].sort_values("spend_after", ascending=False, kind="stable")
    everyone = story.table.frame["holdout_spend"]
    if large["spend_after"].max() > large["spend_after"].min() and everyone.sum() > 0:
        points, best = large["spend_after"].to_numpy(), large.iloc[0]
        draws = independent_draws(points, large["spend_error"].fillna(0).to_numpy())
        ends = story.ends([*large["segment"]], points, draws, LEVEL)
        told.append(story.say("customers.segment_ends", ends=ends, mean=everyone.mean()))
        if highest(points, draws).sum() == 1:
            of_spend = best.customers * best.spend_after / everyone.sum()
            told.append(story.say("customers.segment_best", best=best.segment, share=best.share, of_spend=of_spend))
    for row in story.scores[story.scores["method"] == method.name].dropna(subset="r2_log").itertuples():
        told.append(story.say("customers.segment_r2" if row.r2_log > 0 else "customers.segment_nothing", row))
    return told


def category_portfolio(story: CustomerStory) -> pd.DataFrame:
    """`category_matrix`, with what the sources advise of a quadrant; none where growth is as that of the whole."""
    table = category_matrix(story.transactions, story.table.cutoff)
    table = table.rename(columns={"lower": "ci_lower", "upper": "ci_upper"})
    advice = {key: story.text(text) for key, text in PortfolioMatrix.advice.items()}
    quadrants = {key: story.text(named_segment(key).label) for key in QUADRANTS}
    same = [None if pd.isna(growth) else story.say("customers.no_quadrant") for growth in table["growth"]]
    return table.assign(
        strategy=[advice.get(key) for key in table["quadrant"]],
        quadrant=[quadrants.get(key, other) for key, other in zip(table["quadrant"], same, strict=True)],
    )


def portfolio_sentences(story: CustomerStory, table: pd.DataFrame) -> list[str]:
    """The category with most of the recent sales, and how many grow more or less beyond chance; nothing without any."""
    if story.transactions.codebook.columns.category is None:
        return []
    if table.empty:
        return [story.say("customers.portfolio_none")]
    apart = table["quadrant"].notna() & (table["quadrant"] != story.say("customers.no_quadrant"))
    less = int((apart & (table["against_whole"] < 0)).sum())
    facts = {"item": table["category"].iloc[0], "share": table["share"].iloc[0], "items": len(table)}
    told = [story.say("customers.portfolio", more=int(apart.sum()) - less, less=less, **facts)]
    undefined = table["category"][table["quadrant"].isna()].astype(str).tolist()
    key = bool(undefined) and "portfolio_undefined"
    return told + story.sentences("customers.", key, items=story.listed(undefined))


def purchase_models(story: CustomerStory) -> pd.DataFrame:
    """The purchase models side by side, with the error of the total in the holdout."""
    view = story.forecast.models.assign(off=story.forecast.off).rename(columns={"actual": "holdout"})
    shown = ["model", "parameters", "log_likelihood", "aic", "expected", "holdout", "off", "absolute_error"]
    return story.named(view, *shown, model=story.model_name)


def intervals_view(story: CustomerStory, intervals: pd.DataFrame) -> pd.DataFrame:
    """One row a segment: customers, each forecast with its interval, and what they spent."""
    labels = {**story.labels(EIGHT), "all": story.say("customers.all")}
    rows = []
    for group, part in intervals.groupby("group", sort=False):
        row = {"segment": labels.get(str(group), str(group)), "customers": int(part["customers"].iloc[0])}
        for line in part.itertuples():
            held = "outcome" if line.quantity == SPEND else "mean"  # the spend of the customers, or a mean of theirs
            between = f"{line.ci_lower:,.2f}–\u2060{line.ci_upper:,.2f}"
            row[f"{held}_{line.quantity}"] = f"{line.estimate:,.2f}\u00a0({between})"
            if pd.notna(line.actual):
                row["spend_after"] = f"{line.actual:,.2f}"
        rows.append(row)
    means = [f"mean_{name}" for name in SHOWN if name != SPEND and name in set(intervals["quantity"])]
    return pd.DataFrame(rows, columns=["segment", "customers", f"outcome_{SPEND}", "spend_after", *means])


def scores_view(story: CustomerStory) -> pd.DataFrame:
    """The scores: kind, method, k, coverage, smallest share, R² of log spend and of spend, AUC, Gini, capture."""
    view = story.scores.rename(columns={"r2": "r2_spend", "r2_log": "r2"})
    shown = ["kind", "method", "k", "coverage", "smallest_share", "r2", "r2_log_lower", "r2_log_upper", "auc"]
    return story.named(view, *shown, "r2_spend", "gini", "capture", kind="kind", method=story.method_name)


def differences_view(story: CustomerStory) -> pd.DataFrame:
    """Paired differences in R² of log spend to the reference."""
    view = story.differences.rename(columns={"lower": "ci_lower", "upper": "ci_upper"})
    return story.named(view, "method", "difference", "ci_lower", "ci_upper", method=story.method_name)


def demographics(story: CustomerStory, name: str) -> pd.DataFrame:
    """`attribute_shares` of the codebook's attributes; empty without any or where the method was left out."""
    attributes = story.transactions.codebook.attributes
    frame = story.table.frame[[key for key in story.transactions.codebook.demographics if key in story.table.frame]]
    if story.fitted(name) is None or frame.empty:
        return pd.DataFrame(columns=["attribute", "level", "customers", "all_customers"])
    flags = {True: story.say("customers.yes"), False: story.say("customers.no")}
    frame = frame.assign(**{key: frame[key].map(flags) for key in frame.select_dtypes(["bool", "boolean"])})
    rare, missing = story.say("customers.other_levels"), story.say("customers.unknown")
    table = attribute_shares(frame, story.segments(name), rare, missing).rename(columns=story.labels(name))
    return story.named(table, attribute=lambda key: story.text(attributes[key]))


def demographic_sentences(story: CustomerStory, table: pd.DataFrame, name: str) -> list[str]:
    """The level whose share in a segment differs most from its share of all; small segments are not told."""
    if table.empty:
        return _nothing(story, name, bool(story.transactions.codebook.demographics), "demographics_none")
    gaps = table[table.columns[4:]].sub(table["all_customers"], axis=0).T
    told, widest = _by_segments(story, "demographics", gaps, name)
    if widest:
        line, segment = table.loc[widest[0]], widest[1]
        told.append(story.say("customers.demographics", line, segment=segment, share=line[segment]))
    return told


def buying(story: CustomerStory, name: str = EIGHT) -> pd.DataFrame:
    """`mean_shares` of what was bought before the cut-off, of all customers and of each segment.

    Empty where the transactions have neither categories nor discounts, or the method was left out.
    """
    shares = story.table.frame[_shares(story)]
    if story.fitted(name) is None or shares.empty:
        return pd.DataFrame(columns=["segment", "customers", "discount_share"])
    labels = {**story.labels(name), "all": story.say("customers.all")}
    table = mean_shares(shares, story.segments(name))
    return story.named(table, segment=labels.__getitem__).rename(columns=_category(table))


def buying_headings(table: pd.DataFrame) -> dict[str, str]:
    """Every category of `buying` as its data call it, whatever a column of that name is called elsewhere."""
    return {name: name.removeprefix("share_") for name in table.columns[2:] if name != "discount_share"}


def _category(table: pd.DataFrame) -> dict[str, str]:
    """Names of the columns without the mark of a share, unless a column of ours has that name."""
    named = {name: name.removeprefix("share_") for name in table.columns if name.startswith("share_")}
    return {name: category for name, category in named.items() if category not in table.columns}


def buying_sentences(story: CustomerStory, table: pd.DataFrame, name: str = EIGHT) -> list[str]:
    """The share in which what a segment buys differs most from that of all; small segments are not told."""
    if table.empty:
        return _nothing(story, name, bool(_shares(story)), "buying_none")
    shares = table.set_index("segment").drop(columns="customers")
    told, widest = _by_segments(story, "buying", shares.iloc[1:].sub(shares.iloc[0]), name)
    if widest:
        what, segment = widest
        key = "customers.buying_discount" if what == "discount_share" else "customers.buying"
        facts = {"share": shares[what][segment], "all": shares[what].iloc[0]}
        told.append(story.say(key, segment=segment, category=buying_headings(table).get(what, what), **facts))
    return told


def _shares(story: CustomerStory) -> list[str]:
    """Columns of the customer table that say what a customer buys."""
    return [name for name in story.table.frame if name.startswith("share_") or name == "discount_share"]


def _nothing(story: CustomerStory, name: str, known: bool, none: str) -> list[str]:
    """Why there is no table: the method of this name was left out, or nothing is known of what it would show."""
    return [story.say(f"customers.{'no_profile' if known else none}", method=story.method_name(name))]


def _by_segments(
    story: CustomerStory, what: str, gaps: pd.DataFrame, name: str
) -> tuple[list[str], tuple[Any, Any] | None]:
    """By which segments, and column and segment of the widest of the gaps (segments × columns), if worth telling."""
    told = [story.say(f"customers.{what}_by", method=story.method_name(name))]
    widest = widest_gap(gaps, story.segments(name).map(story.labels(name)))
    if widest and widest[2] < SMALL_GAP:
        return [*told, story.say(f"customers.{what}_same")], None
    return told, widest and widest[:2]
