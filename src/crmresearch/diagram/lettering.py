"""How a path diagram is lettered: fonts, measured text, wrapped labels."""

from dataclasses import dataclass, field
from functools import lru_cache

from matplotlib import font_manager
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import FT2Font

# Points, at the width the figure is drawn in (504 points: the text width of a portrait A4 page).
CONSTRUCT, ESTIMATE, INDICATOR, HEADING = 8.6, 7.8, 7.2, 10.5

LATIN = "DejaVu Sans"  # comes with matplotlib: the same bytes on every machine
CHINESE = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Noto Sans CJK JP",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Microsoft YaHei",
    "PingFang SC",
    "Hiragino Sans GB",
    "SimHei",
    "Arial Unicode MS",
    "Droid Sans Fallback",
)
_DPI = 288  # measured finer than drawn, so that hinting does not round the widths


@lru_cache(maxsize=1)
def families() -> tuple[str, ...]:
    """The font families of a diagram: the Latin one and, where installed, one for Chinese."""
    installed = {entry.name for entry in font_manager.fontManager.ttflist}
    return (LATIN, *[name for name in CHINESE if name in installed][:1])


@lru_cache(maxsize=8)
def _characters(family: str) -> frozenset[int]:
    return frozenset(FT2Font(font_manager.findfont(family)).get_charmap())


def drawable(text: str) -> bool:
    """Whether the installed fonts have every character of the text."""
    known = frozenset().union(*(_characters(family) for family in families()))
    return all(character.isspace() or ord(character) in known for character in text)


@dataclass
class Lettering:
    """Measures and wraps text, in points."""

    _renderer: RendererAgg = field(default_factory=lambda: RendererAgg(16, 16, _DPI))
    _cache: dict[tuple[str, float], float] = field(default_factory=dict)

    def width(self, text: str, size: float) -> float:
        """The width of one line of text."""
        if (text, size) not in self._cache:
            font = FontProperties(family=list(families()), size=size)
            width, _, _ = self._renderer.get_text_width_height_descent(text, font, ismath=False)
            self._cache[text, size] = width * 72 / _DPI
        return self._cache[text, size]

    def wrap(self, text: str, size: float, width: float) -> tuple[str, ...]:
        """The text in as few lines as the width allows, balanced; a word that is too long is broken."""
        words = self._words(text, size, width)
        fewest = len(self._fill(words, size, width))
        # the narrowest measure that needs no more lines: balanced lines make a narrower ellipse
        for narrow in range(12, int(width) + 1, 2):
            lines = self._fill(words, size, float(narrow))
            if len(lines) <= fewest and max(self.width(line, size) for line in lines) <= narrow:
                return lines
        return self._fill(words, size, width)

    def _words(self, text: str, size: float, width: float) -> list[tuple[str, str]]:
        """(separator before, piece) pairs between which a line may break."""
        pieces: list[tuple[str, str]] = []
        for word in text.split():
            separator, piece = " ", ""
            for character in word:
                breakable = is_ideograph(character) or (piece and is_ideograph(piece[-1]))
                if piece and (breakable or self.width(piece + character, size) > width):
                    pieces.append((separator, piece))
                    separator, piece = "", ""
                piece += character
            pieces.append((separator, piece))
        return pieces or [("", "")]

    def _fill(self, words: list[tuple[str, str]], size: float, width: float) -> tuple[str, ...]:
        lines = [words[0][1]]
        for separator, piece in words[1:]:
            longer = lines[-1] + separator + piece
            if self.width(longer, size) <= width:
                lines[-1] = longer
            else:
                lines.append(piece)
        return tuple(lines)


def is_ideograph(character: str) -> bool:
    """Whether a line may break before and after the character."""
    return "\u2e80" <= character <= "\u9fff" or "\uf900" <= character <= "\uff60"
