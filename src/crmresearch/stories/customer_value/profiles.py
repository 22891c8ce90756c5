"""Who the segments are, by what the data say besides purchases, and what they buy."""

import pandas as pd

from crmresearch.segmentation.scoring.evaluate import too_small
from crmresearch.stories.customer_value.story import CustomerStory
from crmresearch.stories.customer_value.value import told_by

SMALL_GAP = 0.02  # of a share; less is not told as a difference
MOST_LEVELS = 6  # of an attribute; the rarer ones are pooled


def demographics(story: CustomerStory, method_name: str) -> pd.DataFrame:
    """Share of each level of each attribute, of all customers and in each segment: attribute, level, customers, all, …

    Attributes are those of the codebook in the customer table; the columns after `all` are the labels of the segments
    with members. Levels beyond the most frequent ones are pooled. Empty without attributes or without the method.
    """
    method = told_by(story, method_name)
    names = [name for name in story.transactions.codebook.demographics if name in story.table.frame]
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


def demographic_sentences(story: CustomerStory, table: pd.DataFrame, method_name: str) -> list[str]:
    """The level whose share in a segment differs most from its share of all customers; small segments are not told."""
    if table.empty:
        known = bool(story.transactions.codebook.demographics)
        return [_left_out(story, method_name) if known else story.say("customers.demographics_none")]
    told = [story.say("customers.demographics_by", method=story.method_name(method_name))]
    segments = [name for name in table.columns[4:] if name in _large(story, method_name)]
    if not segments:
        return told
    gaps = table[segments].sub(table["all_customers"], axis=0)
    row = int(gaps.abs().max(axis=1).to_numpy().argmax())
    segment = gaps.iloc[row].abs().idxmax()
    line = table.iloc[row]
    if abs(gaps.iloc[row][segment]) < SMALL_GAP:
        return [*told, story.say("customers.demographics_same")]
    facts = {"level": line["level"], "attribute": line["attribute"], "all": line["all_customers"]}
    return [*told, story.say("customers.demographics", segment=segment, share=line[segment], **facts)]


def buying(story: CustomerStory, method_name: str) -> pd.DataFrame:
    """What each segment buys before the cut-off: segment, customers, mean share of each category, mean discount share.

    First row: all customers. Means are of customers, not of money, over those in whom the share is defined. Empty where
    the transactions have neither categories nor discounts, or the method was left out.
    """
    method = told_by(story, method_name)
    frame, shares = story.table.frame, _shares(story)
    if method is None or not shares:
        return pd.DataFrame(columns=["segment", "customers", "discount_share"])
    named = frame[shares].rename(columns=lambda column: column.removeprefix("share_"))
    segments = method.predict(story.customers)
    rows = [{"segment": story.say("customers.all"), "customers": len(named), **named.mean()}]
    for segment in method.segments:
        members = named[segments == segment.key]
        if len(members):
            rows.append({"segment": story.text(segment.label), "customers": len(members), **members.mean()})
    return pd.DataFrame(rows)


def buying_sentences(story: CustomerStory, table: pd.DataFrame, method_name: str) -> list[str]:
    """The share in which a segment differs most from all customers; small segments are not told."""
    if table.empty:
        return [_left_out(story, method_name) if _shares(story) else story.say("customers.buying_none")]
    told = [story.say("customers.buying_by", method=story.method_name(method_name))]
    shares = table.set_index("segment").drop(columns="customers")
    gaps = shares.iloc[1:].sub(shares.iloc[0])
    gaps = gaps[gaps.index.isin(_large(story, method_name))]
    if gaps.empty:
        return told
    what = str(gaps.abs().max().idxmax())
    segment = gaps[what].abs().idxmax()
    if abs(gaps[what][segment]) < SMALL_GAP:
        return [*told, story.say("customers.buying_same")]
    key = "customers.buying_discount" if what == "discount_share" else "customers.buying"
    facts = {"share": shares[what][segment], "all": shares[what].iloc[0]}
    return [*told, story.say(key, segment=segment, category=what, **facts)]


def _shares(story: CustomerStory) -> list[str]:
    frame = story.table.frame
    return [column for column in frame if column.startswith("share_") or column == "discount_share"]


def _left_out(story: CustomerStory, method_name: str) -> str:
    return story.say("customers.no_profile", method=story.method_name(method_name))


def _large(story: CustomerStory, method_name: str) -> set[str]:
    """Labels of the segments that are large enough to speak about."""
    method = told_by(story, method_name)
    if method is None:
        return set()
    counts = method.predict(story.customers).value_counts()
    labels = {segment.key: story.text(segment.label) for segment in method.segments}
    return {labels[str(key)] for key in counts.index[~too_small(counts)]}
