"""What the segments of a report are and did: a table and sentences a method, portfolio of segments, demographics."""

import pandas as pd

from crmresearch.data.categories import category_sales
from crmresearch.errors import ParameterError
from crmresearch.phrases import catalogue
from crmresearch.report.customer_story import CustomerStory
from crmresearch.report.customer_value_story import told_by
from crmresearch.segmentation.contract import SegmentationError, Segmenter, coverage
from crmresearch.segmentation.evaluate import SMALL_NUMBER
from crmresearch.segmentation.portfolio import QUADRANTS, portfolio_matrix, segment_windows
from crmresearch.segmentation.rfm import RfmCells

SMALL_GAP = 0.02  # of a share; less is not told as a difference
MOST_LEVELS = 6  # of an attribute; the rarer ones are pooled


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
    strategies = catalogue("en")
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
    filled = table[table["customers"] > 0].sort_values("spend_after", ascending=False, kind="stable")
    best, least = filled.iloc[0], filled.iloc[-1]
    everyone = story.table.frame["holdout_spend"]
    if len(filled) > 1 and best.spend_after > least.spend_after and everyone.sum() > 0:
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
        told.append(
            story.say("customers.segment_r2", r2=score.r2_log, lower=score.r2_log_lower, upper=score.r2_log_upper)
        )
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

    Empty where the method was left out, or a window is without sales.
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


def demographics(story: CustomerStory, method_name: str) -> pd.DataFrame:
    """Share of each level of each attribute, of all customers and in each segment: attribute, level, customers, all, …

    Attributes are those of the codebook in the customer table; the columns after `all` are the labels of the segments
    with members. Levels beyond the most frequent ones are pooled. Empty without attributes or without the method.
    """
    method = told_by(story, method_name)
    names = [name for name in story.transactions.codebook.attributes if name in story.table.frame]
    if method is None or not names:
        return pd.DataFrame(columns=["attribute", "level", "customers", "all_customers"])
    segments = method.predict(story.customers)
    rows = []
    for name in names:
        levels = _levels(story, story.table.frame[name])
        for level in levels.value_counts(sort=False).index:
            has = levels == level
            row: dict[str, object] = {
                "attribute": story.text(story.transactions.codebook.attributes[name]),
                "level": str(level),
            }
            row |= {"customers": int(has.sum()), "all_customers": float(has.mean())}
            for segment in method.segments:
                if (segments == segment.key).any():
                    row[story.text(segment.label)] = float(has[segments == segment.key].mean())
            rows.append(row)
    return pd.DataFrame(rows)


def _levels(story: CustomerStory, values: pd.Series) -> pd.Series:
    """The levels of an attribute as an ordered category: most frequent first, the rare pooled, the missing last."""
    missing, rare = story.say("customers.unknown"), story.say("customers.other_levels")
    texts = values.map(str).where(values.notna(), missing)
    if pd.api.types.is_bool_dtype(values):
        texts = values.map({True: story.say("customers.yes"), False: story.say("customers.no")})
    counts = texts[texts != missing].value_counts()
    kept = sorted(counts.index, key=lambda level: (-counts[level], level))
    if len(kept) > MOST_LEVELS:
        kept = kept[: MOST_LEVELS - 1]
    pooled = texts.where(texts.isin([*kept, missing]), rare)
    order = [level for level in (*kept, rare, missing) if (pooled == level).any()]
    return pooled.astype(pd.CategoricalDtype(order, ordered=True))


def demographic_sentences(story: CustomerStory, table: pd.DataFrame) -> list[str]:
    """The level whose share in a segment differs most from its share of all customers."""
    segments = list(table.columns[4:])
    if table.empty or not segments:
        return []
    gaps = table[segments].sub(table["all_customers"], axis=0)
    row = int(gaps.abs().max(axis=1).to_numpy().argmax())
    segment = gaps.iloc[row].abs().idxmax()
    line = table.iloc[row]
    if abs(gaps.iloc[row][segment]) < SMALL_GAP:
        return [story.say("customers.demographics_same")]
    facts = {"level": line["level"], "attribute": line["attribute"], "all": line["all_customers"]}
    return [story.say("customers.demographics", segment=segment, share=line[segment], **facts)]


def cells_sentences(story: CustomerStory) -> list[str]:
    """The cell of recency and frequency scores that spent most a customer."""
    cells = cells_table(story)
    cells = cells[cells["customers"] >= SMALL_NUMBER]  # a mean of a handful is no finding
    if cells.empty:
        return []
    best = cells.loc[cells["spend_after"].idxmax()]
    facts = {"recency": int(best.recency_score), "frequency": int(best.frequency_score)}
    return [story.say("customers.cells", spend=best.spend_after, customers=int(best.customers), **facts)]
