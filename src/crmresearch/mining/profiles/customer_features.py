"""What is known of each customer, to describe segments by: purchases, their days, the first one, attributes, needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import ibis
import pandas as pd

from crmresearch.caution import Caution
from crmresearch.data.customers import EPOCH, CustomerTable, customer_table
from crmresearch.data.linked import Linked, link
from crmresearch.data.survey.survey import Survey, load_survey
from crmresearch.data.transactions.transactions import Transactions, in_parts
from crmresearch.errors import ParameterError
from crmresearch.mining.newcomers.newcomers import day_number, may_be_old
from crmresearch.models.specification import Specification, bind
from crmresearch.models.theory import load_theory
from crmresearch.sem.groups import group_members

Text = dict[str, str]
_ = ibis._
BEHAVIOUR = ("recency", "tenure", "frequency", "gap_mean", "monetary_total", "monetary_mean", "discount_share")
SUMMARIES = (*BEHAVIOUR, "repeat", "t_last", "repeat_mean", "gap_sd", "p_alive", "expected_purchases", "expected_value")
MONEY = ("monetary_total", "monetary_mean", "repeat_mean", "expected_value")  # what the first purchase is part of
PARTS_OF_DAY = ("night", "morning", "afternoon", "evening")  # of six hours each, from midnight
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
UNITS = {
    "days": ("recency", "tenure", "gap_mean", "gap_sd", "t_last"),
    "money": (*MONEY, "first_spend", "spend_last_"),
    "points": ("need_",),
    "share": ("discount_share", "p_alive", "day_", "part_", "share_"),
}  # of features by what their names begin with
CATEGORIES, CHANNELS = 6, 6  # of the first purchase: the largest by spend


@dataclass(frozen=True)
class CustomerFeatures:
    """Features of every customer of a table, and where each comes from.

    `frame`: customers × features, numbers or categories. `groups`: of each feature behaviour (summaries of all
    purchases), when (share of purchases by weekday and part of the day), first (the first purchase), attribute (who the
    customer is) or need (mean index of a construct, 0–100, of those who answered). `labels`: the names of attributes
    and needs by language, and `values` the names of their levels; other features are known by their key.
    `respondents`: customers who answered; `hours`: whether times of the day are known; `cautions`: of the table.
    """

    frame: pd.DataFrame
    groups: Mapping[str, str]
    labels: Mapping[str, Text]
    values: Mapping[tuple[str, str], Text]
    respondents: int
    hours: bool
    cautions: tuple[Caution, ...] = ()

    def of(self, *groups: str) -> list[str]:
        """The features of these groups."""
        return [name for name in self.frame if self.groups[str(name)] in groups]

    def unit(self, feature: str) -> str:
        """What the values of a feature are: days, money, points (0 to 100), a share (0 to 1), or a number."""
        return next((unit for unit, heads in UNITS.items() if feature.startswith(heads)), "number")

    def made_of(self, needs: Sequence[str]) -> set[str]:
        """Features that define segments which need these columns, or sum up the same purchases as they do."""
        found = {*needs, *(f"attribute_{name}" for name in needs)} & set(self.frame)
        if {*SUMMARIES} & set(needs) or any(name.startswith(("spend_last_", "purchases_last_")) for name in needs):
            found |= {*self.of("behaviour")}
        if {*MONEY} & set(needs) or any(name.startswith("spend_last_") for name in needs):
            found |= {"first_spend"} & set(self.frame)
        return found


@dataclass(frozen=True)
class Answers:
    """A survey, its constructs, and those of its respondents who are customers of a table."""

    survey: Survey
    specification: Specification
    linked: Linked


def asked(survey: str | None, theory: str | None, table: CustomerTable) -> Answers | None:
    """The survey of this key and the respondents of it who are in the table; None without a key.

    The `theory`, a key or a file, says which items stand for which construct. Raises ParameterError without one, and as
    `load_survey`, `bind` and `link`.
    """
    if survey is None:
        return None
    if theory is None:
        raise ParameterError("`theory` is needed beside `survey`: name the theory whose constructs are the needs.")
    answers = load_survey(survey)
    return Answers(answers, bind(load_theory(theory), answers.codebook), link(answers, table))


def customer_features(
    transactions: Transactions, table: CustomerTable, answers: Answers | None = None
) -> CustomerFeatures:
    """The features of the customers of a table, from what is known up to its cut-off.

    Of `answers` also needs and groups, missing for customers who were not asked. Nothing after the cut-off enters but
    answers, whose day is not known.
    """
    known = table.frame
    parts: dict[str, list[pd.DataFrame]] = {
        "behaviour": [known[[name for name in BEHAVIOUR if name in known]]],
        "when": [_when(transactions, table.cutoff, known.index)],
        "first": [_first(transactions, table)],
        "attribute": [_attributes(transactions, table)],
        "need": [],
    }
    hours = any(name.startswith("part_") for name in parts["when"][0])
    book = transactions.codebook
    labels: dict[str, Text] = {f"attribute_{name}": dict(book.attributes[name]) for name in book.demographics}
    values: dict[tuple[str, str], Text] = {}
    linked = answers.linked if answers else None
    if answers and linked:
        survey = answers.survey
        indices, of_constructs = survey_indices(survey, answers.specification)
        needs = indices.loc[linked.ids.index].set_axis(linked.ids.to_numpy(), axis=0).reindex(known.index)
        parts["need"].append(needs.add_prefix("need_"))
        labels |= {f"need_{key}": text for key, text in of_constructs.items()}
        for name, group in survey.codebook.groups.items():
            if group.values and name not in (survey.codebook.stratum, survey.codebook.cluster):
                members = group_members(survey, name).loc[linked.ids.index].set_axis(linked.ids.to_numpy())
                parts["attribute"].append(members.reindex(known.index).rename(f"answer_{name}").to_frame())
                labels[f"answer_{name}"] = dict(group.label)
                values |= {(f"answer_{name}", str(value)): dict(text) for value, text in group.values.items()}
    frames = [(group, part) for group, found in parts.items() for part in found]
    groups = {str(name): group for group, part in frames for name in part}
    frame = pd.concat([part for _, part in frames], axis=1)
    respondents = 0 if linked is None else len(linked.ids)
    return CustomerFeatures(frame, groups, labels, values, respondents, hours, table.cautions)


def survey_indices(survey: Survey, specification: Specification) -> tuple[pd.DataFrame, dict[str, Text]]:
    """The mean of every construct's items, each from 0 to 100 by the ends of its scale (respondents × constructs), and
    the constructs' names; constructs made of others are left out. Missing where no item was answered."""
    bounds = survey.bounds
    found, labels = {}, {}
    for key in specification.keys:
        construct = specification.construct(key)
        if items := list(construct.items):
            low, high = (bounds.loc[items, end] for end in ("min", "max"))
            found[key] = (100 * (survey.items[items] - low) / (high - low)).mean(axis=1)
            labels[key] = dict(construct.label)
    return pd.DataFrame(found), labels


