"""How the sample of a survey was drawn, drafted: which columns seem to be its strata and its clusters."""

import re
from collections.abc import Iterator, Mapping

import pandas as pd

from crmresearch.data.survey.design import lonely
from crmresearch.templates.draft_words import column as column_key

_NAMES = {
    "stratum": r"^(sdm)?v?strat(um|a)?$|^sdmvstra$|_strat(um|a)$|^schicht$|^strate$|^estrato$|^(抽样)?层$",
    "cluster": r"(^|_|sdmv)psu$|^cluster(_?(id|no|nr))?$|^sampling_?point$|^klumpen$|^grappe$|^conglomerado$|^整?群$",
}
_MEANS = {"stratum": "the strata of the sample", "cluster": "what was drawn first (primary sampling units)"}
FEWEST = 10  # values of a column called cluster, of which fewer are rather segments of customers


def design_role(answers: pd.Series, rows: int) -> str | None:
    """stratum or cluster, where a complete column has the name of one and values enough; else None."""
    different = answers.nunique()
    for role, pattern in _NAMES.items():
        enough = different >= FEWEST if role == "cluster" else 2 <= different <= rows / 2
        if re.search(pattern, str(answers.name), re.I) and len(answers) == rows and enough:
            return role
    return None


def design_lines(named: Mapping[str, str], cells: pd.DataFrame) -> Iterator[str]:
    """The lines of the codebook on the columns by role; as remarks where errors cannot be estimated from them."""
    if not named:
        return
    alone = lonely(pd.DataFrame({role: cells[name] for role, name in named.items()}))
    for role, name in named.items():
        line = f"{role}: {column_key(name)}"
        if alone:
            yield f"# {line}    # {_MEANS[role]}? some strata have a single cluster: join them, then remove the first #"
        else:
            yield f"{line}    # suspected: {_MEANS[role]}; remove the line if it is not"
