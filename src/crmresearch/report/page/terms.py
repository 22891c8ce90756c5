"""Every term of the glossary becomes, where it first stands on the page, a link that shows what it means."""

import re
from collections.abc import Mapping

_ENTRY = re.compile(
    r'<dt id="(?P<anchor>term-\w+)" data-words="(?P<words>[^"]*)" data-headings="(?P<headings>[^"]*)">.*?</dt>\s*'
    r'<dd id="(?P=anchor)-meaning">(?P<meaning>.*?)</dd>',
    re.DOTALL,
)
_TAG = re.compile(r"(<[^>]*>)")
_PARTS = re.compile(r"<(?P<closes>/?)(?P<name>[a-z][a-z0-9]*)")
# within these nothing is explained: headings, links, code, formulas and the glossary itself
_WITHOUT = {"h1", "h2", "h3", "h4", "h5", "h6", "a", "button", "summary", "code", "pre", "svg", "math", "dl"}
_LETTER = "[A-Za-z0-9_]"  # of a longer word; Chinese has no blanks between words


def explain_terms(html: str) -> str:
    """The body of a page with the first place of every term linked to its entry; what is folded away comes last."""
    entries = {found["anchor"]: found for found in _ENTRY.finditer(html)}
    links = {
        anchor: f'<a class="term" href="#{anchor}" aria-describedby="{anchor}-meaning" title="{found["meaning"]}">'
        for anchor, found in entries.items()
    }
    words = {word: anchor for anchor, found in entries.items() for word in found["words"].split("|") if word}
    headings = {word: anchor for anchor, found in entries.items() for word in found["headings"].split("|") if word}
    for folds in ({"details"}, set[str]()):
        html = _linked(html, links, words, headings, _WITHOUT | folds)
    return html


def _linked(
    html: str, links: dict[str, str], words: Mapping[str, str], headings: Mapping[str, str], without: set[str]
) -> str:
    """The page with the terms of `links` linked where they first stand outside `without`; these are taken from it."""
    forms = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    pattern = re.compile(f"(?<!{_LETTER})(?:{forms})(?!{_LETTER})") if forms else None

    def link(anchor: str, text: str) -> str:
        return f"{links.pop(anchor)}{text}</a>" if anchor in links else text

    told, within, heads = [], list[str](), False
    for part in _TAG.split(html):
        if part.startswith("<"):
            tag = _PARTS.match(part)
            name = tag["name"] if tag else ""
            heads = name == "th" and bool(tag) and not tag["closes"] if tag else heads
            if tag and tag["closes"] and within and within[-1] == name:
                within.pop()
            elif tag and not tag["closes"] and (name in without or 'role="heading"' in part or name in within):
                within.append(name)
        elif links and not within and part.strip():
            if heads and (anchor := headings.get(part.replace("\u00a0", " "))) in links:
                part = link(str(anchor), part)
            elif pattern:
                part = pattern.sub(lambda found: link(words[found[0]], found[0]), part)
        told.append(part)
    return "".join(told)