def _purchases(transactions: Transactions, cutoff: date) -> pd.DataFrame:
    """One row a purchase up to the cut-off: customer, time, the earliest of its lines."""
    lines = transactions.table.filter(_.day <= ibis.date(cutoff), in_parts(_.amount) >= 0)
    number = _.order.fill_null("") if transactions.has_orders else ibis.literal("")
    # lines without a number are one purchase a day
    day = ibis.ifelse(number == "", _.day, ibis.null("date"))
    keyed = lines.mutate(number=number, loose=day)
    found = transactions.run(keyed.group_by("customer", "number", "loose").agg(time=_.time.min()))
    return found.assign(customer=found["customer"].astype("str"))[["customer", "time"]]


def _when(transactions: Transactions, cutoff: date, customers: pd.Index) -> pd.DataFrame:
    """Share of a customer's purchases on each weekday and, where times have hours, in each part of the day.

    Those of the last day on which a customer bought are left out: where segments are made of recency, its weekday is
    decided by that, and who bought yesterday would seem to like yesterday's. Missing for who bought on one day only.
    """
    bought = _purchases(transactions, cutoff)
    days = bought["time"].dt.normalize()
    bought = bought[days < days.groupby(bought["customer"]).transform("max")]
    times = bought["time"].dt
    dummies = {f"day_{name}": times.day_of_week == i for i, name in enumerate(WEEKDAYS)}
    if (times.normalize() != bought["time"]).any():
        dummies |= {f"part_{name}": times.hour // 6 == i for i, name in enumerate(PARTS_OF_DAY)}
    shares = pd.DataFrame(dummies).astype(float).groupby(bought["customer"]).mean().reindex(customers)
    return shares.loc[:, shares.max() > shares.min()]


def _first(transactions: Transactions, table: CustomerTable) -> pd.DataFrame:
    """The first purchase: its spend, weekday, part of the day and, where the data have them, category and channel.

    Where old customers are seen first when the data begin (`may_be_old`), the weekday of those of the first 30 days is
    missing: it is that of the day after the beginning on which a frequent customer happened to come.
    """
    known, bought = table.frame, _purchases(transactions, table.cutoff)
    first = bought.groupby("customer")["time"].min().reindex(known.index)
    later = (known["repeat_mean"] * known["repeat"]).fillna(0)
    found: dict[str, object] = {"first_spend": (known["monetary_total"] - later).round(4)}
    days = pd.CategoricalDtype([*WEEKDAYS])
    came = (first.dt.normalize() - pd.Timestamp(EPOCH)).dt.days
    old = (came < day_number(transactions.first_day) + 30) & bool(may_be_old(came.dropna(), transactions.first_day))
    found["first_day"] = first.dt.day_of_week.map(dict(enumerate(WEEKDAYS))).astype(days).mask(old)
    if (first.dt.normalize() != first).any():
        found["first_part"] = (
            (first.dt.hour // 6).map(dict(enumerate(PARTS_OF_DAY))).astype(pd.CategoricalDtype([*PARTS_OF_DAY]))
        )
    for role in ("category", "channel"):
        if getattr(transactions.codebook.columns, role) is not None:
            found[f"first_{role}"] = _main(transactions, table, role)
    return pd.DataFrame(found, index=known.index)


def _main(transactions: Transactions, table: CustomerTable, role: str) -> pd.Series:
    """The category or channel on which most was spent on the first day of a customer; missing without one."""
    lines = transactions.table.filter(_.day <= ibis.date(table.cutoff), in_parts(_.amount) >= 0)
    opened = lines.mutate(opens=_.day.min().over(group_by="customer")).filter(_.day == _.opens, _[role].notnull())
    sums = transactions.run(opened.group_by("customer", item=_[role]).agg(spend=in_parts(_.amount).sum()))
    sums = sums.assign(customer=sums["customer"].astype("str")).sort_values(
        ["customer", "spend", "item"], ascending=[True, False, True]
    )
    return sums.drop_duplicates("customer").set_index("customer")["item"].astype(object).reindex(table.frame.index)


def _attributes(transactions: Transactions, table: CustomerTable) -> pd.DataFrame:
    """The attributes of the codebook but marks, which say how the data were made."""
    names = transactions.codebook.demographics
    lacking = [name for name in names if name not in table.frame]
    known = customer_table(transactions, table.cutoff, attributes=names).frame if lacking else table.frame
    return known[names].add_prefix("attribute_")
