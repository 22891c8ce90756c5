"""The colours of every figure: told apart under red-green blindness, with their counterparts on dark paper.

Colours used together differ by at least `APART` in OKLab, also as seen with deuteranopia and protanopia; what they
mean is said by a mark, a line style or a label as well.
"""

from functools import lru_cache

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import ListedColormap, to_hex, to_rgb
from numpy.typing import NDArray

INK, QUIET, PALE, RULE, GRID, SHADE = "#1f2933", "#8c8c96", "#c9ced4", "#d5dae0", "#e4e7eb", "#eef1f4"
ACCENT, ACCENT_BAND, WARM, SKY, BROWN = "#1f5f8b", "#b9d0e0", "#d07800", "#5a8ff0", "#7d2b12"
SERIES = (ACCENT, WARM, BROWN, SKY, INK, QUIET)
POSITIVE, NEGATIVE, MUTED = "#1f4e79", "#a3262a", "#4a5763"  # of a path diagram
LIGHT_PAPER, DARK_PAPER = "#ffffff", "#14171a"
APART = 0.1  # five times what is just noticed, about 0.02 (Ottosson 2020)

# Ottosson (2020), A perceptual color space for image processing: linear sRGB to LMS, its cube root to OKLab
_LMS = np.array([[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
                 [0.0883024619, 0.2817188376, 0.6299787005]])  # fmt: skip
_LAB = np.array([[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
                 [0.0259040371, 0.7827717662, -0.8086757660]])  # fmt: skip
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
_FLARE = 0.05  # WCAG 2.2, definition of contrast ratio
_MOST = 0.82  # luminance on dark paper: white letters would glare

Colour = NDArray[np.float64]


def shades(count: int) -> list[str]:
    """Colours (count,) of ordered things, from dark to light as lightness alone tells them, none too pale for white."""
    return [to_hex(colour) for colour in colormaps["cividis"](np.linspace(0.0, 0.8, count))]


def in_steps(name: str, steps: int = 40) -> ListedColormap:
    """A colour map of matplotlib in so many steps: few colours, and its bar is drawn as lines, not as a picture."""
    return ListedColormap(colormaps[name](np.linspace(0, 1, steps)), f"{name}_{steps}")


def linear(colour: str) -> Colour:
    """Linear sRGB (3,) of a colour (IEC 61966-2-1)."""
    rgb = np.array(to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def oklab(light: Colour) -> Colour:
    """OKLab (…, 3) of linear sRGB (…, 3)."""
    lab: Colour = np.cbrt(light @ _LMS.T) @ _LAB.T
    return lab


def contrast(colour: str, paper: str = LIGHT_PAPER) -> float:
    """WCAG contrast ratio of two colours, 1 to 21."""
    low, high = sorted(float(linear(c) @ _LUMINANCE) + _FLARE for c in (colour, paper))
    return high / low


@lru_cache(maxsize=4096)
def on_dark(colour: str) -> str:
    """The colour of the same hue that has the contrast to dark paper which this one has to white.

    Contrasts between two colours stay as they are too: white numbers on a dark cell become dark ones on a light cell.
    """
    _, a, b = oklab(linear(colour))
    wanted = contrast(colour) * (float(linear(DARK_PAPER) @ _LUMINANCE) + _FLARE) - _FLARE
    if colour == LIGHT_PAPER:
        return DARK_PAPER
    lightness = np.linspace(0, 1, 512)
    lab = np.column_stack([lightness, np.full_like(lightness, a), np.full_like(lightness, b)])
    light = np.clip((lab @ np.linalg.inv(_LAB).T) ** 3 @ np.linalg.inv(_LMS).T, 0, 1)
    bright = light @ _LUMINANCE
    chosen = light[np.abs(bright - min(wanted, _MOST)).argmin()]
    return to_hex(np.where(chosen <= 0.0031308, 12.92 * chosen, 1.055 * chosen ** (1 / 2.4) - 0.055))
