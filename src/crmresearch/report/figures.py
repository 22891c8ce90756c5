"""Figures of a report: one SVG for the page, SVG and PNG for download, the same bytes every time."""

from dataclasses import dataclass
from html import escape
from io import BytesIO

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from crmresearch.report.record import write_output
from crmresearch.report.tables import check_name, data_uri, download_link
from crmresearch.report.wording import words

# text as outlines: a reader without our fonts sees the same figure; a fixed salt: the same ids every time
SVG_STYLE = {"svg.fonttype": "path", "svg.hashsalt": "crmresearch"}
PNG_DPI = 200


@dataclass(frozen=True, repr=False)
class FigureView:
    """One figure: its SVG and PNG bytes, caption and the text for those who do not see it."""

    svg: bytes
    png: bytes
    name: str
    caption: str
    alt: str
    width: int
    height: int
    language: str = "en"

    def __repr__(self) -> str:
        return f"Figure {self.name}: {self.caption}"

    def _repr_html_(self) -> str:
        anchor = f"figure-{self.name}"
        word = words(self.language)
        svg = download_link(self.svg, "image/svg+xml", f"{self.name}.svg", "SVG")
        png = download_link(self.png, "image/png", f"{self.name}.png", "PNG")
        size = " wide" if self.width > 620 else ""
        return f"""<figure class="crm-figure{size}" id="{anchor}">
<div class="crm-scroll crm-card" role="region" tabindex="0" aria-labelledby="{anchor}-caption">
<img src="{data_uri(self.svg, "image/svg+xml")}" alt="{escape(self.alt)}" width="{self.width}" \
height="{self.height}">
</div>
<figcaption id="{anchor}-caption"><span class="crm-number" data-counter="figure">{word["figure"]}</span> \
{escape(self.caption)}</figcaption>
<p class="crm-downloads">{word["download"]} {svg} {png}</p>
</figure>"""


def show_figure(figure: Figure, name: str, caption: str, alt: str, *, language: str = "en") -> FigureView:
    """A numbered figure with SVG and PNG (200 dpi) downloads; the matplotlib figure is closed.

    In a rendered report the files are also written to `figures/<name>.svg` and `.png`. `alt` says what the
    figure shows to a reader who cannot see it. Raises ValueError for an empty `alt` or an unusable `name`.
    """
    if not alt.strip():
        raise ValueError(f"figure {name!r} needs an alt text: what it shows, in a sentence")
    check_name(name)
    with mpl.rc_context(SVG_STYLE):  # type: ignore[arg-type]
        svg = _save(figure, "svg", {"Date": None, "Creator": None})
        png = _save(figure, "png", {"Software": None})
    plt.close(figure)
    width, height = _size_of_png(png)
    view = FigureView(svg, png, name, caption, alt, width, height, language)
    write_output("figures", f"{name}.svg", svg)
    write_output("figures", f"{name}.png", png)
    return view


def _save(figure: Figure, kind: str, metadata: dict[str, str | None]) -> bytes:
    buffer = BytesIO()
    figure.savefig(
        buffer, format=kind, dpi=PNG_DPI, metadata=metadata, bbox_inches="tight", pad_inches=0.08,
        facecolor="white",
    )  # fmt: skip
    return buffer.getvalue()


def _size_of_png(png: bytes) -> tuple[int, int]:
    """Width and height in CSS pixels (96 an inch), read from the PNG header."""
    pixels = int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")
    return round(pixels[0] * 96 / PNG_DPI), round(pixels[1] * 96 / PNG_DPI)
