"""How early a warner would have warned: share of lost customers warned against weeks before silence makes it plain.

As in activity monitoring (Fawcett & Provost 1999, Proceedings of KDD, 53–62: timeliness at a given rate of false
alarms), every customer is looked at once a week since the last purchase before the cut-off, with the warners as they
were at the cut-off, until the next purchase or until the silence reaches the horizon: then everybody sees it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmresearch.mining.churn.churn import Warned
from crmresearch.mining.churn.warners import Floats, at_silence, named
from crmresearch.ranks import highest
from crmresearch.resampling import bootstrap_counts, sampled

WEEK = 7
MOST = 20_000  # customers that are looked at week by week; of more, so many are drawn


@dataclass(frozen=True)
class LeadTimes:
    """Warnings at one rate of false alarms.

    `curve`: warner, weeks (before the silence reaches the horizon), share (of the lost customers warned by then),
    ci_lower, ci_upper. `summary`: warner, threshold (of the score), false_alarms, warned (share of the lost ever
    warned) with warned_lower and warned_upper, lead (mean weeks before the end, 0 for who is never warned) with
    ci_lower and ci_upper. `draws` (k, B) of the leads in paired resamples, by which `alike` names the warners not told
    apart from the best, the simplest first.
    """

    curve: pd.DataFrame
    summary: pd.DataFrame
    draws: Floats
    false_alarm_rate: float

    @property
    def alike(self) -> list[str]:
        """The warners whose mean lead is not told apart from the longest."""
        kept = highest(self.summary["lead"].to_numpy(dtype=float), self.draws)
        return named([str(name) for name in self.summary["warner"][kept]])

    @property
    def ranked(self) -> pd.DataFrame:
        """The summary, the longest mean lead first."""
        return self.summary.sort_values("lead", ascending=False, kind="stable")

    @property
    def never(self) -> list[str]:
        """The warners that at this rate of false alarms warn of nobody who was lost."""
        return [str(name) for name in self.summary["warner"][self.summary["warned"] == 0]]


def lead_times(
    warned: Warned, horizon: int, false_alarm_rate: float = 0.1, resamples: int = 100, seed: int = 0
) -> LeadTimes:
    """How many weeks before the end of the silence each warner would have warned, at the same rate of false alarms.

    Lost are customers at risk at the cut-off who bought nothing in the horizon after it. Of each customer the silence
    begins with the last purchase before the cut-off. A warner warns at the first weekly look at which its score passes
    a threshold: the lowest at which at most `false_alarm_rate` of the customers who did come back would have been
    warned before they did. The end is the day on which the silence reaches the horizon. Only customers silent at the
    cut-off are in it, so that short silences count for less than there are of them. Of more than 20,000 customers so
    many are drawn with the seed. Intervals are percentiles of
    resamples of the customers, each with its own threshold; the warners are held as they were learned.
    """
    assert warned.churned is not None
    assert warned.back is not None
    some = sampled(len(warned.customers), MOST, seed)
    customers, lost = warned.customers.iloc[some], warned.churned.to_numpy(dtype=float)[some] == 1
    looks = WEEK * np.arange(horizon // WEEK + 1)
    last = pd.Timestamp(warned.cutoff) - pd.to_timedelta(customers["recency"], unit="D")
    silent = ((pd.to_datetime(warned.back.iloc[some]) - last).dt.days).to_numpy(dtype=float)  # missing for the lost
    paths = np.stack([warned.warners.scores(at_silence(customers, float(u))).to_numpy().T for u in looks], axis=2)
    highest_yet = np.maximum.accumulate(paths, axis=2)  # (k, n, looks)
    seen = np.maximum(np.searchsorted(looks, np.where(lost, np.inf, silent)) - 1, 0)  # last look before coming back
    alarm = np.take_along_axis(highest_yet[:, ~lost], seen[~lost][None, :, None], axis=2)[:, :, 0]
    sooner = highest_yet[:, lost]
    names, weeks = list(map(str, warned.scores)), (horizon - looks) / WEEK

    def warned_by(counts: Floats) -> tuple[Floats, Floats]:
        """Thresholds (k,) and shares (k, looks) of the lost who are warned, in a sample."""
        came, gone = counts[~lost], counts[lost]
        thresholds = np.array([_threshold(scores, came, false_alarm_rate) for scores in alarm])
        return thresholds, ((sooner > thresholds[:, None, None]) * gone[None, :, None]).sum(axis=1) / gone.sum()

    thresholds, shares = warned_by(np.ones(len(lost)))
    drawn = np.array([
        warned_by(row)[1] for part in bootstrap_counts(len(lost), resamples, seed) for row in part
        if row[lost].sum() and row[~lost].sum()
    ])  # fmt: skip
    leads, lead_draws = (np.diff(part, axis=-1, prepend=0.0) @ weeks for part in (shares, drawn))
    lower, upper = np.quantile(drawn, [0.025, 0.975], axis=0)
    curve = pd.DataFrame(
        {
            "warner": np.repeat(names, len(looks)),
            "weeks": np.tile(weeks, len(names)),
            "share": shares.ravel(),
            "ci_lower": lower.ravel(),
            "ci_upper": upper.ravel(),
        }
    )
    ends = np.quantile(lead_draws, [0.025, 0.975], axis=0)
    summary = pd.DataFrame({"warner": names, "threshold": thresholds})
    summary = summary.assign(false_alarms=(alarm > thresholds[:, None]).mean(axis=1), warned=shares[:, -1], lead=leads)
    summary = summary.assign(warned_lower=lower[:, -1], warned_upper=upper[:, -1], ci_lower=ends[0], ci_upper=ends[1])
    return LeadTimes(curve, summary, lead_draws.T, false_alarm_rate)


def _threshold(scores: Floats, counts: Floats, rate: float) -> float:
    """The lowest score that at most `rate` of the customers, each so many times, pass."""
    order = np.argsort(scores, kind="stable")
    above = counts.sum() - np.cumsum(counts[order])
    return float(scores[order][np.argmax(above <= rate * counts.sum())])
