"""Custom segments from YAML: the first rule wins, and every mistake in the file is one sentence."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crmresearch.segmentation.contract import SegmentationError, coverage
from crmresearch.segmentation.methods.own_rules import CustomRules, read_rules

GOOD = """
key: sales_team
definition: {en: Who the sales team calls}
rules:
  - segment: vip
    label: {en: VIP, zh: 贵宾}
    when: {monetary_total: {min: 500}, recency: {max: 90}}
  - segment: web
    label: {en: Web customers}
    when: {channel: {in: [web, app]}}
  - segment: vip
    label: {en: VIP, zh: 贵宾}
    when: {tier: {in: [3]}}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "rules.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def rules(tmp_path: Path) -> CustomRules:
    return read_rules(written(tmp_path, GOOD))


@pytest.fixture
def customers() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "monetary_total": [500.0, 499.0, 900.0, 10.0, np.nan],
            "recency": [90, 5, 91, 5, 5],
            "channel": ["web", "app", "shop", "shop", None],
            "tier": [1, 3, 2, 3.0, 1],
        },
        index=["a", "b", "c", "d", "e"],
    )


def test_the_first_rule_that_matches_wins(rules: CustomRules, customers: pd.DataFrame) -> None:
    segments = rules.fit(customers).predict(customers)
    assert segments.tolist() == ["vip", "web", "other", "vip", "other"]
    assert list(segments.cat.categories) == ["vip", "web", "other"]
    assert coverage(segments, rules) == pytest.approx(0.6)
    assert rules.segments[0].label == {"en": "VIP", "zh": "贵宾"}
    assert rules.fit(customers.iloc[[0]]).predict(customers.iloc[[0]]).tolist() == ["vip"]


def test_a_column_the_table_lacks_or_that_holds_text_is_said(rules: CustomRules, customers: pd.DataFrame) -> None:
    with pytest.raises(SegmentationError, match="sales_team needs channel, which the customer table does not have"):
        rules.fit(customers.drop(columns="channel"))
    with pytest.raises(SegmentationError, match="compares recency with a number in rule vip, but it holds text"):
        rules.fit(customers.assign(recency="long ago"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{min: 500}", "{min: 500, max: 5}", r"min \(500\) is above max \(5\), so nobody can match"),
        ("{min: 500}", "{}", "says nothing; give min, max or in"),
        ("{min: 500}", "{in: [a], min: 5}", "holds `in` beside min or max; use one of the two"),
        ("{min: 500}", "{minimum: 500}", "this key is not known; did you mean 'min'?"),
        ("{min: 500}", "{among: [a]}", "this key is not known"),
        ("{min: 500}", "{min: lots}", "must be a number; it is 'lots'"),
        ("segment: web", "segment: other", "'other' is for customers no rule describes; use another key"),
        ("segment: web", "segment: Web shop", "'Web shop' must be lower-case letters"),
        ("segment: web", "segment: vip", "'vip' has another label further up; write one label"),
        ("label: {en: Web customers}", "label: {zh: 网购}", "has no English text"),
        ("when: {tier: {in: [3]}}", "when: {}", "must not be empty"),
        ("key: sales_team\n", "", "key: this key is missing; add it"),
    ],
)
def test_mistakes_in_the_file_are_sentences(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(SegmentationError, match=message):
        read_rules(written(tmp_path, GOOD.replace(old, new)))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SegmentationError, match=r"rules\.yaml cannot be read"):
        read_rules(tmp_path / "rules.yaml")
