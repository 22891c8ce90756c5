"""Respondents of a survey and what the same customers bought, joined by customer id."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from crmresearch.data.customers import CustomerTable, customer_table
from crmresearch.data.documents import shown
from crmresearch.data.margins import Margins, customer_margins
from crmresearch.data.survey.survey import Survey
from crmresearch.data.transactions.codebook import TransactionsCodebook
from crmresearch.data.transactions.times import as_date
from crmresearch.data.transactions.transactions import Transactions
from crmresearch.errors import DataError, ParameterError, SpecificationError


@dataclass(frozen=True)
class Linked:
    """The respondents who are in a customer table.

    `customers`: the rows of the table of these respondents, labelled as the rows of the survey. `ids`: their ids, so
    labelled. `respondents`: of the survey; `unknown`: those of them whose id has no purchase by the cut-off;
    `not_asked`: customers of the table who did not answer. `codebook`: of the purchases.
    """

    customers: pd.DataFrame
    ids: pd.Series
    respondents: int
    unknown: int
    not_asked: int
    codebook: TransactionsCodebook


def link(survey: Survey, table: CustomerTable) -> Linked:
    """The respondents of a survey with their rows of a customer table, by the customer id as both write it.

    Raises SpecificationError where the codebook of the survey names no column of ids, DataError where no id of the one
    is in the other, with an id of each.

    >>> import crmresearch as crm
    >>> purchases = crm.customer_table(crm.load_transactions("linked_simulated"), "2024-12-31")
    >>> linked = link(crm.load_survey("staged_simulated"), purchases)
    >>> len(linked.customers), linked.unknown
    (1200, 0)
    """
    book, known = survey.codebook, table.frame
    if survey.ids is None:
        raise SpecificationError(
            f"{shown(book.path)} names no column of customer ids, by which answers and purchases are joined; write "
            "`id: <column>` there."
        )
    ids = survey.ids
    found = ids[ids.isin(known.index)]
    if found.empty:
        raise DataError(
            "Answers and purchases cannot be joined:",
            [
                f"no id of {book.key} (such as {ids.iloc[0]!r}) bought in {table.codebook.key} by {table.cutoff} "
                f"(where an id is such as {known.index[0]!r}); write the ids in both files alike, or name the right "
                "columns."
            ],
        )
    return Linked(
        customers=known.loc[found].set_axis(found.index),
        ids=found,
        respondents=survey.respondents,
        unknown=len(ids) - len(found),
        not_asked=len(known) - len(found),
        codebook=table.codebook,
    )


def linked_members(survey: Survey, table: CustomerTable | None, segments: pd.Series | None) -> tuple[pd.Series, Linked]:
    """The segment of every respondent among `segments` of customers (by id), labelled as the rows of the survey.

    Missing of those who are no customers of the table. Raises as `link`, and ParameterError without a table.
    """
    if table is None or segments is None:
        raise ParameterError(
            "`segments: value` needs purchases of the same customers that are on this machine; name them under "
            "`purchases`, or leave `segments` as it is."
        )
    linked = link(survey, table)
    return segments.loc[linked.ids].set_axis(linked.ids.index).reindex(survey.items.index), linked


@dataclass(frozen=True)
class BeforeAndAfter:
    """What linked respondents bought before and after the day of their survey.

    `before`, `after`: purchases and profit (at the `margins`) of every linked respondent, labelled as the rows of the
    survey. `table`: the customers by that day; `known_before`, `days_after`: how many of the `days` asked for are in
    the data.
    """

    linked: Linked
    table: CustomerTable
    margins: Margins
    before: pd.DataFrame
    after: pd.DataFrame
    days: int
    known_before: int
    days_after: int


def before_and_after(
    survey: Survey,
    transactions: Transactions,
    survey_day: date | str,
    days: int = 365,
    margin: "float | Mapping[str, float]" = 1.0,
) -> BeforeAndAfter:
    """Purchases and profit of the respondents in the `days` that end with `survey_day`, and in as many after it.

    `margin`: as in `customer_margins`. Raises as `link`, `customer_table` and `customer_margins`.

    >>> import crmresearch as crm
    >>> survey, purchases = crm.load_survey("staged_simulated"), crm.load_transactions("linked_simulated")
    >>> both = before_and_after(survey, purchases, "2024-12-31", margin=0.3)
    >>> int(both.after["purchases"].sum())
    5437
    """
    day = as_date("survey_day", survey_day)
    if days < 1:
        raise ParameterError(f"`days` must be 1 or more; it is {days}.")
    first, until = transactions.first_day, transactions.known_until
    if not first <= day < until:
        raise ParameterError(
            f"`survey_day`, {day}, must lie within the purchases of {transactions.codebook.key}, which are known from "
            f"{first} to {until}, so that there are some before and after it."
        )
    end = min(day + timedelta(days=days), until)
    table = customer_table(transactions, day, end, windows=(days,))
    margins, linked = customer_margins(transactions, table, margin), link(survey, table)
    own, ids = linked.customers, linked.ids
    after = margins.share * table.frame["holdout_spend"] if margins.after is None else margins.after
    before = table.frame[f"spend_last_{days}"] * margins.each
    return BeforeAndAfter(
        linked,
        table,
        margins,
        pd.DataFrame({"purchases": own[f"purchases_last_{days}"], "profit": before.loc[ids].to_numpy()}, own.index),
        pd.DataFrame({"purchases": own["holdout_purchases"], "profit": after.loc[ids].to_numpy()}, own.index),
        days,
        min(days, (day - first).days + 1),
        (end - day).days,
    )
