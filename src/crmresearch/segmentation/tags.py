"""Tags: rules of the user's own of which every one that holds counts, so that a customer may carry several."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from crmresearch.caution import Caution
from crmresearch.data.rule_file import Tag
from crmresearch.resampling import bootstrap_counts, sampled
from crmresearch.segmentation.contract import Floats, SegmentationError, Text, needed_columns
from crmresearch.segmentation.methods.own_rules import check_comparable, meets
from crmresearch.segmentation.scoring.evaluate import too_few

MIDDLE_95 = (0.025, 0.975)


@dataclass(frozen=True)
class Tags:
    """Who carries which tag: `carried` (customers × tags, true or false) and `labels` by key, in the order of the file.

    `left_out`: tag and reason, of those whose rule these customers do not allow.
    """

    labels: dict[str, Text]
    carried: pd.DataFrame
    left_out: pd.DataFrame

    @property
    def cautions(self) -> Iterator[Caution]:
        """Tags that tell nothing: tag_empty, tag_small, tag_everybody (`tags`: customers by key), tag_left_out.

        Small is a tag that fewer than 30 customers carry, or less than 1 % of them; the last is about one tag, and its
        fact the `reason`.
        """
        counts, everybody = self.carried.sum(), len(self.carried)
        few = too_few(counts, everybody)
        found = {"empty": counts == 0, "small": few & (counts > 0), "everybody": counts == everybody}
        for code, there in found.items():
            if there.any():
                yield Caution(f"tag_{code}", "weak", "", {"tags": counts[there].to_dict()})
        for row in self.left_out.itertuples():
            yield Caution("tag_left_out", "weak", str(row.tag), {"reason": row.reason})

    @property
    def of_customers(self) -> pd.Series:
        """The keys of all tags of each customer, joined by "; ", empty for who carries none."""
        keys = self.carried.columns
        return pd.Series(["; ".join(keys[row]) for row in self.carried.to_numpy()], self.carried.index, name="tags")


def carried_tags(tags: Sequence[Tag], customers: pd.DataFrame) -> Tags:
    """The tags of a file of rules on a customer table. Of several rules of one tag, any will do.

    Bounds are inclusive, and a missing value meets no condition. A tag with a column the table lacks, or a comparison
    of text with a number, is left out with its reason.

    >>> import pandas as pd
    >>> from crmresearch.data.rule_file import Tag
    >>> often = Tag.model_validate({"tag": "often", "label": {"en": "Often"}, "when": {"frequency": {"min": 5}}})
    >>> lately = Tag.model_validate({"tag": "lately", "label": {"en": "Lately"}, "when": {"recency": {"max": 30}}})
    >>> customers = pd.DataFrame({"frequency": [9, 6, 1], "recency": [3, 90, 300]}, index=["a", "b", "c"])
    >>> carried_tags([often, lately], customers).of_customers.tolist()
    ['often; lately', 'often', '']
    """
    found: dict[str, np.ndarray] = {}
    reasons: dict[str, str] = {}
    for tag in tags:
        try:
            frame = needed_columns(customers, list(tag.when), f"The tag {tag.tag}")
            check_comparable(frame, tag.when, f"The tag {tag.tag} compares", "its rule")
        except SegmentationError as error:
            reasons[tag.tag] = str(error)
            continue
        holds = meets(frame, tag.when)
        found[tag.tag] = found[tag.tag] | holds if tag.tag in found else holds
    carried = {key: holds for key, holds in found.items() if key not in reasons}
    return Tags(
        {tag.tag: tag.label for tag in tags},
        pd.DataFrame(carried, index=customers.index, dtype=bool),
        pd.DataFrame(list(reasons.items()), columns=["tag", "reason"]),
    )


def tag_outcomes(
    customers: pd.DataFrame, carried: pd.DataFrame, resamples: int = 200, seed: int = 0, most: int | None = None
) -> pd.DataFrame:
    """What those who carry each tag did: a row a tag, in the order of `carried` (customers × tags).

    Columns: tag, customers, share, spend_before, spend_after with spend_after_lower and spend_after_upper,
    active_after, then against_others (spend after of those who carry it less that of those who do not) with
    against_others_lower and against_others_upper. Spend and activity are means a customer. The intervals are the middle
    95 % of bootstrap resamples of all customers; NaN where fewer than two carry the tag, of against_others also where
    fewer than two do not. Of more than `most` customers only so many, `sampled` with the seed, are resampled, around
    the means of all: the intervals are then wider than those of everybody would be.

    `customers` is a customer table with a holdout. Checked against `segment_outcomes`, against scipy's bootstrap and
    against Welch's standard error.
    """
    has, after = carried.to_numpy(dtype=float), customers["holdout_spend"].to_numpy(dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):  # a resample may hold nobody of a rare tag
        point = _means(np.ones((1, len(after))), has, after)[:, 0]
        places = sampled(len(after), most, seed)
        some, spent = has[places], after[places]
        drawn = np.hstack([_means(counts, some, spent) for counts in bootstrap_counts(len(spent), resamples, seed)])
        if len(spent) < len(after):
            drawn += (point - _means(np.ones((1, len(spent))), some, spent)[:, 0])[:, None]
    few = some.sum(axis=0) < 2
    few_apart = few | (len(some) - some.sum(axis=0) < 2)
    rows = []
    for i, key in enumerate(carried):
        part = customers.loc[carried[key], ["monetary_total", "holdout_spend", "holdout_active"]]
        before, spend, active = part.mean()
        mean = _interval(drawn[0, :, i], few[i])
        apart = _interval(drawn[1, :, i], few_apart[i])
        rows.append((key, len(part), len(part) / len(carried), before, spend, *mean, active, point[1, i], *apart))
    columns = ["tag", "customers", "share", "spend_before", "spend_after", "spend_after_lower", "spend_after_upper",
               "active_after", "against_others", "against_others_lower", "against_others_upper"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def tag_overlap(carried: pd.DataFrame) -> pd.DataFrame:
    """How many carry both tags of each pair: tag, other_tag, both, of_tag, of_other; most first.

    The shares are those of the customers who carry the one tag, NaN where nobody does.
    """
    rows = []
    for first, second in combinations(carried, 2):
        both = int((carried[first] & carried[second]).sum())
        rows.append((first, second, both, *(both / n if (n := carried[t].sum()) else np.nan for t in (first, second))))
    table = pd.DataFrame(rows, columns=["tag", "other_tag", "both", "of_tag", "of_other"])
    return table.sort_values("both", ascending=False, kind="stable", ignore_index=True)


def _means(counts: Floats, has: Floats, after: Floats) -> Floats:
    """Mean of those who carry each tag, and its difference to the others (2, B, tags), in samples `counts` (B, n)."""
    number, total = counts @ has, (counts * after) @ has
    others = (counts.sum(axis=1, keepdims=True) - number, (counts @ after)[:, None] - total)
    return np.stack([total / number, total / number - others[1] / others[0]])


def _interval(draws: Floats, too_few: bool) -> tuple[float, float]:
    if too_few:
        return np.nan, np.nan
    lower, upper = np.nanquantile(draws, MIDDLE_95)
    return float(lower), float(upper)
