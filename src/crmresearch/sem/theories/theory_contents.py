"""What several theories are made of on one survey: the items of every construct, and the size of every model."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from crmresearch.models.specification import Specification
from crmresearch.sem.covariance.fit.table import fit_table
from crmresearch.sem.covariance.result import CbEstimate

FIT = ["chisq", "df", "p_value", "cfi", "tli", "rmsea", "srmr"]


def constructs(theories: Mapping[str, Specification]) -> pd.DataFrame:
    """Every construct of every theory, a row a construct and theory: construct, label (by language, as the first theory
    that has it calls it), theory, status, number.

    status: `items` (of so many), `of` (made up of so many constructs), `absent` from the theory, `unmeasured` here, or
    `replaced` by another construct.
    """
    labels, rows = dict[str, Mapping[str, str]](), []
    for spec in theories.values():
        labels |= {key: one.label for key, one in spec.theory.constructs.items() if key not in labels}
    for key in labels:
        for theory, spec in theories.items():
            one = spec.construct(key) if key in spec.keys else None
            why = "absent" if key not in spec.theory.constructs else "replaced"
            why = "unmeasured" if key in spec.unmeasured else why
            status = why if one is None else "of" if one.of else "items"
            rows.append((key, labels[key], theory, status, 0 if one is None else len(one.of) or len(one.items)))
    return pd.DataFrame(rows, columns=["construct", "label", "theory", "status", "number"])


def sizes(theories: Mapping[str, Specification], structures: Mapping[str, CbEstimate]) -> pd.DataFrame:
    """Constructs, items and paths (moderations among them) of every theory, and its covariance structure.

    Weights of components of constructs of second order count as paths, one less for each construct. `parameters` are
    the free ones of the covariance structure; its fit is NaN where it does not pass the gate.
    """
    rows = []
    for theory, spec in theories.items():
        row: dict[str, Any] = {"theory": theory, "constructs": len(spec.constructs), "items": len(spec.items)}
        row |= {"paths": free_paths(spec)}
        if (structure := structures.get(theory)) is not None:
            row["parameters"] = len(structure.ram.labels)
            if structure.trustworthy:
                row |= fit_table(structure).set_index("measure")["value"][FIT].to_dict()
        rows.append(row)
    return pd.DataFrame(rows).reindex(columns=["theory", "constructs", "items", "paths", "parameters", *FIT])


def free_paths(spec: Specification) -> int:
    """Paths, moderations, and the weights of components but one for each construct they make up, which is scaled."""
    return len(spec.paths) + len(spec.moderations) + len(spec.components) - len(set(spec.components.values()))
