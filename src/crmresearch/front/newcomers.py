"""New customers from the front door: prospects, the second purchase and retention, of transactions or of a frame."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from crmresearch.data.transactions.transactions import Transactions
from crmresearch.front.customers import as_transactions
from crmresearch.mining.newcomers import conversion as second
from crmresearch.mining.newcomers import prospects as scored
from crmresearch.mining.newcomers import retention as stay
from crmresearch.mining.newcomers.conversion import Conversion
from crmresearch.mining.newcomers.prospects import Prospects
from crmresearch.mining.newcomers.retention import Retention

__all__ = ["conversion", "prospects", "retention"]


def prospects(
    purchases: pd.DataFrame | Transactions,
    days: int = 30,
    horizon: int = 365,
    *,
    quiet_days: int = 0,
    margin: float | Mapping[str, float] = 1.0,
    folds: int = 5,
    resamples: int = 200,
    seed: int = 0,
    **columns: Any,
) -> Prospects:
    """New customers scored after their first `days` days for what they spend in the `horizon` days after.

    `purchases`: loaded transactions, or a frame with a line a purchase, whose `columns` are named as in
    `customer_table` (customer, time, amount, category, attributes, last_day, …). `.customers` has a row a new customer
    of today, most expected first: expected spend in the currency, worth (expected × `margin`, one number or by
    category), the chance to buy again, and the features that speak for it. `.trials` has how right each forecast was:
    out of time, learned from those whose horizon was over when the others were scored; where the data do not allow it,
    among customers of the same time in `folds` parts, and beside it out of time at the longest horizon they allow.
    `.signs` has a row a feature. One forecast leads beyond chance only, by `resamples` of the tested customers drawn
    with `seed`: everybody's mean, a step function of the spend so far, BG/NBD × Gamma–Gamma, a two-part regression,
    boosted trees; of those not told apart the simplest. Customers first seen in the first `quiet_days` days of the data
    are left out, for they may have bought before. `.cautions`: what to beware of.

    Sources: Fader, Hardie & Lee (2005), Marketing Science 24, 275–284; Duan, Manning, Morris & Newhouse (1983), Journal
    of Business & Economic Statistics 1, 115–126; Hsu (1981), Annals of Statistics 9, 1026–1034. Checked by planted
    truths: found and calibrated where first baskets tell, not claimed where they do not, and unchanged by whatever is
    bought after the scoring day.

    Raises ParameterError for impossible days, folds or resamples, DataError where there are no new customers.

    >>> import numpy as np, pandas as pd, crmresearch as crm
    >>> rng, n = np.random.default_rng(1), 900
    >>> size, came = rng.lognormal(3, 0.5, n), rng.integers(0, 300, n)
    >>> lines = pd.DataFrame({"customer": np.arange(n), "day": came, "amount": size})
    >>> again = lines[rng.random(n) < 0.5].assign(day=lambda one: one["day"] + rng.integers(31, 90, len(one)))
    >>> lines = pd.concat([lines, again], ignore_index=True)
    >>> lines["time"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(lines["day"], unit="D")
    >>> found = crm.prospects(lines, horizon=60, resamples=20, last_day="2021-01-31")
    >>> found.trials[0].trial.kind, found.trials[0].lead is not None, list(found.customers)[5:7]
    ('later', True, ['expected', 'worth'])
    """
    with as_transactions(purchases, **columns) as lines:
        return scored.prospects(
            lines, days, horizon, quiet_days=quiet_days, margin=margin, folds=folds, resamples=resamples, seed=seed
        )


def conversion(
    purchases: pd.DataFrame | Transactions,
    *,
    quiet_days: int = 0,
    limit: int = 365,
    most: float = 0.5,
    **columns: Any,
) -> Conversion:
    """The share of new customers who buy a second time by the days since the first purchase, and when to remind them.

    `purchases` and `columns`: as of `prospects`. `.shares` has a row a number of days up to `limit`: converted,
    ci_lower, ci_upper; `.weeks` a row a week: the hazard of those who have not bought again; `.groups` and `.tests`
    whether first baskets, months and attributes differ (log-rank, Holm); `.remind` is the day by which the share `most`
    of those who convert have done so. Who has not bought again by the last day of the data is watched until then.
    Customers first seen in the first `quiet_days` days of the data are left out.

    Sources: Kaplan & Meier (1958), Journal of the American Statistical Association 53, 457–481; Mantel (1966), Cancer
    Chemotherapy Reports 50, 163–170. Checked against the published remission times of leukaemia and by hand.

    Raises ParameterError for impossible days or shares, DataError where there is nobody to watch.

    >>> import crmresearch as crm
    >>> found = crm.conversion(crm.load_transactions("cdnow"))
    >>> found.shares[["days", "converted"]].round(3).values.tolist()[-1], found.remind
    ([365.0, 0.459], 50)
    """
    with as_transactions(purchases, **columns) as lines:
        return second.conversion(lines, quiet_days=quiet_days, limit=limit, most=most)


def retention(
    purchases: pd.DataFrame | Transactions, *, silence: int = 0, quiet_days: int = 0, **columns: Any
) -> Retention:
    """How long new customers stay: the share not silent yet for more than `silence` days, by months since they came.

    `purchases` and `columns`: as of `prospects`. `silence` 0: longer than nine in ten of those who bought again ever
    paused, or one and a half periods where customers pay in the rhythm of a contract. `.months` has a row a month:
    survival, ci_lower, ci_upper, and the model's share that has not left for good; `.groups` and `.tests` whether first
    baskets, months and attributes differ; `.returned` is the share of those lapsed who bought again. Everybody is
    watched until `silence` days before the data end. Customers first seen in the first `quiet_days` days of the data
    are left out.

    Sources: Kaplan & Meier (1958), Journal of the American Statistical Association 53, 457–481; Batislam, Denizel &
    Filiztekin (2007), International Journal of Research in Marketing 24, 201–209; Fader & Hardie (2007), Journal of
    Interactive Marketing 21, 76–90. Checked by hand and by customers simulated from the models.

    Raises ParameterError for impossible days, DataError where there is nobody to watch.

    >>> import crmresearch as crm
    >>> found = crm.retention(crm.load_transactions("cdnow"), silence=180)
    >>> bool(found.months["survival"].is_monotonic_decreasing), round(found.returned, 2)
    (True, 0.23)
    """
    with as_transactions(purchases, **columns) as lines:
        return stay.retention(lines, silence=silence, quiet_days=quiet_days)
