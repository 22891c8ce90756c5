"""A pseudo-language: every text of the package and of its data once more, each letter with a mark English never has.

A page told in it shows where a text is not taken from the texts: there the letters are bare.
"""

import json
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import yaml

LANGUAGE = "qps"
_MARKED = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "åƀçðéƒğħíĵķłɱñøþɋřšŧůṽŵẋÿžÅßÇÐÉƑĞĦÍĴĶŁṀÑØÞǪŘŠŦŮṼŴẊŸŽ",
)
SENTENCES = ("how_to_get", "identical_rows_reason")  # may be written in English only
# names of formats and files and commands to type, which are the same in every language
FORMATS = re.compile(r"`[^`]*`|\b(CSV|LaTeX|SVG|PNG|SHA-256)\b|\b[\w-]+\.(csv|tex|svg|png|html|parquet|ipynb)\b")
# citations, facts, formulas, code, addresses of links and entities are no words
_KEPT = re.compile(
    r"\[@[^\]]+\]|(?<!\w)@[a-z]+\d{4}|\$\$.+?\$\$|\$[^$\n]+\$|`[^`\n]+`|\]\([^)\s]+\)|&\w+;|\{[^{}]*\}", re.DOTALL
)
_TERM = re.compile(r"\[\[(?:(\w+)\|)?([^\[\]|]+)\]\]")


def marked(text: str) -> str:
    """The text in the pseudo-language; facts, the keys of terms, formulas and links stay."""
    text = _TERM.sub(lambda m: f"[[{m[1] or '_'.join(re.findall(r'[a-z0-9_]+', m[2].lower()))}|{m[2]}]]", text)
    told, last = [], 0
    for kept in sorted([*_KEPT.finditer(text), *re.finditer(r"\[\[\w+\|", text)], key=lambda m: m.start()):
        if kept.start() >= last:
            # of {count:customer|customers} the words are words
            numbered = re.fullmatch(r"(\{\w+:)([^|{}]+\|[^|{}]+\})", kept[0])
            inside = numbered[1] + numbered[2].translate(_MARKED) if numbered else kept[0]
            told += [text[last : kept.start()].translate(_MARKED), inside]
            last = kept.end()
    return "".join([*told, text[last:].translate(_MARKED)])


def add_language(package: Path, documents: list[Path]) -> None:
    """A `qps.yaml` beside every `en.yaml` of the package, and an entry `qps` beside every `en` of the documents."""
    for path in package.rglob("en.yaml"):
        sections = yaml.safe_load(path.read_text(encoding="utf-8"))
        twin = {name: {key: marked(text) for key, text in texts.items()} for name, texts in sections.items()}
        _write(path.with_name(f"{LANGUAGE}.yaml"), twin)
    for path in documents:
        _write(path, _with_entry(yaml.safe_load(path.read_text(encoding="utf-8"))))


def _with_entry(node: Any) -> Any:
    if isinstance(node, list):
        return [_with_entry(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    node = {key: {"en": text} if key in SENTENCES and isinstance(text, str) else text for key, text in node.items()}
    told = {key: _with_entry(entry) for key, entry in node.items()}
    return {**told, LANGUAGE: marked(node["en"])} if isinstance(node.get("en"), str) else told


def _write(path: Path, content: Any) -> None:
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")


class _Visible(HTMLParser):
    """What a reader sees or hears of a page, where it stands beside it: text, names of elements, texts in pictures."""

    SAID = ("alt", "title", "aria-label", "aria-description", "placeholder", "data-show", "data-hide", "summary")
    SILENT = ("script", "style", "pre", "code", "math")  # of these, code and formulas are no sentences
    EMPTY = ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.drawing = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        name = f"{tag}.{attributes['class']}" if attributes.get("class") else tag
        self.open += [] if tag in self.EMPTY else [name]
        self.found += [(f"{name} {key}", attributes[key] or "") for key in self.SAID if attributes.get(key)]
        if tag == "svg":
            self.drawing = f"picture {(attributes.get('aria-label') or '')[:40]}"

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop().split(".")[0] != tag:
            pass

    def handle_comment(self, data: str) -> None:
        if "svg" in self.open:  # matplotlib draws text as outlines, each with its text in a comment before it
            self.found.append((self.drawing, unescape(data).strip()))

    def handle_data(self, data: str) -> None:
        silent = any(name.split(".")[0] in self.SILENT for name in self.open)
        if data.strip() and not silent and not {"table.provenance", "td"} <= set(self.open):
            self.found.append((" > ".join(self.open[-3:]), " ".join(data.split())))


def visible(html: str) -> list[tuple[str, str]]:
    """Place and text of everything a reader of the page sees or hears."""
    reader = _Visible()
    reader.feed(html)
    reader.close()
    return reader.found


def bare_words(html: str, data: list[str]) -> list[tuple[str, str, str]]:
    """Word, place and text of every word of two or more letters without a mark that is not part of `data`."""
    told = re.compile("|".join(rf"(?<!\w){re.escape(text)}(?!\w)" for text in sorted(data, key=len, reverse=True)))
    found = []
    for place, text in visible(html):
        rest = FORMATS.sub(" ", told.sub(" ", text) if data else text)
        words = [word for word in re.findall(r"[^\W\d_]{2,}", rest) if word.isascii()]
        found += [(word, place, text) for word in words]
    return found


def codebook_data(path: Path) -> list[str]:
    """Words of a document that are data in every language: keys of items, citations, the names of files."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    cited = [" ".join(str(content[key]).split()) for key in ("citation", "currency", "file") if key in content]
    return [*cited, *content.get("items", {})]


def headline(folder: Path) -> str:
    """What the record of a report says first."""
    return str(json.loads((folder / "report.json").read_text(encoding="utf-8"))["headline"])
