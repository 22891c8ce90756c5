"""What to beware of before a comparison of forecasts is believed: of the estimates, of the folds, of the losses."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from crmresearch.caution import SMALL_NUMBER, Caution, gravest_first
from crmresearch.sem.pls.algorithm import Floats
from crmresearch.sem.pls.prediction.plspredict import Prediction

TIMES_ARROWS = 10  # respondents an arrow into one construct; Barclay, Higgins & Thompson (1995), Technology Studies 2
UNITS = 3.0  # standard deviations of two items apart as much, and the mean of their squared errors is that of one


def comparison_cautions(
    first: Prediction, second: Prediction | None, compared: Sequence[tuple[str, str]], differences: Floats
) -> tuple[Caution, ...]:
    """The cautions of both models, and of the comparison of losses that differ by `differences` (n, m).

    `compared`: what the first model is held against, and the construct, of each of the m.

    few_learned_from: fewer than ten respondents an arrow are left to learn from. few_compared, not_compared: fewer than
    30 respondents, or none, have both losses. unpaired: respondents with a loss that the other lacks. units_differ:
    standard deviations of items differ by more than 3 times, so that the mean of their squared errors is that of one.
    answers_differ, weights_differ: two models are held against other answers of the same items, or other weights.
    """
    models = [first] if second is None else [first, second]
    found = [
        caution if second is None else replace(caution, quantity=f"{which}: {caution.quantity}")
        for which, one in zip(("first", "second"), models, strict=False)
        for caution in (*one.of_estimate, *one.cautions, *_of_folds(one), *_of_units(one))
    ]
    found += _of_rows(compared, differences)
    if second is not None:
        found += _of_both(first, second)
    return gravest_first(found)


def _of_folds(one: Prediction) -> Iterator[Caution]:
    rows = len(one.answers) - max(int(np.bincount(labels).max()) for labels in one.folds)
    needed = TIMES_ARROWS * one.specification.most_arrows
    if rows < needed:
        facts = {"rows": rows, "needed": needed, "arrows": one.specification.most_arrows}
        yield Caution("few_learned_from", "weak", "sample", facts)


def _of_units(one: Prediction) -> Iterator[Caution]:
    spread = np.nanstd(one.answers, axis=0)
    low, high = int(np.argmin(spread)), int(np.argmax(spread))
    if spread[high] > UNITS * spread[low]:
        facts = {"low": one.names[low], "high": one.names[high], "times": float(spread[high] / spread[low])}
        yield Caution("units_differ", "weak", "losses", facts)


def _of_rows(compared: Sequence[tuple[str, str]], differences: Floats) -> Iterator[Caution]:
    missing = np.isnan(differences).sum(axis=0).tolist()
    for (against, construct), lost in zip(compared, missing, strict=True):
        rows = len(differences) - lost
        about, facts = f"{construct} against {against}", {"construct": construct, "against": against, "rows": rows}
        if not rows:
            yield Caution("not_compared", "weak", about, facts)
        elif rows < SMALL_NUMBER:
            yield Caution("few_compared", "weak", about, facts)
        elif lost:
            yield Caution("unpaired", "note", about, {**facts, "count": lost})


def _of_both(first: Prediction, second: Prediction) -> Iterator[Caution]:
    there = {name: i for i, name in enumerate(second.names)}
    own = [name for name in first.names if name in there]
    answers = first.answers[:, [first.names.index(name) for name in own]]
    others = second.answers[:, [there[name] for name in own]]
    alike = np.isclose(answers, others, rtol=0, atol=1e-9, equal_nan=True)
    if items := [name for name, same in zip(own, alike.T, strict=True) if not same.all()]:
        yield Caution("answers_differ", "weak", "losses", {"items": ", ".join(items), "count": len(items)})
    if not np.allclose(first.weights, second.weights, rtol=1e-9):
        yield Caution("weights_differ", "weak", "losses", {})
