"""The base of every story: one language, its texts, and how results become sentences, tables and figures."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Literal

import pandas as pd
from matplotlib.figure import Figure

from crmresearch.caution import Caution, Severity
from crmresearch.report.show.boxes import SEVERITIES
from crmresearch.report.show.figures import FigureView, show_figure
from crmresearch.report.show.paragraphs import Prose
from crmresearch.report.show.tables import Table, WrittenTable, show_table, write_table
from crmresearch.report.show.wording import columns
from crmresearch.texts import Sentence, Texts, without_marks

Row = tuple[str, str, str, str]  # a caution as told: code, severity, quantity, message


class Story:
    """What one report says. A subclass is a frozen dataclass of results whose last field is `language`.

    Texts are those of its folder: `say` fills a sentence in, `prose` gives paragraphs of Markdown, `show_table` and
    `show_figure` find their captions (`table.<name>`, `figure.<name>`, `alt.<name>`) and column headings there.
    """

    texts: ClassVar[Texts]
    language: str

    def say(self, key: str, **facts: Any) -> str:
        """A sentence of this story in its language, which knows its key and facts. KeyError for one nobody wrote."""
        told = self.texts.say(key, self.language, **facts)
        self._terms.update(told.terms)
        return told

    def listed(self, words: Sequence[str]) -> str:
        """Words as a list in a sentence, a, b and c; a dash for none."""
        return self.texts.listed(words or ["–"], self.language)

    def some(self, words: Sequence[str], most: int = 4) -> str:
        """The first few of many words as a list in a sentence, and how many more there are: at most `most` entries."""
        kept = words if len(words) <= most else [*words[: most - 1], self.say("list.more", count=len(words) - most + 1)]
        return self.listed(kept)

    def text(self, texts: Mapping[str, str]) -> str:
        """A text of a codebook, a theory or a method in the language of the story."""
        return texts.get(self.language, texts["en"])

    def quantity(self, written: str) -> str:
        """What a caution is about, `quantity.<word>` for words that have a text; names of items and parameters stay."""
        words = self.texts.section("quantity", self.language)
        whole = words.get(written.replace(" ", "_"))
        return whole or re.sub(r"[a-z_]+", lambda word: words.get(word[0], word[0]), written)

    def named(self, frame: pd.DataFrame, **names: str | Callable[[Any], str]) -> pd.DataFrame:
        """The frame for readers: in the columns of `names`, names instead of keys.

        A name is what a function makes of the key, or the text of the key in a section, such as `verdict="word"`.
        """
        told = {
            column: [self.say(f"{name}.{key}") if isinstance(name, str) else name(key) for key in frame[column]]
            for column, name in names.items()
        }
        return frame.assign(**told).reset_index(drop=True)

    def caution(self, key: str, severity: Severity, quantity: str = "", **facts: Any) -> Row:
        """A caution told by the sentence `key`, the last part of which is its code."""
        return key.partition(".")[2], severity, quantity, self.say(key, **facts)

    def value_cautions(self, found: Iterable[Caution]) -> Iterator[Row]:
        """The cautions of the value models, told."""
        for one in found:
            key = f"value_caution.{one.code}"
            yield self.caution(key, one.severity, self.quantity(one.quantity), parameter=one.quantity, **one.facts)

    def evaluation_cautions(
        self, found: pd.DataFrame, labels: Callable[[str], Mapping[str, str]], name: Callable[[str], str]
    ) -> Iterator[Row]:
        """The warnings of an `Evaluation`, told: one a code and method; `labels` of the segments of a method by key."""
        found = found.fillna({"method": "", "segment": ""})
        for (code, severity, method), part in found.groupby(["code", "severity", "method"], sort=False):
            known = labels(method) if method else {}
            rows = part[part["segment"] != ""].itertuples()
            named = [f"{known.get(row.segment, row.segment)} ({row.customers:,.0f})" for row in rows]
            facts = {"segments": self.some(named, 5), "count": len(part)}
            yield self.caution(f"customer_caution.{code}", severity, name(method) if method else "", **facts)

    def prose(self, key: str) -> Prose:
        """The paragraphs `prose.<key>`, Markdown as written, with their heading."""
        text, terms = without_marks(self.texts.written(f"prose.{key}", self.language))
        self._terms.update(terms)
        return Prose(text)

    @cached_property
    def _terms(self) -> set[str]:
        """Terms marked in what was said so far, or heading a column of what was shown."""
        return set()

    def terms(self) -> Prose:
        """The glossary: the entry `term.<key>` of every term said or heading a column so far, in alphabetical order.

        Raises KeyError for a term without an entry.
        """
        entries = (" ".join(self.texts.written(f"term.{key}", self.language).split()) for key in self._terms)
        return Prose("\n".join(f"- {entry}" for entry in sorted(entries, key=str.casefold)))

    @property
    def facts(self) -> dict[str, Any]:
        """Facts that captions of this story may name."""
        return {}

    @property
    def headings(self) -> dict[str, str]:
        """Heading of every column a table of this story can have, ends of intervals apart."""
        known = {**columns(self.language), **self._own_columns()}
        return {name: heading for name, heading in known.items() if not name.endswith(("_lower", "_upper"))}

    def _own_columns(self) -> dict[str, str]:
        """Headings that columns have in this story only."""
        return {name: self.say(f"column.{name}", **self.facts) for name in self.texts.section("column")}

    def show_table(
        self,
        name: str,
        frame: pd.DataFrame,
        *,
        digits: int | Mapping[str, int] = 3,
        data: pd.DataFrame | None = None,
        headings: Mapping[str, str] | None = None,
        **facts: Any,
    ) -> Table:
        """The table `name` with its caption `table.<name>`, into which `facts` and those of the story are filled.

        Headings are those that every report knows, those under `column:` in the texts of this story, then `headings`.
        """
        if not (told := self._told_here(frame)).equals(frame):
            frame, data = told, frame if data is None else data
        own = {**self._own_columns(), **(headings or {})}
        self._terms.update(set(self.texts.section("term")) & set(map(str, frame.columns)))
        caption = self.say(f"table.{name}", **{**self.facts, **facts})
        return show_table(frame, name, caption, digits=digits, headings=own, language=self.language, data=data)

    def _told_here(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The frame with the sentences of engines among its cells told in the language of this story."""
        told = {
            name: [cell.told_in(self.language) if isinstance(cell, Sentence) else cell for cell in frame[name]]
            for name in frame.select_dtypes("object")
            if self.language != "en"
        }
        return frame.assign(**told) if told else frame

    def show_list(self, name: str, frame: pd.DataFrame, **facts: Any) -> WrittenTable:
        """A table too long to print: `tables/<name>.csv`, linked from the sentence `long_table.<name>`."""
        write_table(frame, name)
        return WrittenTable(name, self.say(f"long_table.{name}", rows=len(frame), **facts), self.language)

    def show_figure(self, name: str, figure: Figure, *, alt: str | None = None, **facts: Any) -> FigureView:
        """The figure `name` with its caption `figure.<name>` and, unless given, the text `alt.<name>`."""
        facts = {**self.facts, **facts}
        told = self.say(f"alt.{name}", **facts) if alt is None else alt
        return show_figure(figure, name, self.say(f"figure.{name}", **facts), told, language=self.language)


