"""Association rules: what is bought with what, counted exactly for up to three items, and told apart from chance."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.stats import hypergeom

from crmresearch.errors import ParameterError
from crmresearch.mining.baskets.baskets import Baskets
from crmresearch.mining.baskets.cooccurrence import together
from crmresearch.mining.baskets.false_discovery import Control, false_discovery

FEWEST = 5  # baskets that must hold a set, however low the support asked for
FEWEST_BASKETS = 50  # below which nothing is looked for
AND = " + "
MOST_TRIPLES = 100_000  # sets of three that are tested; of more none is
Places = NDArray[np.intp]


@dataclass(frozen=True)
class Associations:
    """Rules found in `baskets`, each of one or two items and what is bought with them.

    `rules`: a row a rule whose items are in `least` baskets or more: antecedent, consequent (names), first, second,
    third (places of the two items of the antecedent, second −1 where it is one, and of the consequent), baskets (that
    hold all), support, confidence, lift, leverage, conviction, expected (baskets by chance, given their sizes), beyond
    (baskets over expected), design (where p is small, the factor by which orders of the same customers make counts vary
    more), p, p_adjusted (for the false discovery rate over all `tests`) and told (at most `level`). `pairs`,
    `triples`: how many of the tests are of a pair, and of a rule of three. `fisher`: pairs that Fisher's exact test,
    which knows no basket sizes and no customers, would claim at the same rate. `frequent`: sets of one to three items
    in `least` baskets. `too_many`: whether rules of three were left out because there are too many.
    """

    baskets: Baskets
    rules: pd.DataFrame
    frequent: pd.DataFrame
    least: int
    level: float
    pairs: int
    triples: int
    fisher: int
    too_many: bool

    @property
    def tests(self) -> int:
        """Number of hypotheses tested."""
        return self.pairs + self.triples

    @property
    def told(self) -> pd.DataFrame:
        """The rules beyond chance, surest and then strongest first."""
        return self.rules[self.rules["told"]]

    @property
    def told_pairs(self) -> pd.DataFrame:
        """The pairs beyond chance, each once, in the direction of the higher confidence."""
        pairs = self.told[self.told["second"] < 0]
        ends = pairs[["first", "third"]].to_numpy()
        key = pd.Series(map(tuple, np.sort(ends, axis=1)), index=pairs.index, dtype=object)
        order = pairs.assign(key=key).sort_values("confidence", ascending=False, kind="stable")
        return pairs.loc[order.drop_duplicates("key").index.sort_values()]

    @property
    def told_triples(self) -> pd.DataFrame:
        """The rules of three beyond chance, surest first."""
        return self.told[self.told["second"] >= 0]

    @property
    def apparent(self) -> pd.DataFrame:
        """Pairs of a lift above 1 that are not told apart from chance, each once, the highest first."""
        chance = self.rules.query("second < 0 and not told and lift > 1 and first < third")
        return chance.sort_values("lift", ascending=False, kind="stable")

    @property
    def measures(self) -> pd.DataFrame:
        """All rules, told or not, with all measures, items by name only."""
        return self.rules.drop(columns=["first", "second", "third"])


def association_rules(
    baskets: Baskets,
    min_support: float = 0.01,
    level: float = 0.05,
    *,
    triples: bool = True,
    control: Control = "yekutieli",
) -> Associations:
    """The rules of `baskets` whose items are together in a share of `min_support` of them or more.

    Tested are all pairs of items that are frequent, whether or not they are together often enough to be a rule, and all
    rules {a, b} → c of three items of which each two are frequent: that c goes with b among the baskets with a, and
    with a among those with b, both beyond chance (a rule that adds nothing to a shorter one is none; Webb 2007, Machine
    Learning 68, 1–33); its p is the larger. p is that of `together`; `control` says how the false discovery rate is
    kept: over all pairs at half of `level` and over all rules of three at the other half, for these are many more
    (layered: Webb 2008, Machine Learning 71, 307–323), at the whole where rules of three are not looked for. All sets
    are counted, by products of the sparse matrix; checked against brute force.

    Raises ParameterError for shares that are none, fewer than 50 baskets, or where all baskets hold one item.
    """
    if not 0 < min_support < 1 or not 0 < level < 1:
        raise ParameterError(f"`min_support` and `level` lie between 0 and 1; they are {min_support} and {level}.")
    n, counts = baskets.matrix.shape[0], baskets.counts
    what = f"baskets by {baskets.by} of {'products' if baskets.of == 'product' else 'categories'}"
    if n < FEWEST_BASKETS:
        raise ParameterError(f"There are {n} {what}; below {FEWEST_BASKETS} nothing is told apart from chance.")
    if (baskets.sizes < 2).all():
        raise ParameterError(f"Every one of the {n:,} {what} holds one item only: nothing was bought together.")
    least = max(FEWEST, int(np.ceil(min_support * n - 1e-9)))
    frequent = np.flatnonzero(counts >= least)
    a, b, count = _pairs(baskets.matrix, frequent, least)
    tested = together(baskets, a, b, count)
    fisher = hypergeom.sf(count - 1, n, counts[a], counts[b])
    pairs = len(frequent) * (len(frequent) - 1) // 2
    found = [_frame(a, -1, b, tested), _frame(b, -1, a, tested)]
    sets = [(frequent, None, None, counts[frequent]), (a, b, None, count)]
    of_three, number, too_many = _rules_of_three(baskets, a, b, least) if triples else (_no_rules(), 0, False)
    table = pd.concat([*found, of_three], ignore_index=True)
    # a pair is one test and two rules; each kind of rule has half of the rate
    kinds = 2 if number else 1
    of_pairs = false_discovery(tested.p, pairs, control)
    p_three = false_discovery(of_three["p"].to_numpy(float), number, control)
    table["p_adjusted"] = np.minimum(kinds * np.r_[of_pairs, of_pairs, p_three], 1)
    if len(of_three):
        whole = of_three.drop_duplicates("key")
        sets.append((whole["a"].to_numpy(), whole["b"].to_numpy(), whole["c"].to_numpy(), whole["count"].to_numpy()))
    return Associations(
        baskets, _measured(baskets, table, level, (a, b, count)), _sets(baskets, sets), least, level, pairs, number,
        int((kinds * false_discovery(fisher, pairs, control) <= level).sum()), too_many,
    )  # fmt: skip


def _pairs(matrix: sparse.csr_matrix, items: Places, least: int) -> tuple[Places, Places, Any]:
    """Pairs of `items` in at least `least` baskets: the places of both, and the number of baskets."""
    part = matrix[:, items].astype(np.int32)
    upper = sparse.triu(part.T @ part, k=1, format="coo")
    kept = upper.data >= least
    a, b, count = items[upper.row[kept]], items[upper.col[kept]], upper.data[kept].astype(float)
    order = np.lexsort([b, a])
    return a[order], b[order], count[order]


def _frame(first: Places, second: int, third: Places, tested: Any) -> pd.DataFrame:
    return pd.DataFrame(
        {"first": first, "second": second, "third": third, "count": tested.count, "expected": tested.expected,
         "design": tested.design, "p": tested.p}
    )  # fmt: skip


def _no_rules() -> pd.DataFrame:
    return pd.DataFrame({name: np.empty(0) for name in ("first", "second", "third", "count", "expected", "design", "p",
                                                        "key", "a", "b", "c")})  # fmt: skip


def _rules_of_three(baskets: Baskets, a: Places, b: Places, least: int) -> tuple[pd.DataFrame, int, bool]:
    """Rules {x, y} → z of three items whose pairs are all among those given, their number, and whether too many."""
    m = len(baskets.items)
    linked = sparse.csr_matrix((np.ones(len(a), dtype=np.int64), (a, b)), shape=(m, m))
    triangles = (linked @ linked).multiply(linked)
    number = int(triangles.sum())
    if number > MOST_TRIPLES or not number:
        return _no_rules(), 0, number > MOST_TRIPLES
    both_ways = (linked + linked.T).tocsr()
    tables = []
    for given in np.unique(np.r_[a, b]):
        partners = np.sort(both_ways[[given]].indices).astype(np.intp)
        inside = baskets.holding(int(given))
        y, z, count = _pairs(inside.matrix, partners, least)
        closed = np.asarray(linked[y, z]).ravel() > 0 if len(y) else np.zeros(0, dtype=bool)
        y, z, count = y[closed], z[closed], count[closed]
        if not len(y):
            continue
        tested = together(inside, y, z, count)
        tables.append(
            pd.DataFrame({"given": given, "y": y, "z": z, "count": count, "expected": tested.expected,
                          "design": tested.design, "p": tested.p})
        )  # fmt: skip
    if not tables:
        return _no_rules(), 3 * number, False
    within = pd.concat(tables, ignore_index=True)
    sets = np.sort(within[["given", "y", "z"]].to_numpy(), axis=1)
    within["key"] = (sets[:, 0] * m + sets[:, 1]) * m + sets[:, 2]
    within[["a", "b", "c"]] = sets
    rows = []
    for third in ("a", "b", "c"):
        shorter = within[within["given"] != within[third]]  # given one of the other two
        worst = shorter.sort_values(["key", "p"], kind="stable").groupby("key").tail(1)
        least_beyond = shorter.groupby("key")["expected"].max()
        first, second = [name for name in ("a", "b", "c") if name != third]
        rows.append(worst.assign(first=worst[first], second=worst[second], third=worst[third],
                                 expected=worst["key"].map(least_beyond)))  # fmt: skip
    return pd.concat(rows, ignore_index=True)[_no_rules().columns], 3 * number, False


def _measured(baskets: Baskets, table: pd.DataFrame, level: float, pairs: tuple[Places, Places, Any]) -> pd.DataFrame:
    """Support, confidence, lift and the rest of every rule, those told first; `pairs` with their count."""
    n, counts, names = baskets.matrix.shape[0], baskets.counts, baskets.items.to_numpy()
    first, second, third = (table[name].to_numpy(dtype=np.intp) for name in ("first", "second", "third"))
    together_ = table["count"].to_numpy(dtype=float)
    antecedent = counts[first].astype(float)
    two = second >= 0
    known = pairs[0] * len(names) + pairs[1]  # ascending
    antecedent[two] = pairs[2][np.searchsorted(known, first[two] * len(names) + second[two])]
    share = counts[third] / n
    confidence = together_ / antecedent
    with np.errstate(divide="ignore"):
        conviction = (1 - share) / (1 - confidence)
    said = [AND.join((names[i], names[j])) if j >= 0 else names[i] for i, j in zip(first, second, strict=True)]
    rules = pd.DataFrame(
        {"antecedent": said, "consequent": names[third] if len(third) else np.empty(0, dtype=object), "first": first,
         "second": second, "third": third, "baskets": together_.astype(int), "support": together_ / n,
         "confidence": confidence, "lift": confidence / share, "leverage": together_ / n - antecedent / n * share,
         "conviction": conviction, "expected": table["expected"].to_numpy(float),
         "beyond": together_ / np.maximum(table["expected"].to_numpy(float), 1e-12),
         "design": table["design"].to_numpy(float), "p": table["p"].to_numpy(float),
         "p_adjusted": table["p_adjusted"].to_numpy(float)}
    )  # fmt: skip
    rules["told"] = rules["p_adjusted"] <= level
    order = ["told", "p_adjusted", "beyond", "antecedent", "consequent"]
    return rules.sort_values(order, ascending=[False, True, False, True, True], kind="stable", ignore_index=True)


def _sets(baskets: Baskets, sets: list[Any]) -> pd.DataFrame:
    """Frequent sets: items (names), size, baskets, support; largest support first."""
    names, tables = baskets.items.to_numpy(), []
    for *places, count in sets:
        parts = [names[np.asarray(place, dtype=np.intp)] for place in places if place is not None]
        joined = [AND.join(part) for part in zip(*parts, strict=True)]
        tables.append(pd.DataFrame({"items": joined, "size": len(parts), "baskets": np.asarray(count, dtype=int)}))
    table = pd.concat(tables, ignore_index=True)
    table["support"] = table["baskets"] / baskets.matrix.shape[0]
    return table.sort_values(["baskets", "size", "items"], ascending=[False, True, True], ignore_index=True)
