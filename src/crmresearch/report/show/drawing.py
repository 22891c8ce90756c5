"""A drawing of matplotlib as part of a page: ids of its own, colours that the page turns light or dark."""

import re
from html import escape

from crmresearch.palette import on_dark

_DROPPED = re.compile(r"<metadata>.*?</metadata>|<style[^>]*>.*?</style>", re.DOTALL)
_REFERENCE = re.compile(r'(url\(#|href="#)([^")]+)')
_ID = re.compile(r' id="([^"]*)"')
_COLOUR = re.compile(r"(?<=: )#([0-9a-f]{6})\b")
_VARIABLE = re.compile(r"var\(--i([0-9a-f]{6}),")
_OUTLINE = re.compile(r'(?<= d=")[^"]*')
_DECIMALS = re.compile(r"(\.\d\d)\d+")  # a hundredth of a point is enough
# what matplotlib leaves out: black is what a fill is when nothing is said
_STYLE = "stroke-linejoin: round; stroke-linecap: butt; fill: #000000"


def inline_svg(svg: bytes, name: str, alt: str, width: int, height: int) -> str:
    """The drawing as an element of HTML, described by `alt`, `width` by `height` CSS pixels.

    Its ids begin with `name`, which no other drawing of the page has; those that nothing refers to are left out.
    A colour `#1f2933` is the variable `--i1f2933`, which falls back to itself.
    """
    text = svg.decode()
    head, body = _DROPPED.sub("", text[text.index("<svg") :]).split(">", 1)
    box = re.search(r'viewBox="[^"]*"', head)
    used = {target for _, target in _REFERENCE.findall(body)}
    body = _ID.sub(lambda found: f' id="{name}-{found[1]}"' if found[1] in used else "", body)
    body = _REFERENCE.sub(rf"\g<1>{name}-\g<2>", body)
    body = _OUTLINE.sub(lambda found: _DECIMALS.sub(r"\1", found[0]), body)
    root = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" role="img"'
        f' aria-label="{escape(alt)}" width="{width}" height="{height}" {box[0] if box else ""} style="{_STYLE}">'
    )
    return _COLOUR.sub(r"var(--i\1,#\1)", root + body).strip()


def dark_colours(html: str) -> str:
    """A style sheet that gives the colours of all drawings of a page their counterparts on dark paper."""
    colours = sorted(set(_VARIABLE.findall(html)))
    told = " ".join(f"--i{colour}: {on_dark(f'#{colour}')};" for colour in colours)
    return f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {told} }} }}\n" if told else ""
