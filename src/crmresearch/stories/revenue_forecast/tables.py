"""The reader's tables of a forecast: names instead of keys, and only the columns a reader needs."""

import pandas as pd

from crmresearch.stories.revenue_forecast.story import RevenueForecastStory

ENDS = ["interval_80_lower", "interval_80_upper", "interval_95_lower", "interval_95_upper"]
LED = {"revenue": 0, "purchases": 1, "active": 2}  # the order of quantities on the page


def _named(story: RevenueForecastStory, frame: pd.DataFrame, *shown: str) -> pd.DataFrame:
    ordered = frame.sort_values("quantity", key=lambda names: names.map(LED), kind="stable")
    return story.named(ordered, *shown, quantity="quantity", method=story.method_cell)


def plan(story: RevenueForecastStory) -> pd.DataFrame:
    """What to plan with over the horizon, a row a quantity."""
    return _named(story, story.made.plan.reset_index(), "quantity", "method", "estimate", *ENDS, "by_record")


def coming(story: RevenueForecastStory) -> pd.DataFrame:
    """Every method's forecast of the horizon."""
    return _named(story, story.made.coming_sums, "quantity", "method", "estimate", *ENDS)


def periods(story: RevenueForecastStory) -> pd.DataFrame:
    """The coming periods one by one by the chosen method: the estimates and, of the revenue, the interval."""
    rows = story.made.coming[story.made.coming["method"] == story.made.chosen]
    estimates = rows.pivot(index="step", columns="quantity", values="estimate")
    ends = rows[rows["quantity"] == "revenue"].set_index("step")[["start", "end", *ENDS[:2]]]
    table = ends.join(estimates)
    return table[[name for name in ("start", "end", "revenue", *ENDS[:2], "purchases", "active") if name in table]]


def scores(story: RevenueForecastStory) -> pd.DataFrame:
    """Error of every method at the earlier origins."""
    return _named(story, story.made.scores)


def coverage(story: RevenueForecastStory) -> pd.DataFrame:
    """How often the intervals of single periods held what came, 80 and 95 % beside each other."""
    rows = story.made.coverage[story.made.coverage["of"] == "periods"]
    levels = []
    for level in (80, 95):
        part = rows[rows["level"] == level / 100].set_index(["quantity", "method"])
        names = {"share": f"share_{level}", "ci_lower": f"held_{level}_lower", "ci_upper": f"held_{level}_upper"}
        levels.append(part[list(names)].rename(columns=names))
    return _named(story, pd.concat(levels, axis=1).reset_index())


def left_out(story: RevenueForecastStory) -> pd.DataFrame:
    """Methods that could not be used, and why."""
    rows = story.made.left_out.drop_duplicates(["method", "code"])
    told = [story.tell(f"forecast_reason.{row.code}", **row._asdict()) for row in rows.itertuples(index=False)]
    return _named(story, rows.assign(reason=told), "method", "reason")
