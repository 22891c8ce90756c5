"""The reader's tables of a customer report, names instead of keys, and the sentences that read one of them out."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from crmresearch.data.categories import category_sales
from crmresearch.errors import ParameterError
from crmresearch.segmentation.contract import SegmentationError, Segmenter, coverage
from crmresearch.segmentation.customer_profiles import attribute_shares, mean_shares, segment_outcomes
from crmresearch.segmentation.methods.portfolio import QUADRANTS, portfolio_matrix, segment_windows
from crmresearch.segmentation.methods.rfm import RfmCells
from crmresearch.segmentation.scoring.evaluate import too_small
from crmresearch.stories.customer_value.story import EIGHT, CustomerStory, r2_facts

SHOWN_DIGITS = {"p_alive": 2, "expected_purchases": 2, "expected_spend": 2, "value": 2}
SMALL_GAP = 0.02  # of a share; less is not told as a difference
MATRIX = ["share", "relative_share", "growth", "quadrant"]


def told_methods(story: CustomerStory) -> list[Segmenter]:
    """The fitted methods that a table can show: all but the 125 cells, which are a picture."""
    return [method for method in story.methods if not isinstance(method, RfmCells)]


def segment_table(story: CustomerStory, method: Segmenter) -> pd.DataFrame:
    """`segment_outcomes` of one method, with what to do where the sources give some advice."""
    table = segment_outcomes(story.table.frame, method.predict(story.customers))
    written = story.texts.section("strategy", story.language)
    strategies = [story.say(f"strategy.{key}") if key in written else "–" for key in table["segment"]]
    named = table.assign(segment=[story.labels(method.name)[key] for key in table["segment"]])
    return named.assign(strategy=strategies) if set(strategies) != {"–"} else named


def segment_sentences(story: CustomerStory, method: Segmenter, table: pd.DataFrame) -> list[str]:
    """What the method is, whom it describes, which of its segments spent most and least later, and what it foresees."""
    told = [story.text(method.definition)]
    if any(segment.other for segment in method.segments):
        told.append(story.say("customers.covered", share=coverage(method.predict(story.customers), method)))
    large = table[~too_small(table["customers"])].sort_values("spend_after", ascending=False, kind="stable")
    everyone = story.table.frame["holdout_spend"]
    if large["spend_after"].max() > large["spend_after"].min() and everyone.sum() > 0:
        best, least = large.iloc[0], large.iloc[-1]
        facts = {"best": best.segment, "share": best.share, "spend": best.spend_after, "mean": everyone.mean()}
        facts |= {"of_spend": best.customers * best.spend_after / everyone.sum()}
        told.append(story.say("customers.segment_best", least=least.segment, low=least.spend_after, **facts))
    row = story.scores[story.scores["method"] == method.name]
    if len(row) and pd.notna(row.r2_log.iloc[0]):
        score = row.iloc[0]
        key = "customers.segment_r2" if score.r2_log > 0 else "customers.segment_nothing"
        told.append(story.say(key, **r2_facts(score)))
    return told


def portfolio_table(story: CustomerStory, name: str = EIGHT) -> pd.DataFrame:
    """The segments of one method as items of a portfolio.

    Empty where the method was left out, or where the data do not cover both windows or one is without sales.
    """
    try:
        if (method := story.fitted(name)) is None:
            return _items(story, "segment")
        windows = segment_windows(story.customers, method.predict(story.customers).astype(str))
        return _items(story, "segment", portfolio_matrix(*windows), story.labels(name))
    except SegmentationError:
        return _items(story, "segment")


def category_portfolio(story: CustomerStory) -> pd.DataFrame:
    """The categories of the data set as items of a portfolio, by dated sales of two windows of 91 days.

    Empty where there is no column of categories, where the data do not cover both windows, or one is without sales.
    """
    try:
        sales = category_sales(story.transactions, story.table.cutoff).set_index("category")
        return _items(story, "category", portfolio_matrix(sales["current"], sales["previous"]))
    except (ParameterError, SegmentationError):
        return _items(story, "category")


def _items(
    story: CustomerStory, item: str, matrix: pd.DataFrame | None = None, labels: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """A `portfolio_matrix` for readers, largest share first, with what the sources advise."""
    matrix = pd.DataFrame(columns=MATRIX) if matrix is None else matrix
    matrix = matrix.sort_values("share", ascending=False, kind="stable").rename_axis(item).reset_index()
    quadrants = {quadrant.key: story.text(quadrant.label) for quadrant in QUADRANTS}
    return matrix.assign(
        **{item: [(labels or {}).get(str(key), str(key)) for key in matrix[item]]},
        quadrant=[quadrants.get(key) for key in matrix["quadrant"]],
        strategy=[story.say(f"strategy.{key}") if key in quadrants else None for key in matrix["quadrant"]],
    )


def portfolio_sentences(story: CustomerStory, table: pd.DataFrame) -> list[str]:
    """Which item has most of the recent sales, and how many are stars; nothing of categories the data do not have."""
    if "category" in table and story.transactions.codebook.columns.category is None:
        return []
    if table.empty:
        return [story.say("customers.portfolio_none")]
    stars = int((table["quadrant"] == story.text(QUADRANTS[0].label)).sum())
    facts = {"item": table.iloc[0, 0], "share": table["share"].iloc[0]}
    told = [story.say("customers.portfolio", stars=stars, items=len(table), **facts)]
    if len(undefined := table.loc[table["quadrant"].isna()].iloc[:, 0]):
        told.append(story.say("customers.portfolio_undefined", items=story.listed(undefined.astype(str).tolist())))
    return told


def parameters(story: CustomerStory) -> pd.DataFrame:
    """Estimates of the purchase and the spend model with standard errors."""
    table = story.forecast.parameters
    return table.assign(model=[story.model_name(key) for key in table["model"]])


def purchase_models(story: CustomerStory) -> pd.DataFrame:
    """The purchase models side by side, with the error of the total in the holdout."""
    models = story.forecast.models
    view = models.assign(model=[story.model_name(key) for key in models["model"]], off=story.forecast.off)
    shown = ["model", "parameters", "log_likelihood", "aic", "expected", "holdout", "off", "absolute_error"]
    return view.rename(columns={"actual": "holdout"})[shown]


def intervals_view(story: CustomerStory, intervals: pd.DataFrame) -> pd.DataFrame:
    """One row a segment: customers and each forecast with its interval."""
    labels = {**story.labels(EIGHT), "all": story.say("customers.all")}
    rows = []
    for group, part in intervals.groupby("group", sort=False):
        row = {"segment": labels.get(str(group), str(group)), "customers": int(part["customers"].iloc[0])}
        for line in part.itertuples():
            d = SHOWN_DIGITS[line.quantity]
            row[line.quantity] = f"{line.estimate:,.{d}f}\u00a0({line.ci_lower:,.{d}f}–{line.ci_upper:,.{d}f})"
        rows.append(row)
    return pd.DataFrame(rows, columns=["segment", "customers", *SHOWN_DIGITS])


def scores_view(story: CustomerStory) -> pd.DataFrame:
    """The scores: kind, method, k, coverage, smallest share, R², AUC, Gini, capture."""
    shown = ["kind", "method", "k", "coverage", "smallest_share", "r2_log", "r2_log_lower", "r2_log_upper", "auc"]
    view = story.scores[[*shown, "gini", "capture"]].rename(columns={"r2_log": "r2"})
    return view.assign(
        kind=[story.say(f"kind.{kind}") for kind in view.kind],
        method=[story.method_name(key) for key in view.method],
        k=[int(k) if pd.notna(k) else None for k in view.k],
    )


def differences_view(story: CustomerStory) -> pd.DataFrame:
    """Paired differences in R² of log spend to the reference."""
    view = story.evaluation.differences.query("metric == 'r2_log'").reset_index(drop=True)
    view = view.rename(columns={"lower": "ci_lower", "upper": "ci_upper"})
    named = view.assign(method=[story.method_name(key) for key in view.method])
    return named[["method", "difference", "ci_lower", "ci_upper"]]


def demographics(story: CustomerStory, name: str) -> pd.DataFrame:
    """`attribute_shares` of the codebook's attributes; empty without any or where the method was left out."""
    method, attributes = story.fitted(name), story.transactions.codebook.attributes
    frame = story.table.frame[[key for key in story.transactions.codebook.demographics if key in story.table.frame]]
    if method is None or frame.empty:
        return pd.DataFrame(columns=["attribute", "level", "customers", "all_customers"])
    flags = {True: story.say("customers.yes"), False: story.say("customers.no")}
    frame = frame.assign(**{key: frame[key].map(flags) for key in frame.select_dtypes(["bool", "boolean"])})
    rare, missing = story.say("customers.other_levels"), story.say("customers.unknown")
    table = attribute_shares(frame, method.predict(story.customers), rare, missing).rename(columns=story.labels(name))
    return table.assign(attribute=[story.text(attributes[key]) for key in table["attribute"]])


