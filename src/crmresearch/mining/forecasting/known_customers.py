"""What the customers known at an origin, and those to come, buy in each coming period by BG/NBD: points and paths."""

from dataclasses import dataclass, replace

import numpy as np

from crmresearch.errors import EstimationError
from crmresearch.mining.forecasting.forecasters import Floats, Foreseen, added
from crmresearch.mining.forecasting.periods import PurchaseSeries
from crmresearch.value.beta_geometric import BgNbdFit, fit_bg_nbd

PATHS = 200
LEARNINGS = 20  # draws of the parameters among them
MOST_CUSTOMERS = 20_000  # of whom paths are drawn one by one


@dataclass(frozen=True)
class Aggregate:
    """Purchases, revenue and active customers of the coming periods: of the `known` customers, and of the `newcomers`.

    `fit`: the purchase model; `arrivals` of new customers, None where the last quarter brought none.
    """

    fit: BgNbdFit
    known: dict[str, Foreseen]
    newcomers: dict[str, Foreseen]
    arrivals: Foreseen | None

    def all(self, quantity: str) -> Foreseen:
        """Known customers and newcomers together."""
        return added([self.known[quantity], self.newcomers[quantity]])


def aggregate(series: PurchaseSeries, horizon: int, rng: np.random.Generator, paths: int = PATHS) -> Aggregate:
    """BG/NBD fitted to what `series` knows, summed over customers for each of the `horizon` coming periods.

    Purchases are expected purchases (Fader, Hardie & Lee 2005, eq. 10), active customers the sum of P(one purchase or
    more in the period), revenue purchases times revenue a purchase in the last year known. New customers are no part
    of the model: in each period as many come as on average in the last quarter; what they buy is the first purchase,
    taken in the middle of a period, and what the model expects of a new customer after it. Paths draw parameters from
    their errors, then whether each customer is alive, the rate, the coins and the purchases, arrivals as in a period of
    the last quarter, and the revenue a purchase of a period of the last year. Raises EstimationError where BG/NBD
    cannot be fitted.
    """
    x, t_x, T = series.histories()
    fit = fit_bg_nbd(x, t_x, T)
    edges = np.diff(series.coming_bounds(horizon)).cumsum() / 7
    starts = np.concatenate([[0.0], edges[:-1]])
    (x_row, t_row, T_row), counts = fit.rows.columns, fit.rows.weights
    expected = [float(counts @ fit.expected_purchases(x_row, t_row, T_row, edge)) for edge in edges]
    purchases = np.diff([0.0, *expected])
    lengths = zip(starts, edges - starts, strict=True)
    active = np.array([counts @ fit.p_buys(x_row, t_row, T_row, after, length) for after, length in lengths])
    drawn = known_paths(fit, (x, t_x, T), edges, rng, paths)
    # so that the paths of a part of the customers go around what is expected of all
    drawn *= (np.array([purchases.sum(), active.sum()]) / drawn.mean(axis=1).sum(axis=1))[:, None, None]
    arrivals = _arrivals(series, horizon, rng, paths)
    new_points, new_paths = _newcomers(fit, arrivals, starts, edges, rng, paths)
    each, each_path = _spend(series, (paths, horizon), rng)
    known = {"purchases": Foreseen(purchases, drawn[0]), "active": Foreseen(active, drawn[1])}
    newcomers = {name: Foreseen(new_points[i], new_paths[i]) for i, name in enumerate(("purchases", "active"))}
    for part in (known, newcomers):
        bought = part["purchases"]
        part["revenue"] = Foreseen(bought.point * each, bought.paths * each_path)
    return Aggregate(fit, known, newcomers, arrivals)


