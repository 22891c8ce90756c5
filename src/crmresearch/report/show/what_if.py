"""Sliders that move what a linear forecast is made of: the page's script computes, a table says the same without it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmresearch.report.show.wording import words

Floats = NDArray[np.float64]
STEP = 0.1  # of a slider
DIGITS = 10  # significant, of the numbers a page carries


@dataclass(frozen=True)
class Outcome:
    """A forecast by its name: (1, shifts) · `centre` (1 + k,), its error from `covariance` (1 + k, 1 + k)."""

    name: str
    centre: Floats
    covariance: Floats


@dataclass(frozen=True)
class Choice:
    """A group to forecast for: by name, how far each of the k sliders goes down and up, and its outcomes."""

    name: str
    least: Floats
    most: Floats
    outcomes: Sequence[Outcome]


@dataclass(frozen=True, repr=False)
class WhatIf:
    """Sliders named `inputs` (k), for several `choices`; an interval is estimate ± `z` errors, within `ends`."""

    inputs: Sequence[str]
    choices: Sequence[Choice]
    z: float
    ends: tuple[float, float]
    title: str
    language: str = "en"

    def __repr__(self) -> str:
        return f"{self.title}: {', '.join(self.inputs)} ({', '.join(choice.name for choice in self.choices)})"

    def _repr_html_(self) -> str:
        # hidden until the script of the page, which alone can move anything, shows it
        word = words(self.language)
        options = "".join(f"<option>{escape(choice.name)}</option>" for choice in self.choices)
        sliders = "\n".join(_slider(name, word["what_if_scale"]) for name in self.inputs)
        results = "".join(
            f'<p class="result"><span>{escape(one.name)}</span> <output></output></p>'
            for one in self.choices[0].outcomes
        )
        return f"""<form class="crm-what-if" hidden aria-label="{escape(self.title)}" \
data-result="{escape(word["what_if_result"])}" data-model="{escape(self.model)}">
<p class="lead">{escape(self.title)}</p>
<label class="choice">{escape(word["what_if_choice"])} <select>{options}</select></label>
{sliders}
<div class="results">{results}</div>
<button type="button">{escape(word["what_if_reset"])}</button>
</form>"""

    @property
    def model(self) -> str:
        """The numbers of the forecasts as JSON."""
        choices = [
            {
                "least": _in_steps(choice.least),
                "most": _in_steps(choice.most),
                "outcomes": [[_rounded(one.centre), _rounded(one.covariance)] for one in choice.outcomes],
            }
            for choice in self.choices
        ]
        told: Mapping[str, Any] = {"z": float(f"{self.z:.{DIGITS}g}"), "ends": list(self.ends), "choices": choices}
        return json.dumps(told, separators=(",", ":"))


def show_what_if(
    title: str, inputs: Sequence[str], choices: Sequence[Choice], z: float, ends: tuple[float, float],
    *, language: str = "en",
) -> WhatIf:  # fmt: skip
    """Sliders for linear forecasts. Raises ValueError without any, and where shapes or outcomes do not agree."""
    k = len(inputs)
    if not inputs or not choices:
        raise ValueError("a what-if needs at least one slider and one choice")
    for choice in choices:
        if [one.name for one in choice.outcomes] != [one.name for one in choices[0].outcomes]:
            raise ValueError(f"the outcomes of {choice.name!r} are not those of {choices[0].name!r}")
        shapes = [(one.centre.shape, one.covariance.shape) for one in choice.outcomes]
        if {*shapes} != {((k + 1,), (k + 1, k + 1))} or choice.least.shape != (k,) or choice.most.shape != (k,):
            raise ValueError(f"the forecasts of {choice.name!r} do not fit {k} sliders")
    return WhatIf(tuple(inputs), tuple(choices), z, ends, title, language)


def _slider(name: str, scale: str) -> str:
    return (
        f'<div class="slider"><span aria-hidden="true">{escape(name)}</span> <input type="range" min="0" max="0" '
        f'step="{STEP}" value="0" aria-label="{escape(name)}"> <output></output> {escape(scale)}</div>'
    )


def _in_steps(ends: Floats) -> list[float]:
    """Ends of sliders as whole steps from 0, which each slider must be able to stand on."""
    return [round(int(end / STEP + np.copysign(1e-9, end)) * STEP, 1) + 0.0 for end in ends]


def _rounded(values: Floats) -> Any:
    return [_rounded(row) for row in values] if values.ndim > 1 else [float(f"{value:.{DIGITS}g}") for value in values]
