"""The promise that a page loads nothing: whatever would be fetched is found before the page is written."""

import re
from html.parser import HTMLParser

from crmresearch.errors import RenderError

_LOADING = {"src", "srcset", "poster", "background", "data", "xlink:href", "action", "formaction"}
_INSIDE = ("data:", "#", "about:blank")
_CSS_ADDRESS = re.compile(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]?([^'\";]+)", re.IGNORECASE)


def external_resources(html: str) -> list[str]:
    """Everything in a page that a browser would fetch, one `element attribute=address` each; empty is good.

    Links a reader may follow (`a`, `area`) are not fetched and do not count.
    """
    finder = _Finder()
    finder.feed(html)
    finder.close()
    return finder.found


def check_self_contained(html: str) -> None:
    """RenderError naming everything the page would fetch."""
    found = external_resources(html)
    if found:
        listed = "\n".join(f"  - {address}" for address in found)
        raise RenderError(f"a report must open without a network, but this one would load:\n{listed}")


class _Finder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.in_style = tag == "style"
        for name, value in attrs:
            address = (value or "").strip()
            loads = name in _LOADING or (name == "href" and tag not in ("a", "area"))
            if loads and address and not address.lower().startswith(_INSIDE):
                self._note(tag, name, address)
            if name == "style":
                self._check_css(tag, address)
        if tag == "meta" and ("http-equiv", "refresh") in [(n, (v or "").lower()) for n, v in attrs]:
            self._note(tag, "http-equiv", "refresh")

    def handle_endtag(self, tag: str) -> None:
        self.in_style = self.in_style and tag != "style"

    def handle_data(self, data: str) -> None:
        if self.in_style:
            self._check_css("style", data)

    def _check_css(self, tag: str, css: str) -> None:
        for match in _CSS_ADDRESS.finditer(css):
            address = (match[1] or match[2]).strip()
            if not address.lower().startswith(_INSIDE):
                self._note(tag, "css", address)

    def _note(self, tag: str, attribute: str, address: str) -> None:
        self.found.append(f"{tag} {attribute}={address[:120]}")
