"""The codebook of a survey, drafted: which column is who, the scale of a question, codes for no answer, groups."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import pandas as pd

from crmresearch.data.survey.design import ROLES
from crmresearch.data.text_table import TextTable
from crmresearch.errors import TemplateError
from crmresearch.templates.draft_design import design_lines, design_role
from crmresearch.templates.draft_scales import places_in_words, words_of_scale
from crmresearch.templates.draft_words import column as column_key
from crmresearch.templates.draft_words import head, key_of, quoted

SCALES = ((0, 1), (1, 2), (1, 3), (1, 4), (1, 5), (1, 6), (1, 7), (1, 9), (1, 10), (0, 10), (-3, 3), (0, 100))
_USUAL = ((1, 5), (1, 7), (1, 10), (0, 10), (0, 100))
MISSING = (-9, -8, -1, -99, 8, 9, 97, 98, 99, 88, 77, 977, 988, 997, 998, 999)  # codes that often mean "no answer"
_NO_ANSWER = (
    "", "n/a", "na", "nan", "null", "none", "-", "–", "don't know", "dont know", "no answer", "not applicable",
    "refused", "prefer not to say", "k. a.", "k.a.", "keine angabe", "weiß nicht", "weiss nicht", "sans réponse",
    "ne sait pas",
    "ns/nr", "no sabe", "不知道",
)  # fmt: skip
_MOST_WORDS = 11  # of the scale of a question
_ID = re.compile(
    r"^(respondent|resp|case|interview|person|participant|user|response)?_?(id|nr|no|number|key)$|^id_|_id$", re.I
)
_GROUP = re.compile(
    r"gender|sex|^age|region|country|state|city|segment|group|income|educ|provider|type|branch|industry|wave|year|status",
    re.I,
)
_WEIGHT = re.compile(r"^(w|wt|wgt|weight|weights|gewicht|权重)$|weight$", re.I)
MEAN_ONE = 0.1  # a complete column called weight whose mean is this near to 1 holds sampling weights, not kilograms
_BARE = r"q|v|f|x|item|question|frage|var|col|column|题目?"
_MOST_GROUPS = 30
_SEVERAL = 0.1  # share of cells with several answers
_NEARLY_ALL = 0.9
_CODE = r"(AO?|L)0*[1-9]\d?"  # of LimeSurvey
_REMARK = re.compile(
    r"comment|remark|feedback|anything|_text$|bemerk|anmerk|kritik|sonstig|anregung|commentaire|coment", re.I
)
_TECHNICAL = re.compile(
    r"(start|end|recorded) ?date|ip ?address|progress|duration.*|finished|recipient.*|external ?(data )?reference"
    r"|collector ?id|location ?(lat|long)itude|distribution ?channel|user ?language|seed|lastpage"
    r"|startlanguage|submitdate|datestamp|timestamp|zeitstempel|(first|last|custom data|email) ?(name|address)?",
    re.I,
)
_TIME = r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}"
_PREVIEW = re.compile(r"survey (preview|test)|preview|spam", re.I)
_CONSTRUCTS = {
    "satisfaction": r"satis|csat|cusa|^sat|zufried|满意|me(e)?ts? (my|your|our) expect|ful+fil\w* .*expect|\bideal\b"
    r"|erwartungen .*(erfüllt|entsprochen)|hat .*erwartungen",
    "loyalty": r"loyal|^loy|cusl|repurch|recomm?[ae]nd|revien|nps|^treue|weiterempf|fidel|fidél|lealtad|忠诚|推荐"
    r"|\bagain\b|come back|return to|continue|renew|wieder ?(hier|kauf|komm|buch|bestell)|verläng|volver|racheter"
    r"|再次",
    "expectation": r"expect|cuex|^exp|erwart|attente|期望",
    "quality": r"qual|perq|calidad|质量",
    "value": r"value|perv|^val|price|preis|prix|precio|价值",
    "image": r"image|imag|reput|brand|形象",
    "complaint_handling": r"compl|cusco|beschwer|réclam|queja|抱怨",
    "trust": r"trust|vertrau|confian|信任",
}


@dataclass
class _Column:
    """What one column of a survey seems to be, and why."""

    name: str
    role: Literal["id", "item", "group", "number", "weight", "stratum", "cluster", "suspect", "none"]
    why: str = ""
    scale: tuple[int, int] = (1, 5)
    missing: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)  # words that say that there is no answer
    unordered: tuple[str, ...] = ()  # words of a scale whose order only their owner knows
    values: dict[str, str] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)


def survey_codebook(table: TextTable, file: Path, key: str) -> Iterator[str]:
    columns = [column for column in _survey_columns(table) if column.name not in _previews(table.cells)]
    items = [column for column in columns if column.role == "item"]
    if not items:
        raise TemplateError(
            f"{file}: no column looks like the answers to a question with a scale; name the kind (--kind "
            "purchases), or write the codebook by hand (`crmresearch new-survey`)."
        )
    yield from head("survey", file, key, f"{len(table.cells):,} respondents", table)
    ids = [column for column in columns if column.role == "id"]
    if ids:
        yield f"id: {column_key(ids[0].name)}    # {ids[0].why}"
    else:
        yield "# id: the column that names the respondent, if any"
    yield from _weights(columns)
    drawn: dict[str, str] = {role: column.name for role in ROLES for column in reversed(columns) if column.role == role}
    told = list(design_lines(drawn, table.cells))
    yield from told
    yield from _words_to_number(items)
    for name, marked in _previews(table.cells).items():
        yield "leave_out:    # rows that are no answers of respondents"
        yield f"  {column_key(name)}: [{', '.join(map(quoted, marked))}]"
    used = set() if not told or told[0].startswith("#") else set(drawn.values())
    unused = ("none", "suspect", *ROLES)
    left = [column.name for column in columns if column.role in unused and column.name not in used]
    if left:
        yield f"other_columns: ignore    # not used: {', '.join(left)[:200]}"
    yield "identical_rows: expected    # remove this line and the next to be told of copied rows"
    yield "identical_rows_reason: Not looked at yet."
    groups = [column for column in columns if column.role in ("group", "number")]
    if groups:
        yield ""
        yield "# columns that divide the respondents; their values in the order in which a reader should see them"
        yield "groups:"
        for column in groups:
            yield f"  {column_key(column.name)}:    # {column.why}"
            yield f"    label: {{en: {quoted(table.questions.get(column.name, column.name))}}}"
            if column.role == "group":
                values = ", ".join(
                    f"{_value(value)}: {{en: {quoted(label)}}}" for value, label in column.values.items()
                )
                yield f"    values: {{{values}}}"
            if column.missing or column.refused:
                codes = [*map(_plain, column.missing), *map(quoted, column.refused)]
                yield f"    missing_codes: [{', '.join(codes)}]"
    yield ""
    yield "# the questions: put their words in, and see that the scale is the one that was shown, not the one in use"
    yield "items:"
    for column in items:
        text = table.questions.get(column.name, column.name)
        yield f"  {column_key(column.name)}:    # {column.why}"
        yield f"    text: {{en: {quoted(text)}}}"
        yield f"    min: {column.scale[0]}"
        yield f"    max: {column.scale[1]}"
        if column.missing or column.refused:
            why = "suspected: they lie beyond the scale" if column.missing else "words for no answer"
            codes = [*map(_plain, column.missing), *map(quoted, column.refused)]
            yield f"    missing_codes: [{', '.join(codes)}]    # {why}"
        if column.labels:
            yield f"    labels: {{{', '.join(f'{quoted(text)}: {number}' for text, number in column.labels.items())}}}"
    yield ""
    yield "# which items measure which construct, told from the names of the columns; the theories use names such as"
    yield "# expectation, quality, value, image, satisfaction, complaint_handling and loyalty"
    yield "constructs:"
    for construct, names in _constructs([column.name for column in items], table.questions).items():
        yield f"  {construct}: [{', '.join(map(column_key, names))}]"


def questions_of(table: TextTable) -> list[str]:
    """The columns that look like answers to a question with a scale."""
    return [column.name for column in _survey_columns(table) if column.role == "item"]


def _words_to_number(items: Sequence[_Column]) -> Iterator[str]:
    """Answers in words of no known scale, for their owner to number; until then the codebook does not pass."""
    words = dict.fromkeys(word for column in items for word in column.unordered)
    if words:
        yield "# answers in words whose order is not known here: write the number of each, 1 for the lowest"
        yield "labels:"
        yield from (f"  {quoted(word)}: null" for word in words)


def _previews(cells: pd.DataFrame) -> dict[str, list[str]]:
    """Column → values that mark previews and tests of the questionnaire, as Qualtrics writes them."""
    found: dict[str, list[str]] = {}
    for name in map(str, cells.columns):
        values = [str(value) for value in cells[name].unique() if value]
        marked = [value for value in values if _PREVIEW.fullmatch(value)]
        if name == "Status" and "DistributionChannel" in cells:
            marked += [value for value in values if value in ("1", "2", "8", "9", "12")]  # where codes were exported
        if marked and len(values) <= _MOST_GROUPS:
            found[name] = marked
    return found


def _weights(columns: Sequence[_Column]) -> Iterator[str]:
    """The column of sampling weights: named where its mean says that it is one, else offered."""
    found = [column for column in columns if column.role == "weight"]
    for column in found[1:]:
        column.role = "suspect"
    for column in found[:1]:
        yield f"weight: {column_key(column.name)}    # {column.why}: sampling weights; remove the line if they are not"
    for column in (column for column in columns if column.role == "suspect"):
        yield f"# weight: {column_key(column.name)}    # {column.why}; sampling weights? then remove the first #"


def _survey_columns(table: TextTable) -> list[_Column]:
    cells = table.cells
    sets = Counter(frozenset(labels.items()) for labels in table.labels.values())
    found = []
    for name in (str(name) for name in cells.columns if name):
        labels, question = table.labels.get(name, {}), table.questions.get(name, name)
        column = _survey_column(cells[name], labels, len(cells))
        once = sets[frozenset(labels.items())] == 1
        if column.role == "item" and once and _is_nominal(cells[name], labels, f"{name} {question}"):
            values = sorted({_plain(float(code)) for code in cells[name] if code in labels}, key=float)
            column = replace(column, role="group", values={value: labels[value] for value in values})
        if column.role == "item" and not column.labels:
            column.scale = _told_scale(question, cells[name]) or column.scale
        found.append(column)
    _find_scales_in_words(found)
    for column in found:
        if column.why == "codes of answers":
            alike = [other for other in found if other.why == column.why and _stem(other.name) == _stem(column.name)]
            column.scale = (1, max(other.scale[1] for other in alike))
    ids = [column for column in found if column.role == "id"]
    for column in ids[1:]:
        column.role = "none"
    series: dict[str, list[_Column]] = {}
    for column in found:
        if column.role == "item" and not column.labels:
            series.setdefault(_stem(column.name), []).append(column)
    for same in series.values():  # questions of one series were shown one scale
        scale = (min(column.scale[0] for column in same), max(column.scale[1] for column in same))
        for column in same:
            if column.scale != scale:
                column.why += f"; the scale is that of {_stem(column.name)}…"
            column.scale = scale
            column.missing = [code for code in column.missing if not scale[0] <= code <= scale[1]]
    return found


def _is_nominal(cells: pd.Series, labels: Mapping[str, str], told: str) -> bool:
    """Whether numbers stand for kinds, not degrees: each has a name, of no known scale and of no construct."""
    codes = {code for code in labels if labels[code].casefold().strip() not in _NO_ANSWER}
    return (
        codes >= set(cells) - {"", *(code for code in labels if code not in codes)}
        and places_in_words([labels[code] for code in codes]) is None
        and not any(re.search(words, told, re.I) for words in _CONSTRUCTS.values())
    )


def _told_scale(question: str, cells: pd.Series) -> tuple[int, int] | None:
    """The scale that the words of a question tell, such as 0-10, where all answers but usual codes lie on it."""
    for low, high in re.findall(r"(?<![\d.])(-?\d{1,3})\s*(?:-|–|to|bis|à|a)\s*(\d{1,3})(?![\d.])", question):
        scale = (int(low), int(high))
        numbers = pd.to_numeric(cells, errors="coerce").dropna()
        if scale in SCALES and (numbers.between(*scale) | numbers.isin(MISSING)).all():
            return scale
    return None


def _find_scales_in_words(columns: Sequence[_Column]) -> None:
    """Numbered columns of one name that answer in the same few words are questions, whatever the words mean."""
    series: dict[str, list[_Column]] = {}
    for column in columns:
        if column.role != "group" or _GROUP.search(column.name) or len(column.values) < 3:
            continue
        if re.search(r"\d[a-z]?$", column.name):
            series.setdefault(_stem(column.name), []).append(column)
    for same in series.values():
        words = tuple(dict.fromkeys(word for column in same for word in column.values))
        shared = all(len(column.values) >= len(words) / 2 for column in same)
        if len(same) >= 2 and len(words) <= _MOST_WORDS and shared and not any(map(_is_number, words)):
            for column in same:
                column.role, column.why, column.unordered = "item", f"answers in {len(words)} words", words
                column.scale = (1, len(words))


def _is_number(word: str) -> bool:
    return bool(re.fullmatch(r"-?\d+([.,]\d+)?", word))


def _survey_column(cells: pd.Series, labels: Mapping[str, str], rows: int) -> _Column:
    name = str(cells.name)
    silent = cells.str.casefold().str.strip().isin(_NO_ANSWER)
    answers, said = cells[~silent], [word for word in cells[silent].unique() if word.strip()]
    column = _answered(name, answers, labels, rows)
    column.refused = said if column.role in ("item", "group", "number") else []
    return column


def _answered(name: str, answers: pd.Series, labels: Mapping[str, str], rows: int) -> _Column:
    distinct = answers.unique().tolist()
    if not distinct:
        return _Column(name, "none", "empty")
    if _TECHNICAL.fullmatch(name) or answers.str.match(_TIME).mean() > _NEARLY_ALL:
        return _Column(name, "none", "not an answer")
    numbers = pd.to_numeric(answers.str.replace(",", ".", regex=False), errors="coerce")
    if answers.str.fullmatch(r"0\d+").any():  # postal codes and the like are no numbers
        numbers = numbers * float("nan")
    if len(distinct) == len(answers) == rows and (_ID.search(name) or numbers.isna().any() or _counts(numbers)):
        return _Column(name, "id", "every row has another value")
    if len(distinct) == 1:
        return _Column(name, "none", "every answer is the same")
    if role := design_role(answers, rows):
        return _Column(name, role, f"{len(distinct):,} different values")  # type: ignore[arg-type]
    if numbers.isna().any():
        return _text_column(name, answers, distinct)
    if _WEIGHT.search(name) and (numbers > 0).all():
        told = f"numbers from {numbers.min():g} to {numbers.max():g}, {numbers.mean():.3g} on average"
        sampling = len(answers) == rows and abs(numbers.mean() - 1) <= MEAN_ONE
        return _Column(name, "weight" if sampling else "suspect", told)
    whole = (numbers == numbers.round()).all()
    scale, missing = _scale(numbers) if whole else (None, [])
    values = sorted({float(number) for number in numbers if number not in missing})
    told = f"{len(values)} different answers from {values[0]:g} to {values[-1]:g}"
    grouping = bool(_GROUP.search(name)) or bool(labels and len(values) < 4)
    if scale is not None and not grouping and (len(values) >= 4 or re.search(r"\d$", name)):
        return _Column(name, "item", told, scale, missing)
    if whole and len(values) <= _MOST_GROUPS and (grouping or len(values) < 4) and not re.match(r"age$", name, re.I):
        named = {_plain(value): labels.get(_plain(value), _plain(value)) for value in values}
        return _Column(name, "group", told, missing=missing, values=named)
    return _Column(name, "number", told)


def _text_column(name: str, answers: pd.Series, distinct: Sequence[str]) -> _Column:
    """Answers in words: an item where the words are a known scale, a group where they are few."""
    known = places_in_words(distinct) if len(distinct) >= 2 else None
    if known is not None:
        places, points = known
        low = 0 if points == 2 else 1
        labels = {word: low + places[word] for word in sorted(places, key=lambda word: places[word])}
        return _Column(name, "item", "answers in words", (low, low + points - 1), labels=labels)
    if answers.str.fullmatch(_CODE).all() and len(distinct) >= 3 and not _GROUP.search(name):
        coded = {text: int(re.sub(r"\D", "", text)) for text in sorted(distinct)}
        return _Column(name, "item", "codes of answers", (1, max(coded.values())), labels=coded)
    digits = answers.str.extract(r"^(-?\d\d?)\s*[-=:.)]?\s*[^\W\d]", expand=False)
    if digits.notna().all() and len(distinct) <= 11 and not _GROUP.search(name):  # "5 - strongly agree"
        codes = {text: int(code) for text, code in zip(answers, digits, strict=True)}
        return _Column(name, "item", "a number and its words", (min(codes.values()), max(codes.values())),
                       labels=dict(sorted(codes.items(), key=lambda pair: pair[1])))  # fmt: skip
    if answers.str.contains(r"\S;\s*\S").mean() > _SEVERAL:
        return _Column(name, "none", "several answers in one cell")
    if len(distinct) <= min(_MOST_GROUPS, max(2, len(answers) // 3)) and not _REMARK.search(name):
        often = answers.value_counts().index.tolist()
        order = _levels(often) or sorted(often)
        return _Column(name, "group", f"{len(distinct)} different words", values={text: text for text in order})
    return _Column(name, "none", f"{len(distinct):,} different texts")


def _levels(words: Sequence[str]) -> list[str] | None:
    """The order of levels that begin with a number, such as "18-29", or that are a known scale."""
    first = {word: re.search(r"\d+", word) for word in words}
    if all(first.values()):
        return sorted(words, key=lambda word: int(first[word][0]))  # type: ignore[index]
    return words_of_scale(words) or None


def _scale(numbers: pd.Series) -> tuple[tuple[int, int] | None, list[float]]:
    """The smallest usual scale that holds all answers but codes for no answer, which lie beyond it by 2 or below it."""
    values = sorted({int(number) for number in numbers})
    fits = []
    for low, high in SCALES:
        kept = [value for value in values if low <= value <= high]
        codes = [value for value in values if not low <= value <= high]
        reached = len(kept) >= 2 and kept[-1] >= high - 2
        whole = high < 100 or len(kept) > 12  # a percentage has more than a few answers
        if reached and whole and all(code in MISSING and not high < code < high + 2 for code in codes):
            fits.append(((low, high), [float(code) for code in codes]))
    if not fits:
        return None, []
    return min(fits, key=lambda fit: (fit[0] not in _USUAL, fit[0][1] - fit[0][0], fit[0][0]))


def _counts(numbers: pd.Series) -> bool:
    """Whether the numbers only count the rows."""
    return bool((numbers.diff().dropna() == 1).all())


def _stem(name: str) -> str:
    if part := re.fullmatch(r"([^\W\d]+\d+)[_.-]\d+[a-z]?", name):  # Q2_1 is of Q2
        return part[1]
    name = re.sub(r"(?<=.)\s*\[.*\]$", "", name)  # a row of a matrix, as LimeSurvey and Google Forms write it
    return re.sub(r"[\d_.\-]*\d+[a-z]?$", "", name) or name


def _constructs(names: Sequence[str], questions: Mapping[str, str]) -> dict[str, list[str]]:
    """Series of names as constructs, under the name that theories use where the series or its questions say it."""
    series: dict[str, list[str]] = {}
    for name in names:
        stem = _stem(name)  # Q1, Q2 … are questions of their own
        series.setdefault(name if re.fullmatch(_BARE, stem, re.I) else stem, []).append(name)
    found: dict[str, list[str]] = {}
    for stem, members in series.items():
        known = next((key for key, words in _CONSTRUCTS.items() if re.search(words, stem, re.I)), None)
        told = " ".join(questions.get(name, "") for name in members)
        if known is None and told:
            known = next((key for key, words in _CONSTRUCTS.items() if re.search(words, told, re.I)), None)
        key = known or key_of(stem)
        found.setdefault(key, []).extend(members)
    return found


def _numbers(values: Sequence[float]) -> str:
    return f"[{', '.join(map(_plain, values))}]"


def _plain(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _value(value: str) -> str:
    return value if re.fullmatch(r"-?[1-9]\d*|0", value) else quoted(value)
