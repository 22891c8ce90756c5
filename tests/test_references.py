"""Publications are cited by key, listed as journals list them, and none is kept that no text cites."""

import re

import pytest

from crmresearch.data.catalog import find_codebook
from crmresearch.models.theory import load_theory, theory_keys
from crmresearch.paths import DATA, PACKAGE
from crmresearch.references import Reference, found, known, listed, with_citations


def test_citations_in_brackets_and_within_a_sentence() -> None:
    told, keys = with_citations("limits [@hu1999;\n @hair2021] of @hu1999, and me@hu1999 [not @ at all]")
    expected = "limits (Hair et al., 2021; Hu & Bentler, 1999) of Hu and Bentler (1999), and me@hu1999 [not @ at all]"
    assert told == expected
    assert keys == {"hu1999", "hair2021"}
    with pytest.raises(KeyError, match="nobody1999"):
        with_citations("[@nobody1999]")


def test_an_article_and_a_book_as_the_american_psychological_association_lists_them() -> None:
    """The pattern of the manual (APA 7, chapter 10)."""
    assert known()["dijkstra2015"].apa("*") == (
        "Dijkstra, T. K., & Henseler, J. (2015). Consistent partial least squares path modeling. *MIS Quarterly, 39*"
        "(2), 297–316. https://doi.org/10.25300/MISQ/2015/39.2.02"
    )
    assert known()["nunnally1978"].apa("*") == "Nunnally, J. C. (1978). *Psychometric theory* (2nd ed.). McGraw-Hill."


def test_bibtex_escapes_what_latex_reads() -> None:
    told = known()["tenenhaus2005"].bibtex()
    assert told.startswith("@article{tenenhaus2005,\n  author = {Tenenhaus, M. and Esposito Vinzi, V. and ")
    assert r"journal = {Computational Statistics \& Data Analysis}" in told
    assert "pages = {159--205}" in told
    assert Reference("mine", text="50 % of A & B").bibtex() == "@misc{mine,\n  note = {50 \\% of A \\& B}\n}\n"


def test_every_publication_is_told_apart_and_has_what_its_kind_needs() -> None:
    needed = {"article": {"journal", "volume"}, "book": {"publisher"}, "misc": {"note"}}
    cited = [one.cited() for one in known().values()]
    assert len(set(cited)) == len(cited)
    for key, one in known().items():
        assert needed[one.type] <= dict(one.fields).keys(), key
        assert key.endswith(str(one.year)), key
        assert all(re.fullmatch(r"[\w' -]+, [^,]+(, III)?", author) for author in one.authors), key


def test_every_publication_is_cited_and_every_citation_is_one() -> None:
    files = [*(PACKAGE / "stories").rglob("*.yaml"), *DATA.glob("*/questionnaire.yaml")]
    texts = "\n".join(path.read_text(encoding="utf-8") for path in files)
    cited = set(re.findall(r"@([a-z]+\d{4})\b", texts))
    citations = [load_theory(key).citation for key in theory_keys()]
    citations += [find_codebook(key).citation for key in ("cdnow", "acsi_2015")]
    assert (cited | {found(told, "own").key for told in citations}) - {"own"} == known().keys()


def test_a_citation_in_other_words_stays_as_it_is() -> None:
    assert found(load_theory("ecsi").citation, "theory") is known()["tenenhaus2005"]
    own = found("Somebody (2020).  Some *thing*.", "theory")
    assert (own.key, own.apa("*")) == ("theory", "Somebody (2020). Some *thing*.")
    order = [one.key for one in listed([own, known()["hu1999"], known()["fader2005"], known()["fader2007"], own])]
    assert order == ["fader2007", "fader2005", "hu1999", "theory"]
