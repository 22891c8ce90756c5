"""Colours of figures: told apart by everybody, on white and on dark paper."""

from itertools import combinations

import numpy as np
import pytest

from crmresearch import palette
from crmresearch.palette import APART, DARK_PAPER, LIGHT_PAPER, contrast, linear, oklab, on_dark

# Machado, Oliveira & Fernandes (2009), IEEE TVCG 15(6), table 1: severity 1.0, linear RGB
SIGHT = {
    "normal": np.eye(3),
    "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                            [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                              [-0.011820, 0.042940, 0.968881]]),
}  # fmt: skip
TOGETHER = {
    "series": palette.SERIES,
    "path diagram": (palette.POSITIVE, palette.NEGATIVE),
    "five segments": tuple(palette.shades(5)),
}


def test_oklab_of_published_colours() -> None:
    """White is (1, 0, 0); sRGB red is oklch(62.796% 0.25768 29.234) in CSS Color 4."""
    assert oklab(linear("#ffffff")) == pytest.approx([1, 0, 0], abs=1e-4)
    red = oklab(linear("#ff0000"))
    polar = [red[0], np.hypot(*red[1:]), np.degrees(np.arctan2(red[2], red[1]))]
    assert polar == pytest.approx([0.62796, 0.25768, 29.234], abs=2e-3)


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("paper", ["light", "dark"])
@pytest.mark.parametrize("used", TOGETHER)
def test_colours_used_together_are_told_apart(used: str, paper: str, sight: str) -> None:
    colours = [on_dark(colour) if paper == "dark" else colour for colour in TOGETHER[used]]
    seen = {c: oklab(np.clip(SIGHT[sight] @ linear(c), 0, 1)) for c in colours}
    close = {pair: np.linalg.norm(seen[pair[0]] - seen[pair[1]]) for pair in combinations(colours, 2)}
    assert not {pair: round(float(far), 3) for pair, far in close.items() if far < APART}


@pytest.mark.parametrize("colour", palette.SERIES)
def test_marks_stand_out_from_either_paper(colour: str) -> None:
    """WCAG 2.2, 1.4.11: graphics have a contrast of 3."""
    assert contrast(colour, LIGHT_PAPER) >= 3
    assert contrast(on_dark(colour), DARK_PAPER) >= 3


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000") == pytest.approx(21)
    assert contrast("#767676") == pytest.approx(4.54, abs=0.005)  # the lightest grey for text on white (WebAIM)
