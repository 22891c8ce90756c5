"""The sampling design of a survey: columns of strata and of clusters read, checked, and what they cost in precision."""

import numpy as np
import pandas as pd

from crmresearch.data.survey.codebook import Codebook
from crmresearch.data.survey.columns import LISTED, count_of, name_rows, number_of
from crmresearch.data.wording import note
from crmresearch.errors import EstimationError
from crmresearch.sampling_design import Floats, SamplingDesign

ROLES = ("stratum", "cluster")


def read_design(cells: pd.DataFrame, codebook: Codebook, listed: int = LISTED) -> tuple[pd.DataFrame | None, list[str]]:
    """Stratum and cluster of every respondent as they stand in the file (columns of `ROLES`), and what is wrong.

    None where the codebook names neither, or the file lacks them. `listed`: how many rows or labels a sentence names.
    """
    named = {role: column for role in ROLES if (column := getattr(codebook, role)) in cells}
    if not named:
        return None, []
    design = pd.DataFrame({role: cells[column].str.strip() for role, column in named.items()})
    problems = []
    for role, column in named.items():
        missing = design[role].map({text: _missing(text, column, codebook) for text in design[role].unique()})
        if missing.any():
            problems.append(
                f"Column {column} has no {role} in {missing.sum():,} of {count_of(len(cells), 'row')}: "
                f"{name_rows(cells.index[missing], listed)}. Fill it in: it is known from how the sample was drawn. Or "
                f"leave these respondents out of the file, or remove `{role}` from the codebook."
            )
    return design, problems or _alone(design, named, listed)


def _missing(text: str, column: str, codebook: Codebook) -> bool:
    """Whether the cell is empty or a code for no answer: of answers only those that no cluster is numbered by."""
    codes = {code for code in codebook.missing_codes if isinstance(code, str) or code < 0}
    codes |= set(codebook.groups[column].missing_codes) if column in codebook.groups else set()
    return text == "" or text in codes or number_of(text) in codes


def _alone(design: pd.DataFrame, named: dict[str, str], listed: int) -> list[str]:
    """A sentence on what has a single cluster: from one, nobody can tell how far clusters differ."""
    found = lonely(design)
    if not found:
        return []
    if "stratum" not in named:
        return [
            f"Column {named['cluster']} holds one cluster, {design['cluster'].iloc[0]}, and errors come from what "
            "differs between clusters. Name the column of the units that were drawn first, or remove `cluster` from "
            "the codebook."
        ]
    unit = "cluster" if "cluster" in named else "respondent"
    told = [f"{label} ({'row' if len(rows) == 1 else 'rows'} {_few(rows, listed)})" for label, rows in found.items()]
    more = f" and {len(told) - listed} more" if len(told) > listed else ""
    noun, have = ("Stratum", "has") if len(told) == 1 else ("Strata", "have")
    each = ", or, where it was in the sample for certain, give each of its respondents a cluster of their own"
    return [
        f"{noun} {', '.join(told[:listed])}{more} of column {named['stratum']} {have} a single {unit}, from which no "
        f"error can be estimated: join it with the stratum most like it{each if unit == 'cluster' else ''}."
    ]


def _few(rows: pd.Index, listed: int) -> str:
    return ", ".join(map(str, rows[:listed])) + (f" and {len(rows) - listed} more" if len(rows) > listed else "")


def lonely(design: pd.DataFrame) -> dict[str, pd.Index]:
    """Strata that have a single cluster, or without clusters a single row, with the labels of their rows."""
    strata = design["stratum"] if "stratum" in design else pd.Series("", design.index)
    clusters = design["cluster"] if "cluster" in design else pd.Series(np.arange(len(design)), design.index)
    number = clusters.groupby(strata).transform("nunique")
    return {str(label): rows.index for label, rows in strata[number < 2].groupby(strata)}


def design_of(items: pd.DataFrame, design: pd.DataFrame | None) -> SamplingDesign | None:
    """The design of the rows of `items`, part of the sample that the frame `design` describes; None for none.

    `design`: a row for each row that was drawn, labelled as `items`, with the columns stratum, cluster, or both. Raises
    EstimationError for other columns, rows without a design, gaps, and a stratum with a single cluster.
    """
    if design is None:
        return None
    columns = list(design.columns) if isinstance(design, pd.DataFrame) else []
    if not columns or set(columns) - set(ROLES):
        has = f"; this one has {', '.join(map(str, columns))}, to be renamed or left away" if columns else ""
        raise EstimationError(f"The design of the sample is a frame with the columns stratum, cluster, or both{has}.")
    if design.index.has_duplicates:
        raise EstimationError(
            "Several rows of the design have one label and cannot be matched with the answers; give every row a label "
            "of its own (reset_index)."
        )
    if len(unknown := items.index.difference(design.index)):
        raise EstimationError(
            f"The design of the sample does not know {len(unknown):,} of {len(items):,} rows, the first of them row "
            f"{unknown[0]}; give it the labels of the answers."
        )
    for role in design:
        if len(gaps := design.index[design[role].isna()]):
            raise EstimationError(f"The design names no {role} in {count_of(len(gaps), 'row')}: {name_rows(gaps)}.")
    if found := lonely(design):
        where = f"Stratum {next(iter(found))} has" if "stratum" in design else "The sample has"
        raise EstimationError(
            f"{where} a single cluster, from which no error can be estimated; join it with another stratum, or leave "
            "the design away."
        )
    whole = SamplingDesign.of(design.get("stratum"), design.get("cluster"))
    return whole.rows(design.index.get_indexer(items.index))


def design_effect(values: pd.Series, weights: pd.Series | None, design: pd.DataFrame | None) -> float:
    """How many times the variance of the mean of `values` is that of as many respondents drawn one by one.

    The linearised variance, of influences w(x − x̄)/Σw, over s²/n, with the weighted variance s² (divisor n − 1); rows
    without a value are left out. Source: Kish (1965), Survey Sampling, section 8.2. Checked against svymean of R survey
    (deff = "replace").
    """
    known = values.dropna()
    w = np.ones(len(known)) if weights is None else weights.reindex(known.index).to_numpy(dtype=np.float64)
    n, x = len(known), known.to_numpy(dtype=np.float64)
    deviation = x - np.average(x, weights=w)
    influence: Floats = (w * deviation / w.sum())[:, None]
    drawn = design_of(known.to_frame(), design) or SamplingDesign.of(None, np.arange(n))
    variance = float(np.average(deviation**2, weights=w)) * n / (n - 1)
    return float(drawn.covariance_of_total(influence)[0, 0]) / (variance / n)


def design_notes(
    items: pd.DataFrame, weights: pd.Series | None, design: pd.DataFrame, codebook: Codebook
) -> list[dict[str, str]]:
    """What a report must say of the design: strata, clusters, what they cost, and labels that stand in several strata.

    The cost is the median over the items of `design_effect`.
    """
    drawn = SamplingDesign.of(design.get("stratum"), design.get("cluster"))
    effect = float(np.median([design_effect(items[item], weights, design) for item in items]))
    sizes = {"clusters": drawn.clusters, "strata": drawn.strata, "respondents": len(items)}
    named = {"column": codebook.cluster, "stratum": codebook.stratum}
    both = len(design.columns) > 1
    key = "note.drawn_both" if both else f"note.drawn_{design.columns[0]}"
    told = [note(key, **sizes, **named, effect=effect, effective=len(items) / effect)]
    strata_of = design.drop_duplicates().groupby("cluster").size() if both else pd.Series(dtype=np.int64)
    if again := int((strata_of > 1).sum()):
        told.append(note("note.cluster_again", **named, count=again))
    return told
