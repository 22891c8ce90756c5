"""Tables and figures counted in document order, and references to them by number."""

import re

from crmresearch.errors import RenderError
from crmresearch.report.show.wording import words

_MARKER = re.compile(
    r'(?P<before><figure class="crm-(?P<kind>table|figure)[^"]*" id="(?P<anchor>[^"]+)">.*?)'
    r'<span class="crm-number" data-counter="(?P=kind)">[^<]*</span>',
    re.DOTALL,
)
_REFERENCE = re.compile(r'<a href="#(?P<anchor>(?:table|figure)-[^"]+)">.*?</a>', re.DOTALL)


def number_captions(html: str, language: str = "en") -> str:
    """`html` with every caption marker numbered and every link to `#table-…` or `#figure-…` named by number.

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
