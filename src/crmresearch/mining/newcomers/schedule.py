"""Which customers may teach a forecast of newcomers, which may test it, and what is said where none can.

A customer who came on day a is scored on day a + d, when the first d days are over; what the horizon of h days brought
is known on day a + d + h. A model tested out of time may know nothing that happened after the scoring day of anybody it
is tested on: whoever teaches has an outcome that ended by then.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from crmresearch.caution import Caution
from crmresearch.mining.newcomers.newcomers import as_day

LEAST = 100  # customers, of those who teach and of those who test
SHARE = 0.15  # of all newcomers, the same, where the horizon is looked for
WEEK = 7
Days = NDArray[np.int64]


@dataclass(frozen=True)
class Trial:
    """Who teaches and who tests.

    `later`: `teaches` came earlier, their outcomes are over on day `cut`, on or after which those of `tests` are
    scored. `crossed`: one and the same customers, each foretold by the others, which is not out of time. Both (n,).
    """

    kind: Literal["later", "crossed"]
    horizon: int
    teaches: NDArray[np.bool_]
    tests: NDArray[np.bool_]
    cut: int | None = None

    @property
    def facts(self) -> dict[str, Any]:
        """horizon (days), learned and tested (customers), cut (date; None of `crossed`)."""
        cut = None if self.cut is None else as_day(self.cut)
        learned, tested = int(self.teaches.sum()), int(self.tests.sum())
        return {"horizon": self.horizon, "learned": learned, "tested": tested, "cut": cut}


def trials(came: Days, until: int, days: int, horizon: int) -> tuple[list[Trial], list[Caution]]:
    """The trials that these customers allow, that of the longest horizon first, and what is to be said of them.

    `came` (n,): first purchase days; `until`: the last day that is known. Out of time at the `horizon` asked for, where
    `LEAST` can teach and test; else among customers of the same time, where twice as many have lived through it, and
    beside it out of time at the longest horizon, in whole weeks, for which `SHARE` of all newcomers can teach and test.
    Where neither can be, the longest horizon that half of the customers have lived through is tested among them; where
    that cannot be either there is no trial. Cautions: not_out_of_time (`horizon`), shorter (`horizon`, `asked`),
    no_trial (`customers`, `needed`).

    >>> kinds = lambda came, until: [(t.kind, t.horizon) for t in trials(np.array(came), until, 30, 365)[0]]
    >>> kinds(np.repeat(np.arange(1000), 2), 1400), kinds(np.repeat(np.arange(85), 9), 540), kinds(np.arange(9), 999)
    ([('later', 365)], [('crossed', 365), ('later', 56)], [])
    """
    n = len(came)
    asked = out_of_time(came, until, days, horizon, LEAST)
    if asked is not None:
        return [asked], []
    needed = max(LEAST, int(np.ceil(SHARE * n)))
    lived = came + days + horizon <= until
    found, cautions = [], []
    if lived.sum() >= 2 * LEAST:
        found.append(Trial("crossed", horizon, lived, lived))
        cautions.append(Caution("not_out_of_time", "weak", "", {"horizon": horizon}))
    weeks = range((horizon - 1) // WEEK * WEEK, 0, -WEEK)
    shorter = next((one for h in weeks if (one := out_of_time(came, until, days, h, needed))), None)
    if shorter is not None:
        found.append(shorter)
        if len(found) == 1:
            cautions.append(Caution("shorter", "weak", "", {"horizon": shorter.horizon, "asked": horizon}))
    elif not found and (h := next((h for h in weeks if (came + days + h <= until).sum() >= max(2 * LEAST, n / 2)), 0)):
        lived = came + days + h <= until
        found.append(Trial("crossed", h, lived, lived))
        cautions.append(Caution("shorter", "weak", "", {"horizon": h, "asked": horizon}))
        cautions.append(Caution("not_out_of_time", "weak", "", {"horizon": h}))
    if not found:
        cautions.append(Caution("no_trial", "unidentified", "", {"customers": n, "needed": 2 * LEAST}))
    return found, cautions


def out_of_time(came: Days, until: int, days: int, horizon: int, least: int) -> Trial | None:
    """The cut by which twice as many teach as test, as nearly as the days allow; None where fewer than `least` would.

    Those who teach have an outcome that ends by the cut, those who test are scored on it or later and have lived
    through their horizon by `until`.
    """
    over, scored = np.sort(came + days + horizon), came + days
    testable = np.sort(scored[scored + horizon <= until])
    cuts = np.unique(testable)
    teach = np.searchsorted(over, cuts, side="right")
    test = len(testable) - np.searchsorted(testable, cuts, side="left")
    balance = np.where((teach >= least) & (test >= least), np.minimum(teach, 2 * test), -1)
    if not len(cuts) or balance.max() < 0:
        return None
    cut = int(cuts[balance.argmax()])
    tests = (scored >= cut) & (scored + horizon <= until)
    return Trial("later", horizon, scored + horizon <= cut, tests, cut)


def today(came: Days, until: int, days: int, horizon: int) -> NDArray[np.bool_]:
    """Who is to be scored now (n,): the first days are over, the horizon is not."""
    return (came + days <= until) & (came + days + horizon > until)
