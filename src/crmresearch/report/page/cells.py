"""Notebook cells as HTML blocks: text, folded code, and what the code showed."""

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from html import escape
from typing import Any

from nbconvert.filters import strip_ansi
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from crmresearch.report.page.markdown import Outline, markdown_to_html, mathml
from crmresearch.report.show.wording import words

_TITLES = {"injected-parameters": "parameters", "parameters": "parameters_default"}
_PROSE = re.compile(r'story\.(prose\("\w+"\)|references\(\)|terms\(\))')  # text, which no reader looks for code behind
_TO = re.compile(r"(?<=[\d%]) (to) (?=[−+-]?\d)")
_BRACKETS = re.compile(r"(\[[−+-]?[\d.,]+%?), (?=[−+-]?[\d.,]+%?\])")
# a date in a text: not in the attribute of a tag, an address or a longer number
_DATE = re.compile(r"(?<![\w/.-])\d{4}-\d{2}-\d{2}(?![\w-])(?=[^<>]*(?:<|\Z))")
_BOX_LEVEL = re.compile(r'(<div class="box-title"[^>]*aria-level=")\d')


def cell_to_html(cell: Any, number: int, outline: Outline, language: str = "en") -> str:
    """What one cell shows as HTML, without its code; empty when it shows nothing.

    `number` counts cells from 1 and names the cell in messages; headings are added to `outline`.
    """
    where = words(language)["cell"].format(number=number)
    if cell.cell_type == "markdown":
        return unbroken(markdown_to_html(cell.source, outline, where, language, cell.get("attachments")))
    if cell.cell_type != "code":
        return ""
    blocks = [_output(output, number, outline, language) for output in cell.outputs]
    return "\n".join(block for block in blocks if block)


def folded_code(cells: Iterable[Any], language: str = "en", chapter: str = "") -> Iterator[str]:
    """The code of the cells of a chapter as one fold, the report's parameters as folds of their own before it.

    Left out is the code of cells that are tagged `hide` or show prose only. Who goes from fold to fold hears of which
    `chapter` each is.
    """
    sources: dict[str, list[str]] = {}
    for cell in cells:
        tags = set(cell.metadata.get("tags", []))
        if cell.cell_type != "code" or "hide" in tags or not cell.source.strip():
            continue
        if not _PROSE.fullmatch(cell.source.strip()):
            title = next((_TITLES[tag] for tag in _TITLES if tag in tags), "code")
            sources.setdefault(title, []).append(cell.source)
    folds = [
        _code("\n\n".join(sources[title]), title, language, chapter)
        for title in (*_TITLES.values(), "code")
        if title in sources
    ]
    if folds:
        yield "\n".join(['<div class="code-folds">', *folds, "</div>"])


def _code(source: str, title: str, language: str, chapter: str) -> str:
    name = words(language)[title]
    of = f' aria-label="{escape(f"{name}: {chapter}")}"' if chapter else ""
    formatted = highlight(source, PythonLexer(), HtmlFormatter(nowrap=True)).rstrip("\n")
    return (
        f'<details class="code"><summary{of}>{name}</summary>'
        f'<pre class="highlight" tabindex="0"><code>{formatted}</code></pre></details>'
    )


def _output(output: Any, number: int, outline: Outline, language: str) -> str:
    if output.output_type == "error":
        return _error(output, language)
    if output.output_type == "stream":
        text = strip_ansi(output.text).rstrip()
        if not text:
            return ""
        if output.name == "stderr":
            title = words(language)["stderr"]
            return f'<div class="stderr"><p>{title}</p><pre tabindex="0">{escape(text)}</pre></div>'
        return _plain(text)
    return _rich(output.data, output.get("metadata", {}), number, outline, language)


def _rich(data: Any, metadata: Any, number: int, outline: Outline, language: str) -> str:
    """The richest representation that a page can hold."""
    where = words(language)["cell_output"].format(number=number)
    if "text/html" in data:
        html = str(data["text/html"])
        if 'class="crm-' in html:
            level = min(outline.level + 1, 6)
            return _BOX_LEVEL.sub(rf"\g<1>{level}", unbroken(html))
        label = f"{words(language)['output']} {number}"
        html = html.replace("<th></th>", "<td></td>")  # the empty corner of a data frame is no heading
        return f'<div class="crm-scroll output" role="region" tabindex="0" aria-label="{label}">\n{html}\n</div>'
    if "text/markdown" in data:
        return unbroken(markdown_to_html(str(data["text/markdown"]), outline, where, language))
    if "text/latex" in data:
        formula = str(data["text/latex"]).strip().strip("$")
        return f"<p>{mathml(formula, display=True, where=where, language=language)}</p>"
    for kind in ("image/svg+xml", "image/png", "image/jpeg"):
        if kind in data:
            content = str(data[kind])
            encoded = b64encode(content.encode()).decode() if kind == "image/svg+xml" else content
            alt = escape(str(metadata.get("alt") or f"{words(language)['output']} {number}"))
            source = f"data:{kind};base64,{''.join(encoded.split())}"
            return f'<p class="crm-card"><img src="{source}" alt="{alt}"></p>'
    return _plain(str(data.get("text/plain", "")))


def unbroken(html: str) -> str:
    """The HTML in which no line ends within an interval, `0.12 to 0.34` or `[0.12, 0.34]`, or a date, `1997-06-30`."""
    html = _TO.sub("\u00a0\\1\u00a0", _BRACKETS.sub("\\1,\u00a0", html))
    return _DATE.sub(r'<span class="crm-unbroken">\g<0></span>', html)


def _plain(text: str) -> str:
    return f'<pre class="output" tabindex="0">{escape(text)}</pre>' if text.strip() else ""


def _error(output: Any, language: str) -> str:
    word = words(language)
    traceback = escape(strip_ansi("\n".join(output.traceback)))
    return f"""<div class="error" role="group" aria-label="{word["error"]}">
<p><strong>{word["error"]}.</strong> {escape(output.ename)}: {escape(output.evalue)}</p>
<details><summary>{word["traceback"]}</summary><pre tabindex="0">{traceback}</pre></details>
</div>"""
