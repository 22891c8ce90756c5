"""What closes a page: a methods paragraph to paste, and the publications it rests on, as a list and as BibTeX."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from crmresearch.references import Reference
from crmresearch.report.record import report_folder, write_output
from crmresearch.report.show.tables import download_link
from crmresearch.report.show.wording import words


@dataclass(frozen=True, repr=False)
class References:
    """A methods paragraph with the publications `own` to it, and all publications of the page, in order."""

    paragraph: str
    own: tuple[Reference, ...]
    everything: tuple[Reference, ...]
    language: str = "en"

    @property
    def text(self) -> str:
        """The paragraph with its references beneath, as plain text."""
        listed = "\n".join(one.apa() for one in self.own)
        return f"{self.paragraph}\n\n{words(self.language)['references']}\n\n{listed}\n"

    @property
    def bibtex(self) -> str:
        """All publications of the page as a .bib file."""
        return "\n".join(one.bibtex() for one in self.everything)

    def __repr__(self) -> str:
        return "\n".join([self.paragraph, "", *(one.apa() for one in self.everything)])

    def _repr_html_(self) -> str:
        word = words(self.language)
        entries = "\n".join(f"<li>{_entry(one)}</li>" for one in self.everything)
        return f"""<section class="crm-references">
<details><summary>{escape(word["methods_paragraph"])}</summary>
<pre class="crm-paste" tabindex="0">{escape(self.text)}</pre></details>{self._downloads()}
<p><strong>{escape(word["references"])}</strong></p>
<ul>
{entries}
</ul>
</section>"""

    def _downloads(self) -> str:
        if report_folder() is None:
            return ""
        told = words(self.language)["download"]
        text = download_link(self.text.encode(), "text/plain;charset=utf-8", "methods.txt", "methods.txt")
        bib = download_link(self.bibtex.encode(), "application/x-bibtex;charset=utf-8", "references.bib", "BibTeX")
        return f'\n<p class="crm-downloads">{told} {text} {bib}</p>'


def _entry(reference: Reference) -> str:
    """An entry as HTML; what a codebook or a theory wrote stays text."""
    if reference.text:
        return escape(reference.text)
    return re.sub(r"\*(.+?)\*", r"<em>\1</em>", escape(reference.apa("*")))


def show_references(
    paragraph: Sequence[str], own: Sequence[Reference], everything: Sequence[Reference], *, language: str = "en"
) -> References:
    """The sentences of a methods paragraph with the references `own` to it, and all of the page.

    A rendered report also gets `methods.txt` and `references.bib`.
    """
    shown = References(" ".join(paragraph), tuple(own), tuple(everything), language)
    write_output("", "methods.txt", shown.text.encode())
    write_output("", "references.bib", shown.bibtex.encode())
    return shown
