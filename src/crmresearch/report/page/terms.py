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
_WITHOUT = {"h1", "h2", "h3", "h4", "h5", "h6", "a", "form", "button", "summary", "code", "pre", "svg", "math", "dl"}
_LETTER = "[A-Za-z0-9_]"  # of a longer word; Chinese has no blanks between words


def explain_terms(html: str) -> str:
    """The body of a page with every word for a term linked to its entry where it first stands, in sight if it can."""
    entries = {found["anchor"]: found for found in _ENTRY.finditer(html)}
    words = {word: anchor for anchor, found in entries.items() for word in found["words"].split("|") if word}
    headings = {word: anchor for anchor, found in entries.items() for word in found["headings"].split("|") if word}
    meanings = {anchor: found["meaning"] for anchor, found in entries.items()}
    waiting = {*words, *headings}
    for folds in ({"details"}, set[str]()):
        html = _linked(html, meanings, words, headings, waiting, _WITHOUT | folds)
    return html


def _linked(
    html: str,
    meanings: Mapping[str, str],
    words: Mapping[str, str],
    headings: Mapping[str, str],
    waiting: set[str],
    without: set[str],
) -> str:
    """The page with the words `waiting` linked where they first stand outside `without`; these are taken from them."""
    forms = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    pattern = re.compile(f"(?<!{_LETTER})(?:{forms})(?!{_LETTER})") if forms else None

    def link(anchor: str, text: str) -> str:
        if text not in waiting:
            return text
        waiting.remove(text)
        meaning = f'aria-describedby="{anchor}-meaning" title="{meanings[anchor]}"'
        return f'<a class="term" href="#{anchor}" {meaning}>{text}</a>'

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
        elif waiting and not within and part.strip():
            if heads and (heading := part.replace("\u00a0", " ")) in headings:
                part = link(headings[heading], heading)
            elif pattern:
                part = pattern.sub(lambda found: link(words[found[0]], found[0]), part)
        told.append(part)
    return "".join(told)
