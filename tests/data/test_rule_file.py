"""A file of rules: segments, tags or both; what no customer can meet is told before there are customers."""

from pathlib import Path

import pytest
import yaml

from crmresearch.data.rule_file import forecasts_read, misfits, read_rule_file
from crmresearch.data.transactions.codebook import TransactionsCodebook
from crmresearch.errors import ParameterError

SHOP = TransactionsCodebook.model_validate({
    "kind": "transactions", "key": "shop", "title": {"en": "Shop"}, "about": {"en": "Made up."}, "file": "lines.csv",
    "committed": False, "how_to_get": "Ask.", "columns": {"customer": "c", "time": "t", "amount": "a"},
    "attributes": {"age": {"en": "Age"}, "town": {"en": "Town"}, "test": {"en": "Test"}}, "marks": ["test"],
    "levels": {"age": ["young", "old"]}, "currency": "EUR", "rules": {"returns": "net", "duplicates": "keep"},
})  # fmt: skip


def entry(kind: str, key: str, label: str = "", **when: dict[str, object]) -> dict[str, object]:
    return {kind: key, "label": {"en": label or key}, "when": when or {"recency": {"max": 9}}}


def written(folder: Path, **parts: object) -> Path:
    path = folder / "rules.yaml"
    path.write_text(yaml.safe_dump({"key": "own", "definition": {"en": "Ours."}, **parts}), encoding="utf-8")
    return path


def refusal(path: Path) -> str:
    with pytest.raises(ParameterError) as refused:
        read_rule_file(path, ParameterError)
    return str(refused.value)


def test_tags_stand_beside_segments_or_alone(tmp_path: Path) -> None:
    both = read_rule_file(written(tmp_path, rules=[entry("segment", "a")], tags=[entry("tag", "a")]), ParameterError)
    assert (len(both.rules), len(both.tags)) == (1, 1)
    alone = read_rule_file(written(tmp_path, tags=[entry("tag", "a"), entry("tag", "a")]), ParameterError)
    assert (len(alone.rules), len(alone.tags)) == (0, 2)
    assert [place for place, _, _ in alone.conditions()] == ["tags.0.when", "tags.1.when"]


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({}, "rules: there is none; write one or more here, or under `tags`"),
        ({"tags": []}, "rules: there is none; write one or more here, or under `tags`"),
        ({"tags": [entry("segment", "a")]}, "tags.0.tag: this key is missing; add it"),
        ({"tags": [entry("tag", "a"), entry("tag", "a", "A")]}, "tags.1.label: 'a' has another label further up"),
        ({"tags": [entry("tag", "a", "A"), entry("tag", "b", "a ")]}, "tags.1.label: 'a' is called 'a ' too"),
        ({"rules": [entry("segment", "a", "X"), entry("segment", "b", "X")]}, "rules.1.label: 'a' is called 'X' too"),
        ({"tags": [entry("tag", "a", holdout_spend={"min": 1})]}, "'holdout_spend' is only known after the cut-off"),
        ({"tags": [entry("tag", "a", recency={"min": 9, "max": 1})]}, "min (9) is above max (1)"),
        ({"key": "tags", "tags": [entry("tag", "a")]}, "key: 'tags' is another column of the list of customers"),
    ],
)
def test_mistakes_are_sentences(tmp_path: Path, parts: dict[str, object], sentence: str) -> None:
    assert sentence in refusal(written(tmp_path, **parts))


@pytest.mark.parametrize(
    ("when", "sentences"),
    [
        ({"recency": {"max": 9}, "p_alive": {"min": 0.5}, "spend_last_30": {"min": 1}, "town": {"in": ["Ulm"]}}, []),
        (
            {"recencey": {"max": 9}},
            ["tags.0.when: there is no column 'recencey' of customers; did you mean 'recency'"],
        ),
        ({"share_tea": {"min": 1}}, ["tags.0.when: there is no column 'share_tea' of customers; there are "]),
        ({"discount_share": {"min": 1}}, ["tags.0.when: there is no column 'discount_share' of customers; "]),
        ({"test": {"in": ["x"]}}, ["tags.0.when: there is no column 'test' of customers; "]),
        (
            {"age": {"min": 30}},
            ["tags.0.when.age: its values are words, which have no min and max; use `in`"],
        ),
        ({"age": {"in": ["yung", "old"]}}, ["tags.0.when.age: 'yung' is none of its levels, which are young, old"]),
    ],
)
def test_what_no_customer_can_meet_is_told_by_its_place(
    tmp_path: Path, when: dict[str, dict[str, object]], sentences: list[str]
) -> None:
    document = read_rule_file(written(tmp_path, tags=[entry("tag", "a", **when)]), ParameterError)
    found = misfits(document, SHOP)
    assert [text[: len(start)] for text, start in zip(found, sentences, strict=True)] == sentences
    assert misfits(document, None) == []


def test_only_segments_may_not_read_forecasts_in_a_monitoring(tmp_path: Path) -> None:
    alive = {"p_alive": {"min": 0.5}}
    path = written(tmp_path, rules=[entry("segment", "a", **alive)], tags=[entry("tag", "a", **alive)])
    (sentence,) = forecasts_read(read_rule_file(path, ParameterError))
    assert sentence.startswith("rules.0.when: 'p_alive' is a forecast")
