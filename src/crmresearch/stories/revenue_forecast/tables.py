"""The reader's tables of a forecast: names instead of keys, and only the columns a reader needs."""

import pandas as pd

from crmresearch.mining.periods import QUANTITIES
from crmresearch.stories.revenue_forecast.story import RevenueForecastStory

ENDS = ["interval_80_lower", "interval_80_upper", "interval_95_lower", "interval_95_upper"]


def _named(story: RevenueForecastStory, frame: pd.DataFrame) -> pd.DataFrame:
    return story.named(frame, quantity="quantity", method=story.method_cell)


def plan(story: RevenueForecastStory) -> pd.DataFrame:
    """What to plan with over the horizon, a row a quantity."""
    rows = story.plan.loc[["revenue", "purchases", "active"]].reset_index()
    return _named(story, rows)[["quantity", "method", "estimate", *ENDS, "by_record"]]


def coming(story: RevenueForecastStory) -> pd.DataFrame:
    """Every method's forecast of the horizon."""
    assert story.forecast is not None
    return _named(story, story.forecast.coming_sums)[["quantity", "method", "estimate", *ENDS]]


def periods(story: RevenueForecastStory) -> pd.DataFrame:
    """The coming periods one by one by the method of each quantity: estimates and, of the revenue, the interval."""
    assert story.forecast is not None
    table = story.forecast.coming
    parts = [
        table[(table["quantity"] == name) & (table["method"] == story.plan.loc[name, "method"])].set_index("step")
        for name in QUANTITIES
    ]
    estimates = {name: part["estimate"] for name, part in zip(QUANTITIES, parts, strict=True)}
    ends = parts[QUANTITIES.index("revenue")][["start", "end", *ENDS[:2]]]
    return ends.assign(**estimates)[["start", "end", "revenue", *ENDS[:2], "purchases", "active"]]


def scores(story: RevenueForecastStory) -> pd.DataFrame:
    """Error of every method at the earlier origins."""
    return _named(story, story.scores)


def coverage(story: RevenueForecastStory) -> pd.DataFrame:
    """How often the intervals of single periods held what came, 80 and 95 % beside each other."""
    rows = story.coverage[story.coverage["of"] == "periods"]
    levels = []
    for level in (80, 95):
        part = rows[rows["level"] == level / 100].set_index(["quantity", "method"], drop=True)
        names = {"share": f"held_{level}", "ci_lower": f"held_{level}_lower", "ci_upper": f"held_{level}_upper"}
        levels.append(part[list(names)].rename(columns={**names, "share": f"share_{level}"}))
    return _named(story, pd.concat(levels, axis=1).reset_index())


def left_out(story: RevenueForecastStory) -> pd.DataFrame:
    """Methods that could not be used, and why."""
    assert story.forecast is not None
    return _named(story, story.forecast.left_out)