def demographic_sentences(story: CustomerStory, table: pd.DataFrame, name: str) -> list[str]:
    """The level whose share in a segment differs most from its share of all; small segments are not told."""
    if table.empty:
        known = bool(story.transactions.codebook.demographics)
        return [_no_profile(story, name) if known else story.say("customers.demographics_none")]
    told = [story.say("customers.demographics_by", method=story.method_name(name))]
    gaps = table[table.columns[4:]].sub(table["all_customers"], axis=0).T
    if (widest := _widest(story, gaps, name)) is None:
        return told
    row, segment, gap = widest
    if gap < SMALL_GAP:
        return [*told, story.say("customers.demographics_same")]
    line = table.loc[row]
    facts = {"level": line["level"], "attribute": line["attribute"], "all": line["all_customers"]}
    return [*told, story.say("customers.demographics", segment=segment, share=line[segment], **facts)]


def buying(story: CustomerStory, name: str = EIGHT) -> pd.DataFrame:
    """`mean_shares` of what was bought before the cut-off, of all customers and of each segment.

    Empty where the transactions have neither categories nor discounts, or the method was left out.
    """
    method, shares = story.fitted(name), story.table.frame[_shares(story)]
    if method is None or shares.empty:
        return pd.DataFrame(columns=["segment", "customers", "discount_share"])
    labels = {**story.labels(name), "all": story.say("customers.all")}
    table = mean_shares(shares.rename(columns=lambda key: key.removeprefix("share_")), method.predict(story.customers))
    return table.assign(segment=[labels[key] for key in table["segment"]])


