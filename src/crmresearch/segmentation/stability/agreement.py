"""How far different methods put the same customers together, whatever they call the segments."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from crmresearch.segmentation.contract import Codes, SegmentationError
from crmresearch.segmentation.stability.partitions import adjusted_mutual_information, adjusted_rand, contingency


def agreement(segments: pd.DataFrame | Sequence[pd.Series]) -> pd.DataFrame:
    """Every two methods, both ways round and with themselves: method, other, ami, ari; order of appearance.

    `segments`: one Series a method, or the long frame (customer, method, segment) of an evaluation. Customers that
    a method leaves out are left out of its comparisons. Adjusted mutual information and adjusted Rand index: 1 the
    same partition, 0 no more alike than by chance. Where segments are of unequal size AMI is the one to read, where
    they are large and alike in size ARI (Romano, Vinh, Bailey & Verspoor, 2016, J. Machine Learning Research 17).

    Raises SegmentationError where two methods have no customer in common or one name.
    """
    methods = _methods(segments)
    names = list(methods)
    known = {}
    for i, name in enumerate(names):
        for other in names[: i + 1]:
            a, b = _common(methods[name], methods[other])
            known[name, other] = known[other, name] = (
                adjusted_mutual_information(a, b),
                adjusted_rand(contingency(a, b)),
            )
    rows = [(name, other, *known[name, other]) for name in names for other in names]
    return pd.DataFrame(rows, columns=["method", "other", "ami", "ari"])


def likeness(agreed: pd.DataFrame) -> pd.DataFrame:
    """The adjusted mutual information of `agreement` as a square, most alike methods side by side.

    The order is that of the leaves of an average linkage, turned so that neighbours are as alike as can be
    (Bar-Joseph, Gifford & Jaakkola, 2001, Bioinformatics 17).
    """
    square = agreed.pivot_table(index="method", columns="other", values="ami", sort=False)
    apart = np.clip(1 - square.to_numpy(), 0, None)
    np.fill_diagonal(apart, 0)
    order = leaves_list(linkage(squareform(apart, checks=False), "average", optimal_ordering=True))
    return square.iloc[order, order]


def flows(a: pd.Series, b: pd.Series) -> pd.DataFrame:
    """Customers in each segment of `a` and of `b`, for an alluvial figure: source, target, customers, share of all.

    In the order of the categories; pairs of segments without a customer are left out.
    """
    both = a.index.intersection(b.index, sort=False)
    if both.empty:
        raise SegmentationError(f"{a.name} and {b.name} have no customer in common.")
    pairs = pd.DataFrame({"source": a.loc[both].astype("category"), "target": b.loc[both].astype("category")})
    counted = pairs.groupby(["source", "target"], observed=True).size().reset_index(name="customers")
    counted = counted.astype({"source": str, "target": str})
    return counted.assign(share=counted["customers"] / counted["customers"].sum())


def _methods(segments: pd.DataFrame | Sequence[pd.Series]) -> dict[str, pd.Series]:
    if isinstance(segments, pd.DataFrame):
        grouped = segments.groupby("method", sort=False)
        return {str(name): part.set_index("customer")["segment"] for name, part in grouped}
    methods = {str(series.name): series for series in segments}
    if len(methods) < len(segments):
        raise SegmentationError("Two methods have one name; give each its own.")
    return methods


def _common(a: pd.Series, b: pd.Series) -> tuple[Codes, Codes]:
    if not a.index.equals(b.index):
        both = a.index.intersection(b.index, sort=False)
        if both.empty:
            raise SegmentationError(f"{a.name} and {b.name} have no customer in common.")
        a, b = a.loc[both], b.loc[both]
    return pd.factorize(a)[0], pd.factorize(b)[0]
