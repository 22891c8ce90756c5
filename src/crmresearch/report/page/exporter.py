"""An executed notebook as one HTML file that opens from disk and loads nothing."""

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup

from crmresearch.errors import RenderError
from crmresearch.paths import PACKAGE
from crmresearch.report.page.cells import cell_to_html, folded_code
from crmresearch.report.page.markdown import Heading, Outline
from crmresearch.report.page.self_contained import check_self_contained
from crmresearch.report.page.terms import explain_terms
from crmresearch.report.show.wording import fact_label, words

if TYPE_CHECKING:  # importing nbformat takes a second, which the index page need not wait
    from nbformat import NotebookNode

TEMPLATES = PACKAGE / "report" / "page" / "template"
_MARKER = re.compile(
    r'(?P<before><figure class="crm-(?P<kind>table|figure)[^"]*" id="(?P<anchor>[^"]+)">.*?)'
    r'<span class="crm-number" data-counter="(?P=kind)">[^<]*</span>',
    re.DOTALL,
)
_REFERENCE = re.compile(r'<a href="#(?P<anchor>(?:table|figure)-[^"]+)">.*?</a>', re.DOTALL)


def export_html(
    notebook: "NotebookNode",
    *,
    title: str,
    subtitle: str,
    provenance: Mapping[str, Any],
    language: str = "en",
    home: str | None = None,
    guide: str | None = None,
    downloads: Sequence[tuple[str, bytes]] = (),
) -> str:
    """The whole page of a report.

    `notebook`: executed. `provenance`: facts for the table at the end, in the order given; values may be
    mappings or lists. `home` and `guide`: addresses of the index and of how to read a report, or None. `downloads`:
    names and contents of the files that hold all tables. Same notebook and facts, same bytes.
    Raises RenderError for a formula that cannot be set (naming the cell), two tables or figures of one name,
    a reference to a table that is not there, or anything the page would fetch from elsewhere.
    """
    from crmresearch.report.show.drawing import dark_colours  # with it comes matplotlib

    outline = Outline()
    body = explain_terms(number_captions("\n\n".join(_blocks(notebook, outline, language)), language))
    headings = [*outline.headings, Heading(2, words(language)["provenance"], "provenance")]
    page = render_template(
        "report.html.j2",
        language,
        scripts=("page.js", "terms.js", *(["what_if.js"] if 'class="crm-what-if"' in body else [])),
        title=title,
        subtitle=subtitle,
        home=home,
        guide=guide,
        contents=contents_tree(headings),
        body=Markup(body),
        dark=Markup(dark_colours(body)),
        downloads=[Markup(_saved(name, content)) for name, content in downloads],
        provenance=[(fact_label(key, language), key, value) for key, value in provenance.items()],
    )
    check_self_contained(page)
    return page


_TYPES = {
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "Excel"),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "Word"),
}


def _saved(name: str, content: bytes) -> str:
    from crmresearch.report.show.tables import download_link  # with it comes pandas, which the index need not wait for

    media_type, label = _TYPES[name.rpartition(".")[2]]
    return download_link(content, media_type, name, label)


def _blocks(notebook: "NotebookNode", outline: Outline, language: str) -> Iterator[str]:
    """What the cells show, chapter by chapter, the code of each chapter folded at its end."""
    behind: list[Any] = []  # cells whose code is not yet shown
    chapters: list[str] = []
    for number, cell in enumerate(notebook.cells, start=1):
        shown = cell_to_html(cell, number, outline, language)
        met = [heading.text for heading in outline.headings if heading.level == 2]
        if len(met) > len(chapters):
            yield from folded_code(behind, language, chapters[-1] if chapters else "")
            behind = []
        chapters = met
        behind.append(cell)
        if shown:
            yield shown
    yield from folded_code(behind, language, chapters[-1] if chapters else "")


def number_captions(html: str, language: str = "en") -> str:
    """`html` with captions numbered in document order, and every link to `#table-…` or `#figure-…` named by number.

    Raises RenderError when two tables or figures share a name, or a link points to none of them.
    """
    word = words(language)
    labels: dict[str, str] = {}
    counts = {"table": 0, "figure": 0}

    def count(match: re.Match[str]) -> str:
        kind, anchor = match["kind"], match["anchor"]
        if anchor in labels:
            raise RenderError(
                f"two {kind}s are named {anchor.removeprefix(kind + '-')!r}: "
                "the second would replace the first; give each its own name"
            )
        counts[kind] += 1
        labels[anchor] = f"{word[kind]} {counts[kind]}"
        return f'{match["before"]}<span class="crm-number">{labels[anchor]}.</span>'

    def refer(match: re.Match[str]) -> str:
        anchor = match["anchor"]
        if anchor not in labels:
            raise RenderError(f"the text refers to #{anchor}, but this report has: {', '.join(labels) or 'none'}")
        return f'<a href="#{anchor}">{labels[anchor]}</a>'

    return _REFERENCE.sub(refer, _MARKER.sub(count, html))


def contents_tree(headings: list[Heading]) -> list[tuple[Heading, list[Heading]]]:
    """Chapters (h2) with their sections (h3); deeper headings stay out of the table of contents."""
    tree: list[tuple[Heading, list[Heading]]] = []
    for heading in headings:
        if heading.level == 2 or not tree:
            tree.append((heading, []))
        elif heading.level == 3:
            tree[-1][1].append(heading)
    return tree


def render_template(name: str, language: str, *, scripts: Sequence[str] = ("page.js",), **values: Any) -> str:
    """A page template filled in; style sheet and scripts are put inside the page."""
    style = Markup((TEMPLATES / "style.css").read_text(encoding="utf-8"))
    script = Markup("".join("\n" + (TEMPLATES / file).read_text(encoding="utf-8") for file in scripts))
    environment = _environment()
    environment.filters["plain"] = partial(_plain_value, language=language)
    template = environment.get_template(name)  # read each time: a report's record names the templates it read
    digest = b64encode(sha256(script.encode()).digest()).decode("ascii")
    values = {"style": style, "script": script, "script_hash": digest, "dark": "", **values}
    return template.render(language=language, word=words(language), **values)


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.tests["long_code"] = lambda value: isinstance(value, str) and len(value) >= 32 and value.isalnum()
    return environment


def _plain_value(value: Any, key: str = "", *, language: str) -> str:
    """A provenance value as text: seconds with one decimal, `–` for nothing."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return words(language)[str(value).lower()]
    if isinstance(value, float):
        return words(language)["seconds"].format(seconds=value) if key == "duration" else f"{value:.10g}"
    return str(value)
