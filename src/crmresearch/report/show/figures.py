"""Figures of a report: one SVG on the page, from which SVG and PNG are saved, the same bytes every time.

A notebook run by hand keeps one small PNG instead: every further drawing of a figure costs as much as the first.
"""

from dataclasses import dataclass
from html import escape
from io import BytesIO

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Text

from crmresearch.report.record import report_folder, write_output
from crmresearch.report.show.drawing import inline_svg
from crmresearch.report.show.tables import beside_page, check_name, data_uri
from crmresearch.report.show.wording import words

# text as outlines: a reader without our fonts sees the same figure; a fixed salt: the same ids every time
SVG_STYLE = {"svg.fonttype": "path", "svg.hashsalt": "crmresearch", "text.parse_math": False}
PNG_DPI = 200
PREVIEW_DPI = 72
PLACES = 10  # of the position of axes, in shares of the figure


@dataclass(frozen=True, repr=False)
class FigureView:
    """One figure: its SVG (empty outside a rendered report) and PNG bytes, caption, text for those who do not see it,
    how to read it.

    `width`, `height`: in CSS pixels.
    """

    svg: bytes
    png: bytes
    name: str
    caption: str
    alt: str
    reading: str
    width: int
    height: int
    language: str = "en"

    def __repr__(self) -> str:
        return f"Figure {self.name}: {self.caption}"

    def _repr_html_(self) -> str:
        anchor = f"figure-{self.name}"
        word = words(self.language)
        reading = f'<p class="crm-reading"><span class="lead">{word["reading"]}</span> {escape(self.reading)}</p>'
        size = " wide" if self.width > 620 else ""
        source = f'src="{data_uri(self.png, "image/png")}" alt="{escape(self.alt)}"'
        picture = (
            inline_svg(self.svg, self.name, self.alt, self.width, self.height)
            if self.svg
            else f'<img {source} width="{self.width}" height="{self.height}">'
        )
        return f"""<figure class="crm-figure{size}" id="{anchor}">
<div class="crm-scroll crm-card" role="region" tabindex="0" aria-labelledby="{anchor}-caption">
{picture}
</div>
<figcaption id="{anchor}-caption"><span class="crm-number" data-counter="figure">{word["figure"]}</span> \
{escape(self.caption)}</figcaption>
{reading}{self._downloads() if self.svg else ""}
</figure>"""

    def _downloads(self) -> str:
        # the script of the page saves what is drawn on it; where none runs, the files beside the page serve
        links = " ".join(
            f'<a class="crm-save" download="{file}" href="{beside_page("figures", file)}"'
            f' aria-label="{label}: {file}">{label}</a>'
            for label, file in (("SVG", f"{self.name}.svg"), ("PNG", f"{self.name}.png"))
        )
        return f'\n<p class="crm-downloads">{words(self.language)["download"]} {links}</p>'


def show_figure(figure: Figure, name: str, caption: str, alt: str, reading: str, *, language: str = "en") -> FigureView:
    """A numbered figure; in a rendered report with SVG and PNG (200 dpi) downloads. The drawing is closed.

    In a rendered report the files are also written to `figures/<name>.svg` and `.png`; a notebook run by hand
    keeps a small picture. `alt` says what the figure shows to a reader who cannot see it, `reading` in a line below
    it how to read it. Raises ValueError when either is empty, or for an unusable `name`.
    """
    if not alt.strip():
        raise ValueError(f"figure {name!r} needs an alt text: what it shows, in a sentence")
    if not reading.strip():
        raise ValueError(f"figure {name!r} needs a line that says how to read it")
    check_name(name)
    rendered = report_folder() is not None
    dpi = PNG_DPI if rendered else PREVIEW_DPI
    for text in figure.findobj(Text):
        text.set_parse_math(False)  # a name with two dollar signs is a name
    if isinstance(engine := figure.get_layout_engine(), ConstrainedLayoutEngine):
        figure.set_layout_engine(_RoundedLayout(**engine.get()))
    with mpl.rc_context(SVG_STYLE):  # type: ignore[arg-type]
        svg = _save(figure, "svg", dpi, {"Date": None, "Creator": None}) if rendered else b""
        png = _save(figure, "png", dpi, {"Software": None})
    plt.close(figure)
    view = FigureView(svg, png, name, caption, alt, reading, *_size_of_png(png, dpi), language)
    if rendered:
        write_output("figures", f"{name}.svg", svg)
        write_output("figures", f"{name}.png", png)
    return view


class _RoundedLayout(ConstrainedLayoutEngine):
    """A constrained layout whose axes stand at the same place in every run.

    Its solver orders equations by memory address, so that last bits differ; an SVG names its clip paths by all bits.
    """

    def execute(self, fig: Figure) -> None:
        super().execute(fig)
        for axes in fig.axes:
            axes.set_position(np.round(axes.get_position(original=True).bounds, PLACES).tolist(), which="original")
            axes.set_in_layout(True)


def _save(figure: Figure, kind: str, dpi: int, metadata: dict[str, str | None]) -> bytes:
    buffer = BytesIO()
    figure.savefig(
        buffer, format=kind, dpi=dpi, metadata=metadata, bbox_inches="tight", pad_inches=0.08,
        facecolor="white",
    )  # fmt: skip
    return buffer.getvalue()


def _size_of_png(png: bytes, dpi: int) -> tuple[int, int]:
    """Width and height in CSS pixels (96 an inch), read from the PNG header."""
    pixels = int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")
    return round(pixels[0] * 96 / dpi), round(pixels[1] * 96 / dpi)
