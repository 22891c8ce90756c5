"""What every story can do: name keys, list words, tell cautions."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from crmresearch.caution import Caution
from crmresearch.data.catalog import dataset_keys, find_codebook
from crmresearch.data.survey.codebook import Codebook
from crmresearch.models.theory import load_theory, theory_keys
from crmresearch.stories.story import Story, caution_table, in_sentence, interval
from crmresearch.texts import Texts

WRITTEN = """
list: {comma: ", ", and: " and ", more: "{count} more"}
trust: {answers: The answers, forecast: The forecast}
word: {good: as expected, bad: contrary}
number: {one: "{share:.0%} in {segment}.", two: "{share:.1%} in {segment}."}
told_caution: {small: "Only {count} in {segment}."}
value_caution: {boundary: "{parameter} is at the edge ({value:.1f})."}
"""


@dataclass(frozen=True)
class Told(Story):
    texts: Texts  # type: ignore[misc]
    language: str = "en"


@pytest.fixture
def story(tmp_path: Path) -> Told:
    (tmp_path / "story").mkdir()
    (tmp_path / "story" / "en.yaml").write_text(WRITTEN, encoding="utf-8")
    return Told(Texts(tmp_path / "story"))


def test_keys_become_names_and_nothing_else_changes(story: Told) -> None:
    frame = pd.DataFrame({"segment": ["c1", "c2"], "verdict": ["bad", "good"], "share": [0.4, 0.6]}, index=[7, 3])
    named = story.named(frame, verdict="word", segment=str.upper)
    assert named.to_dict("list") == {
        "segment": ["C1", "C2"],
        "verdict": ["contrary", "as expected"],
        "share": [0.4, 0.6],
    }
    assert list(named.index) == [0, 1]
    assert list(frame["verdict"]) == ["bad", "good"]
    assert story.named(frame.iloc[:0], verdict="word").empty
    assert list(story.named(frame, "share", "unknown", "segment")) == ["share", "segment"]


def test_a_sentence_may_name_the_facts_of_its_story(story: Told) -> None:
    class Known(Told):
        asked = 0

        @property
        def facts(self) -> dict[str, object]:
            type(self).asked += 1
            return {"segment": "c1", "share": 0.25, "count": 2}

    told = Known(story.texts)
    assert told.say("number.one") == "25% in c1."
    assert told.say("number.one", share=0.5) == "50% in c1."  # what is named comes before
    assert told.caution("told_caution.small", "weak")[3] == "Only 2 in c1."
    asked = Known.asked
    assert told.say("number.one", share=0.5, segment="c2") == "50% in c2."
    assert Known.asked == asked  # nobody computes what a sentence does not name


def test_sentences_take_their_facts_from_rows_and_keys_that_are_empty_say_nothing(story: Told) -> None:
    frame = pd.DataFrame({"segment": ["c1"], "share": [0.25]})
    (row,) = frame.itertuples()
    for one in (row, frame.iloc[0], {"segment": "c1", "share": 0.25}):
        assert story.say("number.one", one) == "25% in c1."
    assert story.say("number.one", row, segment="C1") == "25% in C1."  # what is named comes before
    facts = {"segment": "c1", "share": 0.25}
    assert story.sentences("number.", "one", False, "two", None, "", **facts) == ["25% in c1.", "25.0% in c1."]


def test_of_many_words_the_first_few_are_listed(story: Told) -> None:
    assert story.some([]) == "–"
    assert story.some(["a", "b", "c", "d"]) == "a, b, c and d"
    assert story.some(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"
    assert story.some(["a", "b", "c"], most=2) == "a and 2 more"


def test_cautions_are_told_with_their_code_gravest_first(story: Told) -> None:
    found = [Caution("boundary", "inadmissible", "alpha", {"value": 9.96})]
    rows = [story.caution("told_caution.small", "note", "q", count=3, segment="c1"), *story.value_cautions(found)]
    assert rows[0] == ("small", "note", "q", "Only 3 in c1.")
    table = caution_table(story, {"answers": [], "forecast": rows})
    assert list(table["code"]) == ["", "boundary", "small"]
    assert list(table["subject"]) == [story.say("trust.answers"), *[story.say("trust.forecast")] * 2]
    assert list(table["severity"]) == ["none", "inadmissible", "note"]
    assert table["message"][1] == "alpha is at the edge (10.0)."


@pytest.mark.parametrize(
    ("label", "told"),
    [("Perceived quality", "perceived quality"), ("NPS", "NPS"), ("Satisfaction with ING", "satisfaction with ING"),
     ("Net Promoter Score", "Net Promoter Score"), ("eNPS", "eNPS"), ("客户满意", "客户满意"), ("", ""),
     ("Dutch bank", "Dutch bank"), ("Orange", "Orange"), ("Kundendienst", "Kundendienst")],
)  # fmt: skip
def test_a_label_keeps_its_capitals_within_a_sentence(label: str, told: str) -> None:
    assert in_sentence(label) == told


def test_no_label_of_the_package_begins_with_a_word_that_may_be_a_name() -> None:
    labels = [one.label["en"] for key in theory_keys() for one in load_theory(key).constructs.values()]
    codebooks = [find_codebook(key) for key in dataset_keys()]
    labels += [one.label["en"] for book in codebooks if isinstance(book, Codebook) for one in book.groups.values()]
    assert len(labels) > 40
    assert [label for label in labels if in_sentence(label)[:1].isupper()] == []


def test_an_interval_is_two_facts() -> None:
    row = pd.Series({"ci_lower": 1.0, "ci_upper": 2.0, "lower": 3.0, "upper": 4.0})
    assert interval(row) == {"lower": 1.0, "upper": 2.0}
    assert interval(row, "") == {"lower": 3.0, "upper": 4.0}
