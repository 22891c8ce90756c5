"""What may be told of several theories beyond chance: who explains and foresees most, and whether the step stands."""

from dataclasses import dataclass, field

import pandas as pd

from crmresearch.ranks import verdict
from crmresearch.sem.theories.theory_comparison import AIMS, TheoryComparison
from crmresearch.sem.theories.theory_prediction import TheoryPrediction
from crmresearch.sem.theories.theory_reading import TheoryReading


@dataclass(frozen=True)
class Verdict:
    """One thing to be told of an aim: its `word`, the theories by the part they have in it, and its numbers."""

    word: str
    aim: str
    theories: dict[str, list[str]] = field(default_factory=dict)
    numbers: dict[str, float] = field(default_factory=dict)


def findings(found: TheoryComparison) -> list[Verdict]:
    """The four that a page leads with: who explains satisfaction, and loyalty, the step between them, the index."""
    return [*(explains(found, aim) for aim in AIMS), established(found), satisfaction_index(found)]


def explains(found: TheoryComparison, aim: str) -> Verdict:
    """Who explains an aim: `theory`, of the others `ranked` the `ties` not told apart from it, and those with `less`.

    The word, after explains_: nothing (nothing leads to the aim), alone (one theory), most (more than all others),
    tied_some or tied (not told apart from some, from any). Numbers: r_squared, ci_lower and ci_upper of `theory`.
    """
    alike, ranked = found.alike(aim), found.ranked(aim)
    if not ranked:
        return Verdict("explains_nothing", aim)
    ties, less = [t for t in ranked[1:] if t in alike], [t for t in ranked[1:] if t not in alike]
    word = "alone" if len(ranked) == 1 else "most" if not ties else "tied_some" if less else "tied"
    row = found.explained.query("aim == @aim").set_index("theory").loc[ranked[0]]
    numbers = row[["r_squared", "ci_lower", "ci_upper"]].to_dict()
    return Verdict(f"explains_{word}", aim, {"theory": ranked[:1], "ties": ties, "less": less}, numbers)


def measured_otherwise(found: TheoryComparison) -> dict[str, list[str]]:
    """By aim the theories that explain it but measure it by other items than those `ranked`; no aim without any."""
    rows = found.explained.query("reason == ''")
    others = {aim: [t for t in rows.loc[rows["aim"] == aim, "theory"] if t not in found.ranked(aim)] for aim in AIMS}
    return {aim: theories for aim, theories in others.items() if theories}


def established(found: TheoryComparison) -> Verdict:
    """Whether satisfaction leads to loyalty, by the total effects of PLS: in all theories with a route, some or none.

    A theory establishes it where the interval lies above zero; the others are `unclear`. The word: step_all, step_some,
    step_none, step_nowhere without a route. Numbers: `spread`.
    """
    rows = found.steps.query("effect == 'total' and estimator == 'pls' and reason == ''")
    unclear = list(rows.loc[~(rows["ci_lower"] > 0), "theory"])
    word = "nowhere" if rows.empty else "all" if not unclear else "some" if len(unclear) < len(rows) else "none"
    return Verdict(f"step_{word}", "loyalty", {"unclear": unclear}, spread(rows))


def satisfaction_index(found: TheoryComparison) -> Verdict:
    """How high the index of satisfaction is in the theories that give one; numbers: `spread`.

    The word: index_none, index_one, index_range.
    """
    rows = found.indices.query("aim == 'satisfaction'").dropna(subset="estimate")
    word = "none" if rows.empty else "one" if len(rows) == 1 else "range"
    return Verdict(f"index_{word}", "satisfaction", {}, spread(rows))


def choices(reading: TheoryReading) -> list[Verdict]:
    """Of every aim that two theories or more explain the `theory` to take, with its `paths`.

    The word: take (it explains more than all others), smallest (of those alike), none where no such PLS can be read.
    """
    told, paths = [], reading.comparison.sizes.set_index("theory")["paths"]
    for aim in (aim for aim in AIMS if len(reading.comparison.ranked(aim)) > 1):
        chosen = reading.smallest(aim)
        word = "none" if chosen is None else "take" if len(reading.comparison.alike(aim)) == 1 else "smallest"
        taken = {} if chosen is None else {"theory": [chosen]}
        told.append(Verdict(word, aim, taken, {"paths": paths[chosen]} if chosen else {}))
    return told


def foresees(found: TheoryPrediction) -> list[Verdict]:
    """Which theories foresee each aim better than others or than a linear model: only what is beyond chance.

    The words: foresees_best (better than those with `less`), foresees_among (so are its `ties`), linear_beaten (the
    `theories` better than a linear model, `count`), linear_better (the model is better than these).
    """
    told = []
    for aim in AIMS:
        if less := found.less(aim):
            first, *ties = found.alike(aim)
            word = f"foresees_{'among' if ties else 'best'}"
            told.append(Verdict(word, aim, {"theory": [first], "less": less, "ties": ties}))
        rows = found.foreseen.query("aim == @aim").groupby("linear")["theory"].agg(list)
        for word, shown in (("linear_beaten", "wins"), ("linear_better", "loses")):
            if theories := rows.get(shown):
                told.append(Verdict(word, aim, {"theories": theories}, {"count": len(theories)}))
    return told


def told_apart(differences: pd.DataFrame, better: int = 1) -> pd.DataFrame:
    """Differences of pairs with `told`, whether the first wins, loses or ties: is `better` (1 above zero, −1 below)."""
    ends = differences[["ci_lower", "ci_upper"][::better]] * better
    return differences.assign(told=[verdict(*row) for row in ends.itertuples(index=False)])


def ranges(steps: pd.DataFrame) -> dict[str, Verdict]:
    """By dataset how far the direct path by PLS differs between theories, of `steps_everywhere`; numbers: `spread`.

    The word: one where all are alike to two decimals, else range.
    """
    found = {}
    for dataset, rows in steps.query("estimator == 'pls'").round({"estimate": 2}).groupby("dataset", sort=False):
        numbers = spread(rows)
        word = "one" if numbers["low"] == numbers["high"] else "range"
        found[str(dataset)] = Verdict(word, "loyalty", numbers=numbers)
    return found


def spread(rows: pd.DataFrame) -> dict[str, float]:
    """The lowest and highest estimate, and how many there are: low, high, count."""
    return {"low": rows["estimate"].min(), "high": rows["estimate"].max(), "count": len(rows)}
