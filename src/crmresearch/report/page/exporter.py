"""An executed notebook as one HTML file that opens from disk and loads nothing."""

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup

from crmresearch.paths import PACKAGE
from crmresearch.report.page.captions import number_captions
from crmresearch.report.page.cells import cell_to_html
from crmresearch.report.page.markdown import Heading, Outline
from crmresearch.report.page.self_contained import check_self_contained
from crmresearch.report.show.wording import fact_label, words

if TYPE_CHECKING:  # importing nbformat takes a second, which the index page need not wait
    from nbformat import NotebookNode

TEMPLATES = PACKAGE / "report" / "page" / "template"


def export_html(
    notebook: "NotebookNode",
    *,
    title: str,
    subtitle: str,
    provenance: Mapping[str, Any],
    language: str = "en",
    home: str | None = None,
) -> str:
    """The whole page of a report.

    `notebook`: executed. `provenance`: facts for the table at the end, in the order given; values may be
    mappings or lists. `home`: address of the index page, or None. Same notebook and facts, same bytes.
    Raises RenderError for a formula that cannot be set (naming the cell), two tables or figures of one name,
    a reference to a table that is not there, or anything the page would fetch from elsewhere.
    """
    outline = Outline()
    blocks = [cell_to_html(cell, number, outline, language) for number, cell in _with_silent_code_joined(notebook)]
    body = number_captions("\n\n".join(block for block in blocks if block), language)
    headings = [*outline.headings, Heading(2, words(language)["provenance"], "provenance")]
    page = render_template(
        "report.html.j2",
        language,
        title=title,
        subtitle=subtitle,
        home=home,
        contents=contents_tree(headings),
        body=Markup(body),
        provenance=[(fact_label(key, language), key, value) for key, value in provenance.items()],
    )
    check_self_contained(page)
    return page


def _with_silent_code_joined(notebook: "NotebookNode") -> list[tuple[int, Any]]:
    """Numbered cells; code that shows nothing (imports, say) is folded together with the code after it."""
    joined: list[tuple[int, Any]] = []
    silent: list[str] = []
    for number, cell in enumerate(notebook.cells, start=1):
        plain = cell.cell_type == "code" and not cell.metadata.get("tags")
        following = notebook.cells[number] if number < len(notebook.cells) else None
        if plain and not cell.outputs and following is not None and following.cell_type == "code":
            silent.append(cell.source)
            continue
        if silent:
            cell = type(cell)({**cell, "source": "\n\n".join([*silent, cell.source])})
            silent = []
        joined.append((number, cell))
    return joined


def contents_tree(headings: list[Heading]) -> list[tuple[Heading, list[Heading]]]:
    """Chapters (h2) with their sections (h3); deeper headings stay out of the table of contents."""
    tree: list[tuple[Heading, list[Heading]]] = []
    for heading in headings:
        if heading.level == 2 or not tree:
            tree.append((heading, []))
        elif heading.level == 3:
            tree[-1][1].append(heading)
    return tree


def render_template(name: str, language: str, **values: Any) -> str:
    """A page template filled in; style sheet and script are put inside the page."""
    style = Markup((TEMPLATES / "style.css").read_text(encoding="utf-8"))
    script = Markup("\n" + (TEMPLATES / "page.js").read_text(encoding="utf-8"))
    template = _environment().get_template(name)  # read each time: a report's record names the templates it read
    digest = b64encode(sha256(script.encode()).digest()).decode("ascii")
    values = {"style": style, "script": script, "script_hash": digest, **values}
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
    environment.filters["plain"] = _plain_value
    return environment


def _plain_value(value: Any, key: str = "") -> str:
    """A provenance value as text: seconds with one decimal, `–` for nothing."""
    if value is None or value == "":
        return "–"
    if isinstance(value, float):
        return f"{value:.1f} s" if key == "duration" else f"{value:.10g}"
    return str(value)
