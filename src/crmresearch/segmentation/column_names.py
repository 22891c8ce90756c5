"""What readers call the columns of a customer table, by language."""

from collections.abc import Iterable

from crmresearch.segmentation.contract import Text

NAMES: dict[str, Text] = {
    "recency": {"en": "recency", "zh": "最近购买距今"},
    "frequency": {"en": "number of purchase days", "zh": "购买天数"},
    "tenure": {"en": "time since the first purchase", "zh": "首次购买距今"},
    "monetary_total": {"en": "spend so far", "zh": "累计消费"},
    "monetary_mean": {"en": "spend a purchase day", "zh": "每次购买消费"},
    "expected_value": {"en": "expected value", "zh": "预期价值"},
    "expected_purchases": {"en": "expected purchases", "zh": "预期购买次数"},
    "p_alive": {"en": "probability of being alive", "zh": "存活概率"},
    "holdout_spend": {"en": "later spend", "zh": "之后的消费"},
}


def column_names(columns: Iterable[str]) -> Text:
    """The names of columns as a list in words; a column without a name keeps its own."""
    known = [NAMES.get(column, {"en": column, "zh": column}) for column in columns]
    return {"en": ", ".join(name["en"] for name in known), "zh": "、".join(name["zh"] for name in known)}
