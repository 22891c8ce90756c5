"""Times of purchases as local times without a zone: text read by its format, zones turned into one another.

Zones are turned by comparing with the instants at which their clocks change, found once in Python: the same
expression then runs on every engine, whatever its own settings and time zone tables.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir

from crmresearch.data.transactions_codebook import TIME_PARTS, TransactionsCodebook
from crmresearch.errors import ParameterError

# no offset: an engine may drop one silently when it reads the text
_ISO = r"^\d{4}-\d{1,2}-\d{1,2}([T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?)?$"
_WIDEST = timedelta(hours=26)  # no two zones are further apart

Steps = list[tuple[datetime, int]]


def read_times(lines: ir.Table, codebook: TransactionsCodebook) -> ir.TimestampValue:
    """The time column as local times (null where there is no such time), the day's zone being `day_zone`."""
    column = lines[codebook.columns.time]
    zoned = column.type().is_timestamp() and column.type().timezone is not None
    if column.type().is_temporal():
        times = column.cast("timestamp(6)")
    else:
        text = column.cast("string").strip()
        times = _iso(text) if codebook.time_format is None else _formatted(text, codebook.time_format, lines)
    if codebook.day_zone is None:
        return times
    bounds = lines.aggregate(first=times.min(), last=times.max()).execute().iloc[0]
    if bounds.isna().any():
        return times
    first, last = (bound.to_pydatetime() for bound in bounds)
    offset = codebook.time_format is not None and "%z" in codebook.time_format
    written = ZoneInfo("UTC") if zoned or offset else codebook.written_in
    if written is not None:
        times = _moved(times, to_utc_steps(written, first, last), -1)
    return _moved(times, from_utc_steps(ZoneInfo(codebook.day_zone), first, last), 1)


def from_utc_steps(zone: ZoneInfo, first: datetime, last: datetime) -> Steps:
    """(instant in UTC from which it holds, seconds to add) for all times from `first` to `last`."""
    return [(instant, after) for instant, _, after in _changes(zone, first, last)]


def to_utc_steps(zone: ZoneInfo, first: datetime, last: datetime) -> Steps:
    """(local time from which it holds, seconds to take away); a time that came twice is the first of the two."""
    changes = _changes(zone, first, last)
    return [(instant + timedelta(seconds=max(before, after)), after) for instant, before, after in changes]


def _changes(zone: ZoneInfo, first: datetime, last: datetime) -> list[tuple[datetime, int, int]]:
    """(instant, seconds east of UTC before it, after it) of every change of the clock; the first is the beginning."""

    def offset(instant: datetime) -> int:
        found = instant.replace(tzinfo=UTC).astimezone(zone).utcoffset()
        assert found is not None
        return int(found.total_seconds())

    day = first.replace(hour=0, minute=0, second=0, microsecond=0) - _WIDEST
    changes = [(day, offset(day), offset(day))]
    while day <= last + _WIDEST:
        following = day + timedelta(days=1)
        if offset(day) != offset(following):
            low, high = 0, 86_400
            while high - low > 1:
                middle = (low + high) // 2
                if offset(day + timedelta(seconds=middle)) == offset(day):
                    low = middle
                else:
                    high = middle
            changes.append((day + timedelta(seconds=high), offset(day), offset(following)))
        day = following
    return changes


def _moved(times: ir.TimestampValue, steps: Steps, sign: int) -> ir.TimestampValue:
    moved = [times + ibis.interval(seconds=sign * seconds) for _, seconds in steps]
    if len(steps) == 1:
        return moved[0]
    until = [times < ibis.timestamp(instant) for instant, _ in steps[1:]]
    return ibis.cases(*zip(until, moved[:-1], strict=True), else_=moved[-1])


def _iso(text: ir.StringValue) -> ir.TimestampValue:
    return ibis.ifelse(text.re_search(_ISO), text.replace("T", " "), ibis.null("string")).try_cast("timestamp(6)")


def _formatted(text: ir.StringValue, time_format: str, lines: ir.Table) -> ir.TimestampValue:
    """Text read part by part and put together as ISO: engines know no common function that reads any format."""
    pattern, codes, rest = "^", [], time_format
    while rest:
        if rest[:2] in TIME_PARTS:
            pattern += TIME_PARTS[rest[:2]]
            codes.append(rest[:2])
            rest = rest[2:]
        else:
            pattern += rest[0] if rest[0].isalnum() or rest[0] in " _" else f"\\{rest[0]}"
            rest = rest[1:]
    pattern += "$"

    def part(code: str) -> ir.StringValue:
        return text.re_extract(pattern, codes.index(code) + 1) if code in codes else ibis.literal("00")

    year = part("%Y")
    if "%y" in codes:  # as POSIX has it: 69 to 99 are of the last century
        year = ibis.ifelse(part("%y") < "69", ibis.literal("20"), ibis.literal("19")) + part("%y")
    iso = year + "-" + part("%m").lpad(2, "0") + "-" + part("%d").lpad(2, "0")
    iso += " " + part("%H").lpad(2, "0") + ":" + part("%M").lpad(2, "0") + ":" + part("%S").lpad(2, "0")
    times = ibis.ifelse(text.re_search(pattern), iso, ibis.null("string")).try_cast("timestamp(6)")
    return _without_offset(times, part("%z"), lines) if "%z" in codes else times


def _without_offset(times: ir.TimestampValue, offset: ir.StringValue, lines: ir.Table) -> ir.TimestampValue:
    """Times in UTC. The few offsets of a file are asked for first, so that every shift is a constant."""
    found = sorted(set(lines.select(offset=offset).distinct().execute()["offset"].dropna()) - {"", "Z"})
    branches = [(offset == text, times - ibis.interval(seconds=_seconds(text))) for text in found]
    return ibis.cases(*branches, else_=times) if branches else times


def _seconds(offset: str) -> int:
    return int(offset[0] + "1") * (3600 * int(offset[1:3]) + 60 * int(offset[-2:]))


def as_date(name: str, value: date | str) -> date:
    """The date a parameter names. Raises ParameterError, which names the parameter."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) else date(value.year, value.month, value.day)
    except (ValueError, AttributeError):
        raise ParameterError(f"`{name}` must be a date such as 1997-09-30; it is {value!r}.") from None