def buying_sentences(story: CustomerStory, table: pd.DataFrame, name: str = EIGHT) -> list[str]:
    """The share in which what a segment buys differs most from that of all; small segments are not told."""
    if table.empty:
        return [_no_profile(story, name) if _shares(story) else story.say("customers.buying_none")]
    told = [story.say("customers.buying_by", method=story.method_name(name))]
    shares = table.set_index("segment").drop(columns="customers")
    if (widest := _widest(story, shares.iloc[1:].sub(shares.iloc[0]), name)) is None:
        return told
    what, segment, gap = widest
    if gap < SMALL_GAP:
        return [*told, story.say("customers.buying_same")]
    key = "customers.buying_discount" if what == "discount_share" else "customers.buying"
    facts = {"share": shares[what][segment], "all": shares[what].iloc[0]}
    return [*told, story.say(key, segment=segment, category=what, **facts)]


def _shares(story: CustomerStory) -> list[str]:
    """Columns of the customer table that say what a customer buys."""
    return [name for name in story.table.frame if name.startswith("share_") or name == "discount_share"]


def _no_profile(story: CustomerStory, name: str) -> str:
    return story.say("customers.no_profile", method=story.method_name(name))


def _widest(story: CustomerStory, gaps: pd.DataFrame, name: str) -> tuple[Any, str, float] | None:
    """Column, segment and size of the widest gap (segments × columns); None where every segment is too small."""
    method = story.fitted(name)
    counts = method.predict(story.customers).value_counts() if method else pd.Series(dtype=int)
    large = {story.labels(name)[str(key)] for key in counts.index[~too_small(counts)]}
    sizes = gaps[gaps.index.isin(large)].abs().unstack()
    if sizes.empty:
        return None
    column, segment = sizes.idxmax()
    return column, segment, sizes.max()
