"""Times of purchases as local times without a zone: text read by its format, zones turned into one another.

Zones are turned by comparing with the instants at which their clocks change, found once in Python: the same
expression then runs on every engine, whatever its own settings and time zone tables.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir

from crmresearch.data.transactions.codebook import FIRST_YEAR, TIME_PARTS, TransactionsCodebook
from crmresearch.data.wording import note
from crmresearch.errors import ParameterError

EARLIEST = date(FIRST_YEAR, 1, 1)  # placeholders such as 0001-01-01 lie before it, purchases do not
# no offset: an engine may drop one silently when it reads the text
_ISO = r"^\d{4}-\d{1,2}-\d{1,2}([T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?)?$"
_WIDEST = timedelta(hours=26)  # no two zones are further apart

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

Steps = list[tuple[datetime, int]]
Changes = list[tuple[datetime, int, int]]


@dataclass(frozen=True)
class LocalTimes:
    """The time column read.

    `times`: local times, null where there is no such time. `clock`: "skipped" for a time the clock was put forward
    over, "repeated" for one it showed twice, else null; None where no such time is converted. `note`: in which zone
    days begin, by language; None where times are taken as written.
    """

    times: ir.TimestampValue
    clock: ir.StringValue | None = None
    note: dict[str, str] | None = None


def read_times(lines: ir.Table, codebook: TransactionsCodebook, last: date) -> LocalTimes:
    """The time column as local times, the day's zone being `day_zone`; `last` is the last day that is not future."""
    column = lines[codebook.columns.time]
    kind = column.type()
    # DuckDB has a zoned type of nanoseconds that ibis has no name for
    nanoseconds = kind.is_unknown() and "TIMESTAMPTZ_NS" in str(kind)
    zoned = nanoseconds or (kind.is_timestamp() and kind.timezone is not None)
    if nanoseconds:
        times = column.cast("timestamp('UTC')").cast("timestamp(6)")
    elif kind.is_temporal():
        times = column.cast("timestamp(6)")
    else:
        text = column.cast("string").strip()
        times = _iso(text) if codebook.time_format is None else _formatted(text, codebook.time_format, lines)
    note = _note(codebook, zoned)
    if codebook.day_zone is None:
        return LocalTimes(times, note=note)
    # a year 9999 that means "open" would have thousands of years searched for changes of the clock
    usual = (times >= ibis.timestamp(f"{EARLIEST} 00:00:00")) & (
        times < ibis.timestamp(f"{last + timedelta(days=3)} 00:00:00")
    )
    bounds = lines.aggregate(first=times.min(where=usual), last=times.max(where=usual)).execute().iloc[0]
    if bounds.isna().any():
        return LocalTimes(times, note=note)
    begin, end = (bound.to_pydatetime() for bound in bounds)
    clock = None
    if not zoned and not _has_offset(codebook) and codebook.written_in is not None:
        changes = _changes(codebook.written_in, begin, end)
        clock = _clock(times, changes)
        times = _moved(times, _to_utc_steps(changes), -1)
    local = _moved(times, [(at, after) for at, _, after in _changes(ZoneInfo(codebook.day_zone), begin, end)], 1)
    return LocalTimes(local, clock, note)


def _has_offset(codebook: TransactionsCodebook) -> bool:
    return codebook.time_format is not None and "%z" in codebook.time_format


def _note(codebook: TransactionsCodebook, zoned: bool) -> dict[str, str] | None:
    column, day_zone = codebook.columns.time, codebook.day_zone
    if day_zone is None and zoned:
        return note("note.day_in_utc", column=column)
    if day_zone is None:
        return None
    if zoned or _has_offset(codebook):
        return note("note.day_in_zone", zone=day_zone)
    return note("note.day_in_zone_of", zone=day_zone, written=codebook.written_in)


def _to_utc_steps(changes: Changes) -> Steps:
    """(local time from which it holds, seconds to take away); a time that came twice is the first of the two."""
    return [(instant + timedelta(seconds=max(before, after)), after) for instant, before, after in changes]


def _clock(times: ir.TimestampValue, changes: Changes) -> ir.StringValue | None:
    """Which local times the clock skipped or showed twice."""
    cases = []
    for instant, before, after in changes[1:]:  # the first is the beginning, no change
        low, high = (instant + timedelta(seconds=seconds) for seconds in sorted((before, after)))
        within = (times >= ibis.timestamp(low)) & (times < ibis.timestamp(high))
        cases.append((within, "skipped" if after > before else "repeated"))
    return ibis.cases(*cases, else_=ibis.null("string")) if cases else None


def _changes(zone: ZoneInfo, first: datetime, last: datetime) -> Changes:
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


def time_pattern(time_format: str) -> tuple[str, list[str]]:
    """The regular expression of a format, a group a part, and the codes of its parts in their order."""
    pattern, codes, rest = "^", [], time_format
    while rest:
        if rest[:2] in TIME_PARTS:
            pattern += TIME_PARTS[rest[:2]]
            codes.append(rest[:2])
            rest = rest[2:]
        else:
            pattern += rest[0] if rest[0].isalnum() or rest[0] in " _" else f"\\{rest[0]}"
            rest = rest[1:]
    return f"{pattern}$", codes


def swapped_format(time_format: str) -> str:
    """The format with days for months and months for days; of months by name, the same."""
    if "%b" in time_format:
        return time_format
    return re.sub("%[md]", lambda code: "%d" if code[0] == "%m" else "%m", time_format)


def swapped_times(text: ir.StringValue, time_format: str | None, lines: ir.Table) -> ir.TimestampValue:
    """The times that the text would mean if its days were months and its months days."""
    if time_format is None:
        return _iso(text.re_replace(r"^(\d{4})-(\d{1,2})-(\d{1,2})", r"\1-\3-\2"))
    return _formatted(text, swapped_format(time_format), lines)


def _formatted(text: ir.StringValue, time_format: str, lines: ir.Table) -> ir.TimestampValue:
    """Text read part by part and put together as ISO: engines know no common function that reads any format."""
    pattern, codes = time_pattern(time_format)

    def part(code: str) -> ir.StringValue:
        return text.re_extract(pattern, codes.index(code) + 1) if code in codes else ibis.literal("00")

    year = part("%Y")
    if "%y" in codes:  # as POSIX has it: 69 to 99 are of the last century
        year = ibis.ifelse(part("%y") < "69", ibis.literal("20"), ibis.literal("19")) + part("%y")
    month = part("%m").lpad(2, "0")
    if "%b" in codes:
        names = [(part("%b").lower() == name, f"{number:02d}") for number, name in enumerate(MONTHS, 1)]
        month = ibis.cases(*names, else_=ibis.null("string"))
    hour = part("%H").lpad(2, "0")
    if "%I" in codes:  # 12 AM is the first hour of the day
        noon = ibis.ifelse(part("%p").lower() == "p", 12, 0)
        hour = (part("%I").try_cast("int64") % 12 + noon).cast("string").lpad(2, "0")
    iso = year + "-" + month + "-" + part("%d").lpad(2, "0")
    iso += " " + hour + ":" + part("%M").lpad(2, "0") + ":" + part("%S").lpad(2, "0")
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
