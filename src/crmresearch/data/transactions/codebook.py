"""A codebook of transactions: which column is the customer, the time and the amount, and the rules of cleaning."""

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, model_validator

from crmresearch.data.dataset import Code, DatasetCodebook, Filled, Strict, Text
from crmresearch.data.documents import MistakesError
from crmresearch.data.files import DATABASES, SUFFIXES
from crmresearch.data.reserved_columns import is_reserved

TIME_PARTS = {
    "%Y": r"(\d{4})",
    "%y": r"(\d{2})",
    "%m": r"(\d{1,2})",
    "%b": r"([A-Za-z]{3})[A-Za-z]*\.?",  # Jan, January or JAN
    "%d": r"(\d{1,2})",
    "%H": r"(\d{1,2})",
    "%I": r"(0?[1-9]|1[0-2])",
    "%p": r"([AaPp])\.?[Mm]\.?",
    "%M": r"(\d{1,2})",
    "%S": r"(\d{1,2})(?:\.\d+)?",
    "%z": r"(Z|[+-]\d{2}:?\d{2})",
}
FIRST_YEAR, LAST_YEAR = 1900, 2199  # of purchases


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"{name!r} is not a time zone; name one as the IANA list does, such as Europe/Paris or UTC")
    return name


def _time_format(text: str) -> str:
    codes = re.findall(r"%.?", text)
    if unknown := [code for code in codes if code not in TIME_PARTS]:
        raise ValueError(f"{unknown[0]!r} is not known; the parts are {', '.join(TIME_PARTS)}")
    if twice := [code for code in codes if codes.count(code) > 1]:
        raise ValueError(f"{twice[0]} is written twice; keep one")
    years, months = ("%Y" in codes) + ("%y" in codes), ("%m" in codes) + ("%b" in codes)
    if years != 1 or months != 1 or "%d" not in codes:
        raise ValueError(
            "must hold a year (%Y or %y), a month (%m, or %b for Jan) and a day (%d), such as '%Y-%m-%d %H:%M'"
        )
    if ("%I" in codes) != ("%p" in codes) or {"%I", "%H"} <= set(codes):
        raise ValueError("an hour is %H, from 0 to 23, or %I with %p, from 1 to 12 AM or PM")
    if ("%M" in codes and not {"%H", "%I"} & set(codes)) or ("%S" in codes and "%M" not in codes):
        raise ValueError("minutes need hours and seconds need minutes")
    return text


def _day(text: str) -> str:
    try:
        year = date.fromisoformat(text).year
    except ValueError:
        raise ValueError(f"{text!r} is not a date; write it as 1998-06-30") from None
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"{text!r} must lie in the years {FIRST_YEAR} to {LAST_YEAR}")
    return text


Suspicion = Literal[
    "ids_alike",
    "thousands_as_decimals",
    "several_currencies",
    "day_and_month_swapped",
    "large_customer",
    "placeholder_days",
    "unreadable_times",
    "unreadable_amounts",
]
Zone = Annotated[str, AfterValidator(_zone)]
TimeFormat = Annotated[str, AfterValidator(_time_format)]
Day = Annotated[str, AfterValidator(_day)]


class Columns(Strict):
    """Names of the file's columns. `discount` is money taken off the line, `quantity` a number of units.

    `refund`: money given back that stands in a column of its own, such as the credit of a ledger or the part of a
    payment that was returned. It is subtracted; where there is no amount, the line is a return.

    With `order`, a purchase is the lines of one order number of one customer; without, all lines of a day.
    With `currency`, lines in another currency than the codebook's are left out.
    """

    customer: Filled
    time: Filled
    amount: Filled
    order: Filled | None = None
    product: Filled | None = None
    category: Filled | None = None
    channel: Filled | None = None
    discount: Filled | None = None
    refund: Filled | None = None
    quantity: Filled | None = None
    currency: Filled | None = None

    def named(self) -> dict[str, str]:
        """Role → name of the column, for the roles that have one."""
        return {role: name for role, name in self if name is not None}


class Rules(Strict):
    """What is done about returns (lines with a negative amount) and lines equal in every column of the file.

    `returns: net` counts them in sums of money, never as a purchase; `drop` leaves them out.
    """

    returns: Literal["net", "drop"]
    duplicates: Literal["keep", "drop"]


class Join(Strict):
    """A second file of the package that says more of a line: `columns` of the row with the same value of `on`."""

    file: Filled
    on: Filled
    columns: Annotated[tuple[Filled, ...], Field(min_length=1)]


class Package(Strict):
    """An installed Python package that holds the data as Parquet files in `folder` of its module.

    `name`: as a package index has it; `joins`: files joined to the lines; `sums`: new columns, each the sum of some.
    """

    name: Filled
    module: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
    folder: str = ""
    joins: tuple[Join, ...] = ()
    sums: dict[str, Annotated[tuple[Filled, ...], Field(min_length=1)]] = Field(default_factory=dict)