def in_sentence(label: str) -> str:
    """A label within a sentence: its first letter small, unless it is a name or an abbreviation.

    >>> [in_sentence(label) for label in ("Perceived quality", "NPS", "Satisfaction with ING", "Net Promoter Score")]
    ['perceived quality', 'NPS', 'satisfaction with ING', 'Net Promoter Score']
    """
    first, *others = label.split(" ")
    name = not first[1:].islower() or any(word[:1].isupper() and word[1:].islower() for word in others)
    return label if name else label[:1].lower() + label[1:]


def interval(row: Any, prefix: str = "ci_") -> dict[str, float]:
    """The interval of a row, `<prefix>lower` to `<prefix>upper`, as the facts lower and upper of a sentence."""
    return {"lower": getattr(row, f"{prefix}lower"), "upper": getattr(row, f"{prefix}upper")}


def verdict(lower: float, upper: float) -> Literal["wins", "loses", "ties"]:
    """Whether a difference is told: its interval lies above zero (wins), below (loses), or holds it (ties).

    An interval that does not exist tells nothing apart.
    """
    if lower > 0:
        return "wins"
    return "loses" if upper < 0 else "ties"


def caution_table(story: Story, rows: Mapping[str, Iterable[Row]]) -> pd.DataFrame:
    """Cautions as told: subject, code, severity, quantity, message; of a subject the gravest first.

    `rows`: by the key of a subject, `trust.<key>`, those the page leads with first. A subject without any has one row
    of severity `none`.
    """
    told = [
        (story.say(f"trust.{subject}"), *row)
        for subject, found in rows.items()
        for row in sorted(found, key=lambda row: SEVERITIES.index(row[1])) or [("", "none", "", "")]
    ]
    return pd.DataFrame(told, columns=["subject", "code", "severity", "quantity", "message"])
