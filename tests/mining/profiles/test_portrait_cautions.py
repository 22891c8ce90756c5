"""Every caution of a portrait comes where its reason is, and only there."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import crmresearch as crm
from crmresearch.mining.profiles.chosen_segments import chosen_segments
from crmresearch.mining.profiles.customer_features import asked, customer_features
from crmresearch.mining.profiles.portrait import Portrait, portrait
from crmresearch.mining.profiles.portrait_cautions import portrait_cautions
from crmresearch.value.outlook import customer_outlook


@pytest.fixture(scope="module")
def linked() -> Portrait:
    """Simulated customers, all of whom were asked, in eight classes of which three are small."""
    transactions = crm.load_transactions("linked_simulated")
    table = crm.customer_table(transactions, "2025-12-31")
    features = customer_features(transactions, table, asked("staged_simulated", "staged", table))
    outlook = customer_outlook(table, [12], 0.1)
    chosen = chosen_segments(transactions, outlook.customers, features, table.cutoff, method="rfm_eight_mean")
    return portrait(transactions, outlook, features, chosen, resamples=20, refits=4)


def codes(found: Portrait) -> dict[str, list[str]]:
    return {subject: [one.code for one in cautions] for subject, cautions in portrait_cautions(found).items()}


def test_small_segments_are_named_and_what_is_known_is_not_doubted(linked: Portrait) -> None:
    found = codes(linked)
    assert found["segments"] == ["few"]
    assert portrait_cautions(linked)["segments"][0].facts["segments"] == linked.few
    assert found["rules"][:2] == ["recognised_weak", "too_small"]
    assert (found["forecast"], found["answers"]) == ([], [])


def test_what_is_missing_is_doubted(linked: Portrait) -> None:
    profiles = linked.profiles.assign(told=False)
    chosen = replace(linked.chosen, source="file")
    features = replace(linked.features, respondents=40)
    stability = pd.DataFrame({"segment": linked.described, "named": [False] + [True] * (len(linked.described) - 1)})
    lacking = replace(
        linked, profiles=profiles, chosen=chosen, features=features, stability=stability, recognised=None, reason="Why."
    )
    found = portrait_cautions(lacking)
    assert codes(lacking)["segments"] == ["few", "unstable", "nothing", "unknown_rule"]
    assert found["segments"][1].facts == {"segments": linked.described[:1]}
    assert [(one.code, one.facts) for one in found["rules"]] == [("no_rule", {"reason": "Why."})]
    assert found["answers"][0].facts == {"asked": 40, "everybody": linked.numbers["customers"]}
    failed = replace(lacking, chosen=replace(chosen, failure="No."), outlook=SimpleNamespace(
        value=None, failure="Short.", customers=linked.outlook.customers))  # type: ignore[arg-type]  # fmt: skip
    assert codes(failed)["segments"][0] == "failure"
    assert portrait_cautions(failed)["forecast"][0].facts == {"reason": "Short."}


def test_a_portrait_says_what_is_most_and_whether_anything_sets_its_segments_apart(linked: Portrait) -> None:
    assert (linked.value, linked.most["segment"], next(iter(linked.actions))) == (
        "expected_share",
        *["important_value"] * 2,
    )
    widths = linked.beyond_chance["difference"].abs().to_numpy()
    assert (np.diff(widths) <= 0).all()
    assert (linked.set_apart, len(linked.shown)) == ("told", len(widths))
    none = replace(linked, profiles=linked.profiles.assign(told=False))
    assert (none.set_apart, len(none.shown)) == ("none", 5)
    small = linked.profiles.assign(difference=linked.profiles["difference"] / 100)
    assert replace(linked, profiles=small).set_apart == "small"
    untested = replace(linked, profiles=linked.profiles[linked.profiles["p"].isna()])
    assert (untested.set_apart, len(untested.shown)) == ("untested", 0)
    assert linked.made.columns.tolist() == linked.described
    assert set(linked.defining["feature"]) <= linked.made_of
    assert linked.defined_by == list(linked.chosen.needs)


def test_pairs_are_counted_and_those_not_told_apart_have_no_difference(linked: Portrait) -> None:
    assert linked.pairs_apart == "some"
    assert linked.numbers["pairs_told"] == linked.apart["told"].sum()
    assert linked.pairs.loc[~linked.pairs["told"], ["difference", "p"]].isna().all(axis=None)
    for told, kind in ((True, "all"), (False, "none")):
        assert replace(linked, apart=linked.apart.assign(told=told)).pairs_apart == kind
    one = linked.apart.assign(told=False).head(1)
    assert (replace(linked, apart=one).pairs_apart, replace(linked, apart=one[:0]).pairs_apart) == ("neither", "")


def test_a_persona_holds_what_may_be_named_of_its_segment(linked: Portrait) -> None:
    best = linked.persona("important_value")
    assert list(best.found) == ["when", "first", "attribute", "need"]
    assert best.found["need"]["feature"].tolist() == ["need_loyalty"]
    assert best.missing == ["items", "hours"]
    assert linked.persona(linked.few[0]).numbers == ["customers"]
    assert "need" not in linked.persona(linked.few[0]).found  # fewer than 30 of them answered


def test_how_segments_were_made_and_in_which_unit_a_feature_is(linked: Portrait) -> None:
    assert (linked.chosen.remarks, linked.chosen.without) == (["needs"], 0)
    unknown = replace(
        linked.chosen,
        source="file",
        needs=(),
        outside=2,
        segments=linked.chosen.segments.where([False] + [True] * 1199),
    )
    assert (unknown.remarks, unknown.without) == (["source_file", "outside", "without"], 1)
    units = {
        name: linked.features.unit(name) for name in ("recency", "first_spend", "need_loyalty", "day_monday", "repeat")
    }
    assert list(units.values()) == ["days", "money", "points", "share", "number"]
