"""What a figure shows to those who do not see it: what is drawn, its axes and their range, told from the drawing."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FuncFormatter

MOST_NAMED = 8  # rows, columns or lines that are named one by one

NAMED_BY_TITLE = ("lines", "points", "bars", "gains")  # kinds whose panels say in their title what goes up


class Teller(Protocol):
    """A story, as far as a picture is told by it."""

    def say(self, key: str, /, *rows: Any, **facts: Any) -> str:
        """A sentence."""

    def listed(self, words: Sequence[str]) -> str:
        """Words as a list."""

    def some(self, words: Sequence[str], most: int) -> str:
        """The first few of many words as a list."""


def picture(story: Teller, figure: Figure) -> str:
    """The alternative text of a figure, `picture.<kind>`, panel by panel where it has several."""
    kind, shades = str(figure.get_label()), [axes for axes in figure.axes if axes.get_label() == "<colorbar>"]
    panels = [axes for axes in figure.axes if axes not in shades]
    if kind == "path_diagram":
        gids = {str(artist.get_gid()) for artist in figure.findobj() if artist.get_gid()}
        gids = {gid for gid in gids if not re.fullmatch(r"path:key\d+", gid)}  # samples that explain the lines
        parts = Counter(gid.partition(":")[0] for gid in gids)
        return story.say("picture.path_diagram", constructs=parts["ellipse"], items=parts["box"], arrows=parts["path"])
    if kind == "flows":
        titles = [text.get_text() for text in panels[0].texts if text.get_fontweight() == "bold"]
        return story.say("picture.flows", columns=story.some(titles, MOST_NAMED))
    shade = shades[0].get_ylabel() if shades else ""
    return " ".join(_panels(story, kind, figure, panels, shade))


def _panels(story: Teller, kind: str, figure: Figure, panels: list[Axes], shade: str) -> Iterator[str]:
    below = next((axes.get_xlabel() for axes in reversed(panels) if axes.get_xlabel()), figure.get_supxlabel())
    beside = next((names for axes in panels if (names := _names(axes.yaxis))), [])  # panels may share their rows
    titles: dict[str, list[str]] = {}  # of the panels that are told alike
    for axes in panels:
        title = " ".join((axes.get_title(loc="left") or axes.get_title()).split())
        drawn = [name for name in axes.get_legend_handles_labels()[1] if name]
        facts: dict[str, Any] = {
            "x": axes.get_xlabel() or below,
            "y": axes.get_ylabel() or title,
            "x_range": story.say("picture.range", **_range(axes.xaxis)),
            "y_range": story.say("picture.range", **_range(axes.yaxis)),
            "rows": _named(story, _names(axes.yaxis) or beside, axes.get_ylabel()),
            "columns": _named(story, _names(axes.xaxis), axes.get_xlabel() if shade else ""),
            "drawn": story.say("picture.drawn", names=story.some(drawn, MOST_NAMED)) if len(drawn) > 1 else "",
            "shade": shade,
        }
        told = titles.setdefault(story.say(f"picture.{kind}", **facts), [])
        told += [title] if title and (axes.get_ylabel() or kind not in NAMED_BY_TITLE) else []
    for sentence, named in titles.items():
        yield story.say("picture.panel", title=story.listed(named), told=sentence) if named else sentence


def _named(story: Teller, names: Sequence[str], axis: str) -> str:
    """Names of rows or columns, and what they are where the axis says it."""
    told = story.some(names, MOST_NAMED)
    return story.say("picture.named", names=told, axis=axis) if axis else told


def _names(axis: Axis) -> list[str]:
    """Labels that were given to the ticks of an axis; none where it has numbers."""
    given = isinstance(axis.get_major_formatter(), FixedFormatter | FuncFormatter)
    labels = [label.get_text() for label in axis.get_ticklabels()] if given else []
    return [" ".join(label.split()) for label in labels if label.strip()]


def _range(axis: Axis) -> dict[str, str]:
    """The ends of an axis: its first and last label, or numbers."""
    if names := _names(axis):
        return {"low": names[0], "high": names[-1]}
    low, high = sorted(axis.get_view_interval())
    return {"low": _number(low), "high": _number(high)}


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.2g}" if abs(value) < 1 else f"{value:.3g}"
