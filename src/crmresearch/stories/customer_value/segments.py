"""What the segments of a report did: a table and sentences a method, cells of RFM, portfolios."""

import pandas as pd

from crmresearch.caution import SMALL_NUMBER
from crmresearch.data.categories import category_sales
from crmresearch.errors import ParameterError
from crmresearch.segmentation.contract import SegmentationError, Segmenter, coverage
from crmresearch.segmentation.methods.portfolio import QUADRANTS, portfolio_matrix, segment_windows
from crmresearch.segmentation.methods.rfm import RfmCells
from crmresearch.segmentation.scoring.evaluate import too_small
from crmresearch.stories.customer_value import TEXTS
from crmresearch.stories.customer_value.story import CustomerStory
from crmresearch.stories.customer_value.value import told_by


def told_methods(story: CustomerStory) -> list[Segmenter]:
    """The fitted methods that a table can show: all but the 125 cells, which are a picture."""
    return [method for method in story.methods if not isinstance(method, RfmCells)]


def segment_table(story: CustomerStory, method: Segmenter) -> pd.DataFrame:
    """Segments of one method: label, customers, share, spend before and after, active after, what to do.

    The advice is a column only where the sources give some.
    """
    segments = method.predict(story.customers)
    frame = story.table.frame.assign(segment=segments)
    grouped = frame.groupby("segment", observed=True)
    strategies = TEXTS.catalogue("en")
    rows = []
    for segment in method.segments:
        part = grouped.get_group(segment.key) if (segments == segment.key).any() else frame.iloc[:0]
        key = f"strategy.{segment.key}"
        rows.append(
            {
                "segment": story.text(segment.label),
                "customers": len(part),
                "share": len(part) / len(frame),
                "spend_before": part["monetary_total"].mean(),
                "spend_after": part["holdout_spend"].mean(),
                "active_after": part["holdout_active"].mean(),
                "strategy": story.say(key) if key in strategies else "–",
            }
        )
    table = pd.DataFrame(rows)
    return table if (table["strategy"] != "–").any() else table.drop(columns="strategy")


def segment_sentences(story: CustomerStory, method: Segmenter) -> list[str]:
    """What the method is, whom it describes, which of its segments spent most and least later, and what it foresees."""
    table = segment_table(story, method)
    told = [story.text(method.definition)]
    segments = method.predict(story.customers)
    if any(segment.other for segment in method.segments):
        told.append(story.say("customers.covered", share=coverage(segments, method)))
    told_of = table[~too_small(table["customers"])].sort_values("spend_after", ascending=False, kind="stable")
    everyone = story.table.frame["holdout_spend"]
    if told_of["spend_after"].max() > told_of["spend_after"].min() and everyone.sum() > 0:
        best, least = told_of.iloc[0], told_of.iloc[-1]
        told.append(
            story.say(
                "customers.segment_best",
                best=best.segment,
                share=best.share,
                of_spend=best.customers * best.spend_after / everyone.sum(),
                spend=best.spend_after,
                mean=everyone.mean(),
                least=least.segment,
                low=least.spend_after,
            )
        )
    row = story.scores[story.scores["method"] == method.name]
    if len(row) and pd.notna(row.r2_log.iloc[0]):
        score = row.iloc[0]
        key = "customers.segment_r2" if score.r2_log > 0 else "customers.segment_nothing"
        facts = {"r2": score.r2_log, "lower": score.r2_log_lower, "upper": score.r2_log_upper}
        told.append(story.say(key, **facts))
    return told


def cells_table(story: CustomerStory) -> pd.DataFrame:
    """Customers and mean holdout spend by recency and frequency score: recency, frequency, customers, spend_after."""
    method = told_by(story, "rfm_cells")
    columns = ["recency_score", "frequency_score", "customers", "spend_after"]
    if not isinstance(method, RfmCells):
        return pd.DataFrame(columns=columns)
    scores = method.scores(story.customers)
    spend = story.table.frame["holdout_spend"]
    grouped = spend.groupby([scores["r"], scores["f"]]).agg(["size", "mean"]).reset_index()
    return grouped.set_axis(columns, axis=1)


