"""Text and tables as LaTeX source (booktabs), safe to paste into a paper."""

from collections.abc import Sequence

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "−": "$-$",
    "–": "--",
    "—": "---",
    "×": r"$\times$",
    "·": r"$\cdot$",
    "±": r"$\pm$",
    "→": r"$\rightarrow$",
    "←": r"$\leftarrow$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "≈": r"$\approx$",
    "≠": r"$\neq$",
    "∞": r"$\infty$",
    "²": r"\textsuperscript{2}",
    "³": r"\textsuperscript{3}",
    "°": r"\textdegree{}",
    "…": r"\dots{}",
    "\u00a0": "~",
    **{
        letter: rf"$\{name}$"
        for letter, name in {
            "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "varepsilon", "ζ": "zeta",
            "η": "eta", "θ": "theta", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi",
            "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "φ": "varphi", "χ": "chi", "ψ": "psi",
            "ω": "omega", "Γ": "Gamma", "Δ": "Delta", "Λ": "Lambda", "Σ": "Sigma", "Φ": "Phi", "Ω": "Omega",
        }.items()
    },
}  # fmt: skip


def escape_latex(text: str) -> str:
    """`text` on one line, every character written out that means something to LaTeX or is missing from its fonts."""
    line = " ".join(text.splitlines())  # an empty one would end the argument of a caption
    return "".join(_SPECIAL.get(character, character) for character in line)


def latex_table(
    name: str,
    caption: str,
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    numeric: Sequence[bool],
    note: str | None = None,
) -> str:
    """A `table` environment with booktabs rules; needs `\\usepackage{booktabs}` and utf8 input.

    `rows` are formatted cells; a minus in a numeric column is set as a minus sign.
    """
    alignment = "".join("r" if is_numeric else "l" for is_numeric in numeric)
    lines = [
        r"% \usepackage{booktabs}",
        r"\begin{table}",
        r"  \centering",
        rf"  \caption{{{escape_latex(caption)}}}",
        rf"  \label{{tab:{name}}}",
        rf"  \begin{{tabular}}{{{alignment}}}",
        r"    \toprule",
        "    " + _line([escape_latex(heading) for heading in headings]),
        r"    \midrule",
    ]
    for row in rows:
        cells = [
            escape_latex(cell.replace("-", "−") if is_numeric else cell)
            for cell, is_numeric in zip(row, numeric, strict=True)
        ]
        # a row that starts with a bracket would be read as the optional argument of \\
        cells[0] = "{}" + cells[0] if cells[0].startswith("[") else cells[0]
        lines.append("    " + _line(cells))
    lines += [r"    \bottomrule", r"  \end{tabular}"]
    if note:
        lines += [r"  \par\smallskip", rf"  \footnotesize {escape_latex(note)}"]
    return "\n".join([*lines, r"\end{table}", ""])


def _line(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"
