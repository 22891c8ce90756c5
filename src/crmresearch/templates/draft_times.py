"""How the times of a file of purchases are written, told from the first thousands of them."""

from dataclasses import dataclass

import pandas as pd

_DAYS = (
    "%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%Y.%m.%d", "%d-%m-%Y", "%m-%d-%Y", "%Y%m%d",
    "%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y",
)  # fmt: skip
_CLOCKS = ("", " %H:%M", " %H:%M:%S", "T%H:%M", "T%H:%M:%S", " %I:%M %p", " %I:%M:%S %p", ", %H:%M", ", %H:%M:%S",
           ", %I:%M %p", ", %I:%M:%S %p", " %H:%M:%S UTC")  # fmt: skip
_OFFSET = r"\s*(Z|[+-]\d{2}:?\d{2})$"
_ISO = r"\d{4}-\d{2}-\d{2}([T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?)?"
ROWS = 5_000  # that are looked at
SHORTEST = 6  # characters of a day: 1/2/24
_ZONES = {  # offsets of winter and summer, in hours → the best known zone that has them
    (0,): "UTC", (1, 2): "Europe/Berlin", (0, 1): "Europe/London", (2, 3): "Europe/Helsinki", (3,): "Europe/Istanbul",
    (-5, -4): "America/New_York", (-6, -5): "America/Chicago", (-7, -6): "America/Denver",
    (-8, -7): "America/Los_Angeles", (-3,): "America/Sao_Paulo", (5.5,): "Asia/Kolkata", (7,): "Asia/Bangkok",
    (8,): "Asia/Shanghai", (9,): "Asia/Tokyo", (10, 11): "Australia/Sydney", (12, 13): "Pacific/Auckland",
}  # fmt: skip


@dataclass(frozen=True)
class WrittenTimes:
    """`time_format`: None where ISO needs none or no way was recognised. `why`: of it. `days`: what comes of it, naive.

    `zone`: a zone whose clock has the offsets that the times carry, None where they carry none.
    """

    time_format: str | None
    why: str
    days: pd.Series
    zone: str | None = None


def written_times(cells: pd.Series) -> WrittenTimes:
    """How the times of a column are written."""
    every = cells[cells != ""]
    given = every.head(ROWS)
    if len(given) and given.str.fullmatch(_ISO + _OFFSET).mean() > 0.95:
        return _with_offset(every)
    if len(given) and given.str.fullmatch(_ISO).mean() > 0.95:
        full = pd.to_datetime(every, format="ISO8601", errors="coerce")
        return WrittenTimes(None, "these are such", full)
    # ids and amounts end here: what 99 in 100 cells fit, one of fifty does
    some = given.iloc[:: max(1, len(given) // 50)]
    reads = {}
    for written in [day + clock for day in _DAYS for clock in _CLOCKS] if given.str.len().median() >= SHORTEST else []:
        if _read(some, written).notna().any():
            read = _read(given, written)
            if read.notna().mean() > 0.99:
                reads[written] = read
    if not reads:
        return WrittenTimes(None, "no usual way of writing days was recognised", pd.Series([pd.NaT] * len(given)))

    # of ways that all can be read, the one in whose order the file runs; else the one that spreads least
    def disorder(read: pd.Series) -> tuple[float, float]:
        steps = read.dropna().diff().dropna()
        back = float((steps < pd.Timedelta(0)).mean())
        return min(back, float((steps > pd.Timedelta(0)).mean())), (read.max() - read.min()) / pd.Timedelta(days=1)

    chosen = min(reads, key=lambda one: disorder(reads[one]))
    written = chosen.replace("%B", "%b")  # the codebook has one code for names of months, short or whole
    others = [other for other in reads if other not in (chosen, chosen.replace("%B", "%b")) and "%B" not in other]
    why = f"{given.iloc[0]!r} could also be {', '.join(others)}: look at it" if others else f"such as {given.iloc[0]!r}"
    return WrittenTimes(written, why, pd.to_datetime(every, format=chosen, errors="coerce"))


def _read(cells: pd.Series, written: str) -> pd.Series:
    return pd.to_datetime(cells, format=written, errors="coerce")


def _with_offset(given: pd.Series) -> WrittenTimes:
    """ISO times that carry their offset to UTC, whose days are those of the zone that has these offsets."""
    first = str(given.iloc[0])
    offsets = given.str.extract(_OFFSET, expand=False)
    clock = first[10:].removesuffix(str(offsets.iloc[0])).rstrip()
    parts = ("%H", "%M", "%S")[: clock.count(":") + 1]
    gap = " " if first.removesuffix(offsets.iloc[0]).endswith(" ") else ""
    time_format = f"%Y-%m-%d{clock[:1]}{':'.join(parts)}{gap}%z"
    local = pd.to_datetime(given.str.replace(_OFFSET, "", regex=True), format="ISO8601", errors="coerce")
    hours = tuple(sorted({_hours(offset) for offset in offsets.dropna().unique()}))
    zone = _ZONES.get(hours) or next((name for pair, name in _ZONES.items() if hours == pair[:1]), "UTC")
    return WrittenTimes(time_format, f"such as {first!r}", local, zone)


def _hours(offset: str) -> float:
    return 0.0 if offset == "Z" else int(offset[0] + "1") * (int(offset[1:3]) + int(offset[-2:]) / 60)