def portfolio_table(story: CustomerStory, method_name: str) -> pd.DataFrame:
    """The segments of one method as items of a portfolio: segment, share, relative_share, growth, quadrant, strategy.

    Empty where the method was left out, or where the data do not cover both windows or one is without sales.
    """
    columns = ["segment", "share", "relative_share", "growth", "quadrant", "strategy"]
    method = told_by(story, method_name)
    if method is None:
        return pd.DataFrame(columns=columns)
    try:
        matrix = portfolio_matrix(*segment_windows(story.customers, method.predict(story.customers).astype(str)))
    except SegmentationError:
        return pd.DataFrame(columns=columns)
    labels = {segment.key: story.text(segment.label) for segment in method.segments}
    return portfolio_view(story, matrix, labels)


def category_portfolio(story: CustomerStory) -> pd.DataFrame:
    """The categories of the data set as items of a portfolio, by dated sales of two windows of 91 days, largest first.

    Columns category, share, relative_share, growth, quadrant, strategy. Empty where there is no column of categories,
    where the data do not cover both windows, or one is without sales.
    """
    columns = ["category", "share", "relative_share", "growth", "quadrant", "strategy"]
    if story.transactions.codebook.columns.category is None:
        return pd.DataFrame(columns=columns)
    try:
        sales = category_sales(story.transactions, story.table.cutoff).set_index("category")
        matrix = portfolio_matrix(sales["current"], sales["previous"])
    except (ParameterError, SegmentationError):
        return pd.DataFrame(columns=columns)
    return portfolio_view(story, matrix, {}).rename(columns={"segment": "category"})


def category_sentences(story: CustomerStory, table: pd.DataFrame) -> list[str]:
    """`portfolio_sentences` of the categories; nothing where the data have none."""
    return [] if story.transactions.codebook.columns.category is None else portfolio_sentences(story, table)


def portfolio_view(story: CustomerStory, matrix: pd.DataFrame, labels: dict[str, str]) -> pd.DataFrame:
    """A `portfolio_matrix` for readers, largest share first."""
    matrix = matrix.sort_values("share", ascending=False, kind="stable")
    quadrants = {quadrant.key: story.text(quadrant.label) for quadrant in QUADRANTS}
    return pd.DataFrame(
        {
            "segment": [labels.get(str(item), str(item)) for item in matrix.index],
            "share": matrix["share"].to_numpy(),
            "relative_share": matrix["relative_share"].to_numpy(),
            "growth": matrix["growth"].to_numpy(),
            "quadrant": [quadrants[key] for key in matrix["quadrant"]],
            "strategy": [story.say(f"strategy.{key}") for key in matrix["quadrant"]],
        }
    )


def portfolio_sentences(story: CustomerStory, table: pd.DataFrame) -> list[str]:
    """Which item has most of the recent sales, and which grows."""
    if table.empty:
        return [story.say("customers.portfolio_none")]
    first = table.iloc[0]
    name = first["category"] if "category" in table else first["segment"]
    star = story.text(QUADRANTS[0].label)
    count = int((table["quadrant"] == star).sum())
    return [story.say("customers.portfolio", item=name, share=first["share"], stars=count, items=len(table))]


def cells_sentences(story: CustomerStory) -> list[str]:
    """The cell of recency and frequency scores that spent most a customer."""
    cells = cells_table(story)
    cells = cells[cells["customers"] >= SMALL_NUMBER]  # a mean of a handful is no finding
    if not cells["spend_after"].max() > cells["spend_after"].min():  # none, one, or all alike: no best
        return []
    best = cells.loc[cells["spend_after"].idxmax()]
    facts = {"recency": int(best.recency_score), "frequency": int(best.frequency_score)}
    return [story.say("customers.cells", spend=best.spend_after, customers=int(best.customers), **facts)]