class TransactionsCodebook(DatasetCodebook):
    """A file of purchases described. Read it with `find_codebook`.

    Times are taken as written unless `day_zone` says in which zone a day begins; then `time_zone` says in which zone
    they are written (default UTC). Times with an offset and columns of a zoned type say it themselves; without
    `day_zone` the days of a zoned column are those of UTC, and the notes say so. Of a local time that came twice the
    first is meant; one that never came is moved on by what the clock skipped.
    `customer_ids: alike` reads ids that differ only in capitals, blanks, leading zeros or an ending .0 as one.
    The mark that is not `decimal`, point or comma, may separate thousands. `amount_per: unit` means that the amount
    is a price to be multiplied by `quantity`, `amount_per: order` that it is the sum of the order, which stands in one
    of its lines or is repeated in each: it is counted once. Lines after `last_day` (default: the day of reading) lie in
    the future. Lines before `first_day` (default: the year 1900) have no real date and are left out.
    `settled`: suspicions (see `suspicions`) that were looked at and mean nothing here.
    `table`: the table of a DuckDB database, `schema.table` where it is not in the schema main. With `package` the file
    is looked for in that package only.
    `levels`: the values of an attribute in their order, lowest first. `marks`: attributes that mark a selection, such
    as a published sample, and say nothing of the customer. `notes`: what a report must say of the data.
    """

    kind: Literal["transactions"]
    package: Package | None = None
    decimal: Literal[".", ","] = "."
    columns: Columns
    attributes: dict[str, Text] = Field(default_factory=dict)
    levels: dict[str, Annotated[tuple[Filled, ...], Field(min_length=2)]] = Field(default_factory=dict)
    marks: tuple[Filled, ...] = ()
    amount_per: Literal["line", "unit", "order"] = "line"
    time_format: TimeFormat | None = None
    time_zone: Zone | None = None
    day_zone: Zone | None = None
    first_day: Day | None = None
    last_day: Day | None = None
    customer_ids: Literal["as_written", "alike"] = "as_written"
    settled: tuple[Suspicion, ...] = ()
    missing_codes: tuple[Code, ...] = ()
    currency: Filled
    rules: Rules
    notes: Text | None = None

    @property
    def written_in(self) -> ZoneInfo | None:
        """The zone of the times in the file; None where they are taken as written."""
        return ZoneInfo(self.time_zone or "UTC") if self.day_zone else None

    @property
    def demographics(self) -> list[str]:
        """The attributes that describe customers: all but `marks`."""
        return [name for name in self.attributes if name not in self.marks]

    def data_files(self, path: Path) -> list[Path]:
        """All files that are read when the lines are in `path`."""
        joins = self.package.joins if self.package else ()
        return [*self.line_files(path), *(path.parent / join.file for join in joins)]

    def line_files(self, path: Path) -> list[Path]:
        """The files that hold the lines."""
        return super().data_files(path)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        mistakes = self.file_mistakes()
        suffix = Path(self.file.lower().removesuffix(".gz")).suffix
        if suffix and suffix not in SUFFIXES:  # without one it is a folder
            mistakes.append(f"file: {self.file!r} must end in one of {', '.join(SUFFIXES)}; convert it to Parquet")
        if suffix in DATABASES and self.table is None:
            mistakes.append("table: this key is missing; name the table of the database that holds the purchases")
        if suffix not in (*DATABASES, ".xlsx", ".xlsm") and self.table is not None:
            mistakes.append(f"table: {self.file} is no database and no workbook; remove this key")
        if self.amount_per == "unit" and self.columns.quantity is None:
            mistakes.append("columns.quantity: this key is missing; a price per unit needs the number of units")
        if self.amount_per == "order" and self.columns.order is None:
            mistakes.append("columns.order: this key is missing; a sum per order needs the order's number")
        if self.amount_per == "order":
            mistakes += [
                f"columns.{role}: with a sum per order the money of one {role} is not known; remove this key"
                for role in ("product", "category", "quantity")
                if role in self.columns.named()
            ]
        if self.package is not None and suffix != ".parquet":
            mistakes.append(f"file: {self.file!r} must be a Parquet file, as every file read from a package")
        if self.package is not None and self.committed:
            mistakes.append("committed: a file of an installed package is not in the repository; write false")
        offset = self.time_format is not None and "%z" in self.time_format
        if self.time_zone is not None and self.day_zone is None:
            mistakes.append("day_zone: this key is missing; say in which zone a day begins, or remove time_zone")
        if offset and self.time_zone is not None:
            mistakes.append("time_zone: the times carry their offset (%z) already; remove this key")
        if offset and self.day_zone is None:
            mistakes.append("day_zone: this key is missing; times with an offset (%z) need the zone where days begin")
        if self.first_day is not None and self.last_day is not None and self.first_day > self.last_day:
            mistakes.append(f"first_day: {self.first_day} is after last_day, {self.last_day}; exchange them")
        roles: dict[str, str] = {}
        for role, name in self.columns.named().items():
            if name in roles:
                mistakes.append(f"columns.{role}: {name!r} is the {roles[name]} as well; give each its own column")
            roles.setdefault(name, role)
        for name in self.attributes:
            if name in roles:
                mistakes.append(f"attributes.{name}: is the {roles[name]} as well; keep one")
            elif is_reserved(name):
                mistakes.append(f"attributes.{name}: is the name of a column the project makes; rename it in the file")
        for name, values in self.levels.items():
            if name not in self.attributes:
                mistakes.append(f"levels.{name}: is no attribute; name it under `attributes`, or remove its levels")
            if len(set(values)) < len(values):
                mistakes.append(f"levels.{name}: names a value twice; keep one")
        for name in self.marks:
            if name not in self.attributes:
                mistakes.append(f"marks: {name!r} is no attribute; name it under `attributes`, or remove it here")
        if mistakes:
            raise MistakesError(mistakes)
        return self
