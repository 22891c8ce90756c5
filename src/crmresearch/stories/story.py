"""The base of every story: one language, its texts, and how results become sentences, tables and figures."""

import platform
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from importlib.metadata import version
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from crmresearch.caution import Caution, Severity
from crmresearch.models.theory import known_labels
from crmresearch.ranks import Floats, highest
from crmresearch.ranks import verdict as verdict
from crmresearch.references import found, known, listed, with_citations
from crmresearch.report.show.boxes import SEVERITIES
from crmresearch.report.show.figures import FigureView, show_figure
from crmresearch.report.show.glossary import Entry, Glossary
from crmresearch.report.show.paragraphs import Prose
from crmresearch.report.show.references import References, show_references
from crmresearch.report.show.tables import Table, WrittenTable, show_table, write_table
from crmresearch.report.show.wording import columns
from crmresearch.stories.pictures import picture
from crmresearch.texts import Sentence, Terms, Texts

Row = tuple[str, str, str, str]  # a caution as told: code, severity, quantity, message
# English words that labels begin with and that are no names: the capital of any other word may be part of it
BEGINNINGS = """
access accessibility advice affect affective age assurance atmosphere attitude attractiveness availability awareness
before behaviour benefits brand calculative care choice commitment communication comparison competence complaint
complaints contact contract convenience corporate cost costs country courtesy customer delivery design during ease
education emotion empathy employees engagement environment expectation expectations experience fairness fees gender
help how image income industry information innovation intention interaction involvement kind knowledge length
likeability location loyalty needs network occupation overall payment perceived performance personal personnel
physical place preference price prices product products profit promise provider purchase quality range
recommendation region relationship reliability repurchase reputation responsiveness risk role safety satisfaction
searchable security segment service services sex size social speed staff support switching tangibles technical time
trust type unstable usability usefulness value variety what when where who willingness word
"""


