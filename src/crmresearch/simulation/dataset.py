"""A simulated data set: the data file of a folder, made of its codebook and what is true of it.

The truth stands in `truth.yaml` (answers), `purchases.yaml` or `baskets.yaml` (purchases).

python -m crmresearch.simulation.dataset data/staged_simulated
"""

import hashlib
import sys
from pathlib import Path

from crmresearch.data.catalog import read_any_codebook
from crmresearch.data.documents import shown
from crmresearch.data.survey.codebook import read_codebook
from crmresearch.errors import CrmResearchError, TruthError
from crmresearch.simulation import baskets, purchases
from crmresearch.simulation.simulate import simulate
from crmresearch.simulation.truth import load_truth


def simulated_file(folder: str | Path) -> bytes:
    """The CSV that the truth of a folder makes: id, items and groups in the order of the codebook, gaps empty.

    The same bytes each time (whole answers are whole, others have ten digits). Raises TruthError for a truth without
    `respondents` or `seed`, or that lacks columns of the codebook.
    """
    folder = Path(folder)
    codebook, truth = read_codebook(folder), load_truth(folder / "truth.yaml")
    where = shown(folder / "truth.yaml")
    if truth.respondents is None or truth.seed is None:
        raise TruthError(f"{where}: a data set needs `respondents` and `seed`; add them.")
    frame = simulate(truth, truth.respondents, truth.seed)
    columns = [*codebook.items, *codebook.groups]
    if lacking := [name for name in columns if name not in frame]:
        raise TruthError(
            f"{where} makes no {', '.join(lacking)}, which the codebook has; add it (items to `answers_of` and the "
            "theory, groups to `profile`), or remove it there."
        )
    frame = frame[columns].rename_axis(codebook.id)
    whole = [name for name in columns if (frame[name].dropna() % 1 == 0).all()]
    text = frame.astype(dict.fromkeys(whole, "Int64")).to_csv(
        index=codebook.id is not None, float_format="%.10g", lineterminator="\n"
    )
    return text.encode()


def main(folder: str) -> None:
    """Write the data file, and say which checksum its codebook must have."""
    makers = {purchases.FILE: purchases.purchases_file, baskets.FILE: baskets.baskets_file}
    make = next((maker for file, maker in makers.items() if (Path(folder) / file).is_file()), simulated_file)
    content, codebook = make(Path(folder)), read_any_codebook(Path(folder))
    (Path(folder) / codebook.file).write_bytes(content)
    checksum = hashlib.sha256(content).hexdigest()
    told = "as the codebook says" if codebook.sha256 == checksum else f"write it to {shown(codebook.path)}"
    print(f"{shown(Path(folder) / codebook.file)}: sha256: {checksum} ({told})")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:2])
    except CrmResearchError as error:
        sys.exit(str(error))
