"""Respondents of a survey and what the same customers bought, joined by customer id."""

from dataclasses import dataclass

import pandas as pd

from crmresearch.data.customers import CustomerTable
from crmresearch.data.documents import shown
from crmresearch.data.survey.survey import Survey
from crmresearch.errors import DataError, SpecificationError


@dataclass(frozen=True)
class Linked:
    """The respondents who are in a customer table.

    `customers`: the rows of the table of these respondents, labelled as the rows of the survey. `ids`: their ids, so
    labelled. `respondents`: of the survey; `without_id`: those of them whose id is empty; `unknown`: those whose id has
    no purchase by the cut-off; `not_asked`: customers of the table who did not answer.
    """

    customers: pd.DataFrame
    ids: pd.Series
    respondents: int
    without_id: int
    unknown: int
    not_asked: int


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
    ids = survey.ids[survey.ids != ""]
    found = ids[ids.isin(known.index)]
    if found.empty:
        have = f"such as {ids.iloc[0]!r}" if len(ids) else "all empty"
        raise DataError(
            "Answers and purchases cannot be joined:",
            [
                f"no id of {book.key} ({have}) bought in {table.codebook.key} by {table.cutoff} (where an id is such "
                f"as {known.index[0]!r}); write the ids in both files alike, or name the right columns."
            ],
        )
    return Linked(
        customers=known.loc[found].set_axis(found.index),
        ids=found,
        respondents=survey.respondents,
        without_id=survey.respondents - len(ids),
        unknown=len(ids) - len(found),
        not_asked=len(known) - len(found),
    )