class Story:
    """What one report says. A subclass is a frozen dataclass of results whose last field is `language`.

    Texts are those of its folder: `say` fills a sentence in, `prose` gives paragraphs of Markdown, `show_table` and
    `show_figure` find their captions (`table.<name>`, `figure.<name>`) and column headings there.
    """

    texts: ClassVar[Texts]
    packages: ClassVar[tuple[str, ...]] = ("numpy", "scipy", "pandas")  # that numbers come from
    language: str

    def say(self, key: str, /, *rows: Any, **facts: Any) -> str:
        """A sentence of this story in its language, which knows its key and facts. KeyError for one nobody wrote.

        Facts are what the columns of `rows` hold, of a frame or of `itertuples`, before these the `facts` named, and
        of what neither has the facts of the story.
        """
        known = {**_facts_of(*rows), **facts}
        if not self.texts.facts_in(key, self.language) <= known.keys():
            known = {**self.facts, **known}
        told = self.texts.say(key, self.language, **known)
        self._use(told.terms)
        self._cited.update(told.cited)
        return told

    def sentences(self, head: str, *keys: str | bool | None, **facts: Any) -> list[str]:
        """The sentences `<head><key>` of all keys, with the same facts; a key that is empty or False says nothing."""
        return [self.say(f"{head}{key}", **facts) for key in keys if key]

    def listed(self, words: Sequence[str]) -> str:
        """Words as a list in a sentence, a, b and c; a dash for none."""
        return self.texts.listed(words or ["–"], self.language)

    def some(self, words: Sequence[str], most: int = 4) -> str:
        """The first few of many words as a list in a sentence, and how many more there are: at most `most` entries."""
        kept = words if len(words) <= most else [*words[: most - 1], self.say("list.more", count=len(words) - most + 1)]
        return self.listed(kept)

    def first_of(self, names: Sequence[str]) -> str:
        """The first of several names, with those that it is not told apart from."""
        return self.say("rank.first", first=names[0], others=self.some(names[1:], 3)) if names[1:] else names[0]

    def ends(self, names: Sequence[str], points: Floats, draws: Floats, confidence: float) -> str:
        """Which of several estimates are the highest and the lowest, those not told apart together: `ranks.highest`.

        `names` of the estimates in the sentence, `points` (k,), `draws` (k, B) of paired resamples.
        """
        told = {}
        for end, sign in (("high", 1), ("low", -1)):
            alike = highest(sign * points, sign * draws, confidence)
            order = [i for i in np.argsort(-sign * points, kind="stable") if alike[i]]
            key = "none" if alike.all() else "one" if len(order) == 1 else "some"
            named = self.listed([f"{names[i]} ({points[i]:.1f})" for i in order])
            told[end] = self.say(f"rank.{end}_{key}", names=named)
        return self.say("rank.ends", **told)

    def text(self, texts: Mapping[str, str]) -> str:
        """A text of a codebook, a theory or a method in the language of the story."""
        return texts.get(self.language, texts["en"])

    def construct(self, key: str) -> str:
        """Name of a construct within a sentence, as theories of the package call it; else its key in words."""
        label = known_labels().get(key)
        return in_sentence(self.text(label)) if label else key.replace("_", " ")

    def quantity(self, written: str) -> str:
        """What a caution is about, `quantity.<word>` for words that have a text; names of items and parameters stay."""
        words = self.texts.section("quantity", self.language)
        whole = words.get(written.replace(" ", "_"))
        return whole or re.sub(r"[a-z_]+", lambda word: words.get(word[0], word[0]), written)

    def named(self, frame: pd.DataFrame, *shown: str, **names: str | Callable[[Any], str]) -> pd.DataFrame:
        """The frame for readers: in the columns of `names`, names instead of keys; of many columns those `shown`.

        A name is what a function makes of the key, or the text of the key in a section, such as `verdict="word"`.
        """
        told = {
            column: [self.say(f"{name}.{key}") if isinstance(name, str) else name(key) for key in frame[column]]
            for column, name in names.items()
        }
        return frame.assign(**told)[[name for name in shown or frame if name in frame]].reset_index(drop=True)

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
            about = f"{name(method)}, {self.some(named, 2)}" if named else name(method) if method else ""
            yield self.caution(f"customer_caution.{code}", severity, about)

    def prose(self, key: str) -> Prose:
        """The paragraphs `prose.<key>`, Markdown as written, with their heading."""
        text, terms = self.texts.with_terms(self.texts.written(f"prose.{key}", self.language), self.language)
        text, cited = with_citations(text)
        self._use(terms)
        self._cited.update(cited)
        return Prose(text)

    @cached_property
    def _terms(self) -> dict[str, set[str]]:
        """Terms in what was said and shown so far, with the words for them in sentences."""
        return {}

    @cached_property
    def _cited(self) -> set[str]:
        """Keys of the publications cited in what was said so far."""
        return set()

    @property
    def published(self) -> dict[str, str]:
        """Citations of what the report is about, its theory and its data, in their own words by a key."""
        return {}

    def citation(self, key: str) -> str:
        """How a sentence cites what is `published` under a key, in brackets; nothing for one only listed in words."""
        one = found(self.published[key], key)
        return "" if one.text else f" ({one.cited()})"

    def methods_paragraph(self) -> list[str]:
        """The methods paragraph: what was done, in the sentences and facts that a paper asks for."""
        raise NotImplementedError

    def references(self, *more: str) -> References:
        """The methods paragraph to paste, sentences of others in it, and what the page cites, in it or otherwise."""
        named = [f"{name} {version(name)}" for name in ("crmresearch", *self.packages)]
        software = self.say("methods.software", packages=self.listed([*named, f"Python {platform.python_version()}"]))
        paragraph = [*self.methods_paragraph(), *more, software]
        about = [found(told, key) for key, told in self.published.items()]
        within = {key for told in paragraph if isinstance(told, Sentence) for key in told.cited}
        own, everything = ([*about, *(known()[key] for key in keys)] for keys in (within, self._cited | within))
        return show_references(paragraph, listed(own), listed(everything), language=self.language)

    @cached_property
    def _heads(self) -> dict[str, set[str]]:
        """Headings of columns that are terms by their key."""
        return {}

    def _use(self, terms: Terms) -> None:
        for key, words in terms:
            self._terms.setdefault(key, set()).add(words)

    def terms(self) -> Glossary:
        """The glossary: the entry `term.<key>` of every term said or heading a column so far, in alphabetical order.

        Raises KeyError for a term without an entry.
        """
        found: list[Entry] = []
        while waiting := self._terms.keys() - {entry.key for entry in found}:  # a meaning may hold other terms
            for key in waiting:
                written = " ".join(self.texts.written(f"term.{key}", self.language).split())
                text, terms = self.texts.with_terms(written, self.language)
                self._use(terms)
                name, _, meaning = text.removeprefix("**").partition("**")
                found.append(Entry(key, name, meaning.lstrip(" –—:：")))
        used = [
            replace(
                entry,
                words=tuple(sorted(self._terms[entry.key])),
                headings=tuple(sorted(self._heads.get(entry.key, set()))),
            )
            for entry in found
        ]
        return Glossary(tuple(sorted(used, key=lambda entry: entry.name.casefold())))

    @property
    def facts(self) -> dict[str, Any]:
        """Facts that every sentence of this story may name."""
        return {}

    @property
    def headings(self) -> dict[str, str]:
        """Heading of every column a table of this story can have, ends of intervals apart."""
        known = {**columns(self.language), **self._own_columns()}
        return {name: heading for name, heading in known.items() if not name.endswith(("_lower", "_upper"))}

    def _own_columns(self) -> dict[str, str]:
        """Headings that columns have in this story only."""
        own = self.texts.section("column")
        return {name: self.texts.say(f"column.{name}", self.language, **self.facts) for name in own}

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
        """The table `name` with its caption `table.<name>`, which may name `facts`.

        Headings are those that every report knows, those under `column:` in the texts of this story, then `headings`.
        """
        if not (told := self._told_here(frame)).equals(frame):
            frame, data = told, frame if data is None else data
        own = {**self._own_columns(), **(headings or {})}
        self._note_headings(frame, own)
        caption = self.say(f"table.{name}", **facts)
        return show_table(frame, name, caption, digits=digits, headings=own, language=self.language, data=data)

    def _note_headings(self, frame: pd.DataFrame, own: Mapping[str, str]) -> None:
        """Terms among the columns of a table: those by whose key an entry is known, and those in a heading."""
        known, entries = {**columns(self.language), **own}, self.texts.section("term")
        for name in map(str, frame.columns):
            heading = known.get(name, "")
            self._use(self.texts.with_terms(heading, self.language)[1])
            if name in entries:
                self._terms.setdefault(name, set())
                self._heads.setdefault(name, set()).add(heading)

    def _told_here(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The frame with the sentences of engines among its cells told in the language of this story."""
        told = {
            name: [cell.told_in(self.language) if isinstance(cell, Sentence) else cell for cell in frame[name]]
            for name in frame.select_dtypes(["object", "str"])
            if self.language != "en"
        }
        return frame.assign(**told) if told else frame

    def show_list(self, name: str, frame: pd.DataFrame, **facts: Any) -> WrittenTable:
        """A table too long to print: `tables/<name>.csv`, linked from the sentence `long_table.<name>`."""
        told = self.say(f"long_table.{name}", **{"rows": len(frame), **facts})
        return WrittenTable(write_table(frame, name), told, self.language)

    def show_figure(self, name: str, figure: Figure, **facts: Any) -> FigureView:
        """The figure `name` with its caption `figure.<name>`, how to read it, and what it shows to who does not see it.

        How to read it is said by `reading.<name>`, else by `chart_reading.<kind>` for the kind of chart that its label
        names; what it shows by its kind (`crmresearch.stories.pictures`). KeyError for a figure of no kind.
        """
        own = name in self.texts.section("reading", self.language)
        reading = self.say(f"reading.{name}", **facts) if own else self.say(f"chart_reading.{figure.get_label()}")
        caption = self.say(f"figure.{name}", **facts)
        return show_figure(figure, name, caption, picture(self, figure), reading, language=self.language)


def in_sentence(label: str) -> str:
    """A label within a sentence: its first letter small where its first word is known to be no name, else as written.

    >>> [in_sentence(label) for label in ("Perceived quality", "NPS", "Satisfaction with ING", "Dutch bank")]
    ['perceived quality', 'NPS', 'satisfaction with ING', 'Dutch bank']
    >>> in_sentence("Quality of Service Index")
    'Quality of Service Index'
    """
    first, *others = label.split(" ")
    title = any(word[:1].isupper() and word[1:].islower() for word in others)
    return (
        label
        if title or first.lower() not in BEGINNINGS.split() or not first[1:].islower()
        else first.lower() + label[len(first) :]
    )


def _facts_of(*rows: Any) -> dict[str, Any]:
    """The columns of rows by their name."""
    known: dict[str, Any] = {}
    for row in rows:
        known |= {str(name): value for name, value in (row._asdict() if hasattr(row, "_asdict") else row).items()}
    return known


def interval(row: Any, prefix: str = "ci_") -> dict[str, float]:
    """The interval of a row, `<prefix>lower` to `<prefix>upper`, as the facts lower and upper of a sentence."""
    return {"lower": getattr(row, f"{prefix}lower"), "upper": getattr(row, f"{prefix}upper")}


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