def known_paths(
    fit: BgNbdFit, histories: tuple[Floats, Floats, Floats], edges: Floats, rng: np.random.Generator, paths: int
) -> Floats:
    """Purchases and active customers (2, paths, h) that end at `edges` (h,), weeks, of customers with these histories.

    Of more than `MOST_CUSTOMERS` they are of every so many-th in the order of the histories, not scaled up.
    """
    order = np.lexsort(histories)
    step = -(-len(order) // MOST_CUSTOMERS)
    x, t_x, T = (column[order[::step]] for column in histories)
    found = np.empty((2, paths, len(edges)))
    for path in range(paths):
        if path % (paths // LEARNINGS or 1) == 0:
            one = _parameters(fit, rng)
            (r, alpha, a, b), chance = one.parameters, one.p_alive(x, t_x, T)
        alive = np.flatnonzero(rng.random(len(x)) < chance)
        rate = rng.gamma(r + x[alive]) / (alpha + T[alive])
        bought = rng.poisson(np.minimum(rate * edges[-1], 1e6))
        buys = np.flatnonzero(bought)
        coins = rng.geometric(np.maximum(rng.beta(a, b + x[alive[buys]]), 1e-12))
        who = np.repeat(np.arange(len(buys)), bought[buys])
        time = rng.random(len(who)) * edges[-1]
        ordered = np.lexsort((time, who))
        turn = np.arange(len(who)) - np.repeat(np.cumsum(bought[buys]) - bought[buys], bought[buys])
        kept = turn < coins[who]
        place = np.searchsorted(edges, time[ordered][kept])
        again = np.zeros(len(place), dtype=bool)
        again[1:] = (np.diff(who[kept]) == 0) & (np.diff(place) == 0)
        found[0, path] = np.bincount(place, minlength=len(edges))
        found[1, path] = np.bincount(place[~again], minlength=len(edges))
    return found


def _parameters(fit: BgNbdFit, rng: np.random.Generator) -> BgNbdFit:
    """The fit with parameters drawn from their errors, on logarithms; as it is where these are not known."""
    values = np.array(fit.parameters)
    errors = fit.covariances / np.outer(values, values)
    if not (np.isfinite(errors).all() and errors.diagonal().max() < 1):
        return fit
    drawn = rng.multivariate_normal(np.log(values), errors, method="eigh")
    return replace(fit, parameters=type(fit.parameters)(*np.exp(drawn)))


def _arrivals(series: PurchaseSeries, horizon: int, rng: np.random.Generator, paths: int) -> Foreseen | None:
    """New customers in each coming period as on average in the last quarter; None of a closed group."""
    if series.closed_since is not None:
        return None
    new = series.total["new"].to_numpy(dtype=np.float64)[-(series.season // 4) :]
    return Foreseen(np.full(horizon, new.mean()), rng.choice(new, (paths, horizon)))


def _newcomers(
    fit: BgNbdFit, arrivals: Foreseen | None, starts: Floats, edges: Floats, rng: np.random.Generator, paths: int
) -> tuple[Floats, Floats]:
    """Purchases and active customers (2, h) of who is new in the coming periods, and paths (2, paths, h) of them."""
    h = len(edges)
    if arrivals is None:
        return np.zeros((2, h)), np.zeros((2, paths, h))
    middle = (starts + edges) / 2
    repeats, active = np.zeros((h, h)), np.eye(h)  # of who comes in the row, in the column
    for i in range(h):
        until = [fit.expected_purchases_of_new(edges[j] - middle[i]) for j in range(i, h)]
        repeats[i, i:] = np.diff([0.0, *until])
        for j in range(i + 1, h):
            active[i, j] = fit.p_buys(0, 0, 0, starts[j] - middle[i], edges[j] - starts[j])[0]
    come = arrivals.paths
    points = np.array([arrivals.point @ (np.eye(h) + repeats), arrivals.point @ active])
    later = active - np.eye(h)
    return points, np.array([come + rng.poisson(come @ repeats), come + rng.poisson(come @ later)], dtype=np.float64)


def _spend(series: PurchaseSeries, shape: tuple[int, int], rng: np.random.Generator) -> tuple[float, Floats]:
    """Revenue a purchase in the last year known, and drawn from the periods of that year."""
    year = series.total[-series.season :]
    bought = year[year["purchases"] > 0]
    if bought.empty:
        raise EstimationError("Nobody bought in the last year that is known.")
    mean = float(year["revenue"].sum() / year["purchases"].sum())
    of_period = (bought["revenue"] / bought["purchases"]).to_numpy()
    return mean, mean * rng.choice(of_period / of_period.mean(), size=shape)
