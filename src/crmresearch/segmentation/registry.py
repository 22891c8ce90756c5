"""Every method of the package for a customer table, in blocks of equal numbers of segments."""

from collections.abc import Sequence

from crmresearch.segmentation.contract import Segmenter
from crmresearch.segmentation.methods.abc_classes import Abc
from crmresearch.segmentation.methods.clusters import KCentroids, KMeans, Ward
from crmresearch.segmentation.methods.ladder import RelationshipLadder
from crmresearch.segmentation.methods.life_cycle import LifeCycle, LifeCycleAlive
from crmresearch.segmentation.methods.mixture import GaussianMixtureClusters
from crmresearch.segmentation.methods.portfolio import PortfolioMatrix
from crmresearch.segmentation.methods.quantiles import QuantileSegments
from crmresearch.segmentation.methods.rfm import RfmCells, RfmScore
from crmresearch.segmentation.methods.rfm_classes import RfmEight, RfmFour
from crmresearch.segmentation.methods.tree import OutcomeTree
from crmresearch.segmentation.methods.value_matrix import CurrentPotential

VALUE = ("expected_value", "p_alive")  # columns of a value model, which may be missing
FAMILIES: dict[type[Segmenter], str] = {
    **dict.fromkeys((RfmScore, RfmCells, RfmEight, RfmFour), "rfm"),
    **dict.fromkeys((Abc, QuantileSegments, CurrentPotential), "value"),
    **dict.fromkeys((LifeCycle, LifeCycleAlive, RelationshipLadder, PortfolioMatrix), "stage"),
    **dict.fromkeys((KMeans, KCentroids, Ward, GaussianMixtureClusters), "clusters"),
    OutcomeTree: "tree",
}


def every_method(sizes: Sequence[int] = (4, 8), seed: int = 0, value: bool = True) -> list[Segmenter]:
    """Rules with the number of segments they have, then every method that can have any, once for each of `sizes`.

    Without `value`, those that read the columns of a value model are left out. None is fitted.
    """
    rules: list[Segmenter] = [
        *(RfmEight("mean"), RfmEight("median"), RfmFour("mean"), RfmScore(), RfmCells(3), Abc()),
        *(LifeCycle(), LifeCycleAlive(), RelationshipLadder(), PortfolioMatrix()),
        *(CurrentPotential("expected_value"), CurrentPotential("expected_value", groups=3)),
        GaussianMixtureClusters(seed=seed),
    ]
    sized = [
        method
        for k in sizes
        for method in (
            *(QuantileSegments("monetary_total", k), QuantileSegments("expected_value", k)),
            *(KMeans(k, seed=seed), KCentroids(k, seed=seed), Ward(k, seed=seed)),
            *(GaussianMixtureClusters(k=k, seed=seed), OutcomeTree(k, seed=seed)),
        )
    ]
    return [method for method in [*rules, *sized] if value or not set(method.needs) & set(VALUE)]


def family(method: Segmenter) -> str:
    """Key of the family a method belongs to: rfm, value, stage, clusters, tree, or other for the user's own."""
    return FAMILIES.get(type(method), "other")
