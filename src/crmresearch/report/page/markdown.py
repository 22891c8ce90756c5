"""Notebook markdown as HTML: equations as MathML, headings with ids, tables and images made accessible."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape, unescape
from typing import Any

from math_core import LatexError, LatexToMathML
from nbconvert.filters.markdown_mistune import InvalidNotebook, IPythonRenderer, MarkdownWithMath

from crmresearch.errors import RenderError
from crmresearch.report.show.wording import words

# ids the page itself uses
_RESERVED = ("content", "contents", "provenance", "title", "code-toggle")
_MATHML = LatexToMathML(fancy_error=False, id_prefix="equation-")


@dataclass(frozen=True)
class Heading:
    """One entry of the table of contents; `text` is plain."""

    level: int
    text: str
    anchor: str


@dataclass
class Outline:
    """The headings met so far, the anchors taken, and the notebook's own title (not printed)."""

    title: str | None = None
    headings: list[Heading] = field(default_factory=list)
    taken: set[str] = field(default_factory=lambda: set(_RESERVED))

    def add(self, level: int, html: str) -> Heading:
        """Register a heading; its anchor is its text in lower case, numbered when it comes again."""
        text = unescape(re.sub(r"<[^>]+>", "", html)).strip()
        slug = "-".join(re.findall(r"\w+", text.lower())) or "section"
        anchor, number = slug, 1
        while anchor in self.taken:
            number += 1
            anchor = f"{slug}-{number}"
        self.taken.add(anchor)
        heading = Heading(level, text, anchor)
        self.headings.append(heading)
        return heading

    @property
    def level(self) -> int:
        """Level of the latest heading; 1 before the first, because the page title is the only h1."""
        return self.headings[-1].level if self.headings else 1


def mathml(formula: str, *, display: bool, where: str, language: str = "en") -> str:
    """A LaTeX formula as MathML; RenderError naming `where` when it cannot be converted."""
    try:
        converted = str(_MATHML.convert_with_local_state(formula.strip(), displaystyle=display))
    except LatexError as error:
        raise RenderError(
            f"{where}: the formula ${formula.strip()}$ cannot be set as MathML: {error}. "
            "Correct it, or write \\$ where a dollar sign is meant."
        ) from error
    if not display:
        return converted
    label = words(language)["equation"]
    return f'<span class="equation" role="group" tabindex="0" aria-label="{label}">{converted}</span>'


def markdown_to_html(
    source: str,
    outline: Outline,
    where: str,
    language: str = "en",
    attachments: Mapping[str, Any] | None = None,
) -> str:
    """One markdown cell as HTML; its headings are added to `outline`.

    The first level-1 heading of a page is left out (the page has a title of its own), later ones become h2.
    Tags are shown as they are written, and a link leads to the web, to a letter or within the page, never to a script.
    Raises RenderError naming `where` for a formula that cannot be set or a missing attachment.
    """
    renderer = _Renderer(outline, where, language, dict(attachments or {}))
    try:
        return str(MarkdownWithMath(renderer=renderer).render(source)).strip()
    except InvalidNotebook as error:
        raise RenderError(f"{where}: {error}") from error


def _leads_somewhere(url: str) -> bool:
    """Whether a link has no scheme or one that runs nothing; browsers skip blanks within a scheme."""
    scheme = re.match(r"[^/?#]*?:", re.sub(r"[\x00-\x20]", "", unescape(url)).lower())
    return scheme is None or scheme[0] in ("http:", "https:", "mailto:")


class _Renderer(IPythonRenderer):
    def __init__(self, outline: Outline, where: str, language: str, attachments: dict[str, Any]) -> None:
        super().__init__(escape=False, exclude_anchor_links=True, attachments=attachments)
        self.outline, self.where, self.language = outline, where, language

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        if level == 1 and self.outline.title is None and not self.outline.headings:
            self.outline.title = text
            return ""
        level = max(level, 2)
        heading = self.outline.add(level, text)
        return f'<h{level} id="{escape(heading.anchor)}">{text}</h{level}>\n'

    def block_math(self, body: str) -> str:
        return mathml(body, display=True, where=self.where, language=self.language)

    def inline_math(self, body: str) -> str:
        return mathml(body, display=False, where=self.where)

    def latex_environment(self, name: str, body: str) -> str:
        environment = rf"\begin{{{name}}}{body}\end{{{name}}}"
        return mathml(environment, display=True, where=self.where, language=self.language)

    def block_html(self, html: str) -> str:
        return f"<p>{escape(html.strip())}</p>\n"

    def inline_html(self, html: str) -> str:
        return escape(html)

    def link(self, text: str, url: str, title: str | None = None) -> str:
        return str(super().link(text, url, title)) if _leads_somewhere(url) else text

    def block_code(self, code: str, info: str | None = None) -> str:
        drawn = (info or "").startswith("mermaid")  # which would pass unescaped, and no script draws it
        html = str(super().block_code(code, None if drawn else info))
        return html.replace("<pre>", '<pre tabindex="0">', 1)

    def table(self, text: str) -> str:
        label = f"{words(self.language)['table']} ({escape(self.where)})"
        return (
            f'<div class="crm-scroll" role="region" tabindex="0" aria-label="{label}"><table>\n{text}</table></div>\n'
        )
