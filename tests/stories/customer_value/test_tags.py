"""Tags in a customer report: told by name, whose spend differs only beyond chance, and what is wrong with them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from crmresearch.data.customers import customer_table
from crmresearch.data.rule_file import Tag
from crmresearch.data.transactions.transactions import load_transactions
from crmresearch.segmentation.fitting import fit_methods
from crmresearch.segmentation.methods.rfm_classes import RfmEight
from crmresearch.segmentation.scoring.evaluate import evaluate_segmentations
from crmresearch.segmentation.tags import carried_tags, tag_outcomes, tag_overlap
from crmresearch.stories.customer_value import tables, tags
from crmresearch.stories.customer_value.cautions import customer_warnings
from crmresearch.stories.customer_value.story import CustomerStory
from crmresearch.value.forecast import forecast_customers


def tag(key: str, **when: dict[str, object]) -> Tag:
    return Tag.model_validate({"tag": key, "label": {"en": key.title(), "zh": "标签"}, "when": when})


TAGS = [
    tag("often", frequency={"min": 4}),
    tag("seldom", frequency={"max": 1}),
    tag("chance", lot={"min": 1}),
    tag("nobody", recency={"max": -1}),
    tag("everybody", frequency={"min": 1}),
    tag("typo", frequence={"min": 1}),
]


@pytest.fixture(scope="module")
def story() -> CustomerStory:
    transactions = load_transactions("cdnow")
    table = customer_table(transactions, "1997-09-30", "1998-06-30")
    table = replace(table, frame=table.frame.iloc[::20])
    forecast = forecast_customers(table, 0.1, "bg_nbd", ["bg_nbd"])
    customers = forecast.beside(table.frame)
    methods, left_out = fit_methods([RfmEight("mean")], customers)
    evaluation = evaluate_segmentations(customers, methods, None, "rfm_eight_mean", 2, 20, 1, learner=False)
    lot = np.random.default_rng(8).integers(0, 2, len(customers))
    own = carried_tags(TAGS, customers.assign(lot=lot))
    return CustomerStory(transactions, table, forecast, methods, left_out, evaluation, tags=own)


@pytest.fixture(scope="module")
def outcomes(story: CustomerStory) -> pd.DataFrame:
    assert story.tags is not None
    return tag_outcomes(story.customers, story.tags.carried, 200, 1)


def test_a_tag_is_told_to_differ_only_beyond_chance(story: CustomerStory, outcomes: pd.DataFrame) -> None:
    assert story.tags is not None
    number = story.tags.carried.sum(axis=1)
    several = f"{(number > 1).mean():.0%}"
    counted, more, less = tags.tag_sentences(story, outcomes)
    assert "5 tags" in counted
    assert several in counted
    assert story.say("customers.tags_more", tags="Often") == more
    assert story.say("customers.tags_less", tags="Seldom") == less
    alike = outcomes[outcomes["tag"] == "chance"]
    assert tags.tag_sentences(story, alike)[1:] == [story.say("customers.tags_alike")]


def test_the_overlap_names_the_largest_pair_and_shows_no_empty_one(story: CustomerStory) -> None:
    assert story.tags is not None
    overlap = tag_overlap(story.tags.carried)
    seldom = int(story.tags.carried["seldom"].sum())
    (told,) = tags.overlap_sentences(story, overlap)
    assert f"Seldom and Everybody, by {seldom:,} customers: 100% of the former" in told
    view = tags.overlap_view(story, overlap)
    assert "Nobody" not in {*view["tag"], *view["other_tag"]}
    apart = overlap[overlap["both"] == 0]
    assert tags.overlap_sentences(story, apart) == [story.say("customers.tags_apart")]


def test_tags_that_tell_nothing_are_cautions(story: CustomerStory) -> None:
    found = customer_warnings(story).set_index("code")["message"]
    assert "Nobody" in found["tag_empty"]
    assert "Everybody" in found["tag_everybody"]
    assert "frequence, which the customer table does not have" in found["tag_left_out"]
    assert story.tags is not None
    few = replace(story.tags, carried=story.tags.carried.assign(often=np.arange(len(story.customers)) < 7))
    found = customer_warnings(replace(story, tags=few)).set_index("code")["message"]
    assert "Often (7)" in found["tag_small"]


def test_names_are_of_the_language_and_the_list_of_customers_has_the_keys(
    story: CustomerStory, outcomes: pd.DataFrame
) -> None:
    assert tags.tags_view(story, outcomes)["tag"].tolist() == ["Often", "Seldom", "Chance", "Nobody", "Everybody"]
    assert set(tags.tag_names(replace(story, language="zh")).values()) == {"标签"}
    listed = tables.customer_list(story)
    assert listed["tags"].str.split("; ").map(len).tolist() == story.tags.carried.sum(axis=1).tolist()  # type: ignore[union-attr]
    none = replace(story, tags=None)
    assert "tags" not in tables.customer_list(none)
    assert list(tags.tag_cautions(none)) == []


def test_where_every_tag_is_left_out_only_the_caution_is_told(story: CustomerStory) -> None:
    lost = carried_tags([tag("typo", frequence={"min": 1})], story.customers)
    outcomes = tag_outcomes(story.customers, lost.carried, 20, 1)
    assert outcomes.empty
    assert [row[0] for row in tags.tag_cautions(replace(story, tags=lost))] == ["tag_left_out"]
