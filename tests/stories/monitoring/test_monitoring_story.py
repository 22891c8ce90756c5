"""Sentences, tables and pictures of a monitoring report say what the numbers say, on CDNOW and for other results."""

import re
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from crmresearch.data.transactions.transactions import load_transactions
from crmresearch.errors import ParameterError
from crmresearch.segmentation.methods.rfm_classes import RfmEight
from crmresearch.segmentation.monitoring.ageing import ageing_or_reason
from crmresearch.segmentation.monitoring.monitor import customer_windows, monitor, monitored_method
from crmresearch.stories.monitoring import charts as monitoring_charts
from crmresearch.stories.monitoring import tables as monitoring_tables
from crmresearch.stories.monitoring.cautions import cautions
from crmresearch.stories.monitoring.story import MonitoringStory
from crmresearch.stories.pictures import picture

FIGURES = ("migration", "transitions", "ageing", "drift", "foresight")


@pytest.fixture(scope="module")
def story() -> MonitoringStory:
    transactions = load_transactions("cdnow")
    customers = customer_windows(transactions, "1997-06-30", 91, 3)
    monitoring = monitor(customers, RfmEight("mean"), 2, 50, 0.01, 1)
    ageing, reason = ageing_or_reason(customers, monitoring.method, 20, 1)
    return MonitoringStory(transactions, monitoring, ageing, reason, 2, 50)


def with_last(story: MonitoringStory, **values: object) -> MonitoringStory:
    """The story with other numbers at its last cut-off."""
    windows = story.monitoring.windows.copy()
    for column, value in values.items():
        windows.loc[windows.index[-1], column] = value
    return replace(story, monitoring=replace(story.monitoring, windows=windows))


@pytest.mark.long
def test_the_drift_of_an_ageing_cohort_is_told_as_ageing(story: MonitoringStory) -> None:
    """On CDNOW the PSI of the RFM eight classes is above 1, of which growing older leaves little, but not nothing."""
    last = story.ageing.drift.iloc[-1]  # type: ignore[union-attr]
    assert story.now.psi > 1
    assert last.chance < last.unexplained < 0.1
    assert story.outcome.alarm == "yes"
    _, moved, verdicts = story.findings()[:3]
    assert moved == story.drift()[2]  # how many moved, beside how many time alone would have moved
    assert "Drift alarm: yes; the shares differ" in verdicts
    assert "small by convention" in verdicts
    assert "Nobody joined after 1997-06-30" in story.cohort()[0]


@pytest.mark.long
def test_classes_that_growing_older_empties_are_told_apart(story: MonitoringStory) -> None:
    """Nobody of a cohort that joined a year ago bought lately for the first time: both classes to develop are empty."""
    assert story.now.small == "general_develop+important_develop"
    middling = with_last(story, lower=-0.005, upper=0.005, reason="size")
    assert middling.outcome.decision == "size_aged"
    assert replace(middling, ageing=None).outcome.decision == "size"
    assert with_last(story, lower=0.001, upper=0.01, reason="size_only").outcome.decision == "size_only"
    assert with_last(story, lower=-0.1, upper=-0.05, reason="loss").outcome.decision == "loss"
    assert with_last(story, small="", reason="none").outcome.decision == "none"


def test_the_alarm_follows_the_numbers(story: MonitoringStory) -> None:
    def told(unexplained: float, outside: int, alarm: bool) -> tuple[str, str]:
        assert story.ageing is not None
        drift = story.ageing.drift.assign(unexplained=unexplained, chance=0.01, outside=outside, alarm=alarm)
        changed = replace(story, ageing=replace(story.ageing, drift=drift))
        return changed.outcome.alarm, changed.findings()[2]

    key, headline = told(0.3, 5, True)
    assert key == "yes"
    assert "Drift alarm: yes; the shares differ" in headline
    assert "(PSI 0.300, large by convention, above .25)" in headline
    assert "(PSI 0.050, small by convention, below .1)" in told(0.05, 0, True)[1]
    key, headline = told(0.005, 2, True)
    assert key == "segments"
    assert "within chance" in headline
    assert "but 2 of the segments are not" in headline
    key, headline = told(0.005, 0, False)
    assert key == "no"
    assert "Drift alarm: no; no drift beyond" in headline
    without = replace(story, ageing=None, no_ageing="nobody bought twice.")
    assert without.outcome.alarm == "convention_yes"
    assert with_last(without, psi=0.2).outcome.alarm == "convention_no"


def test_the_headline_is_what_to_do_and_what_follows_agrees(story: MonitoringStory) -> None:
    aged = with_last(story, lower=-0.005, upper=0.005, reason="size")
    for one, act in ((aged, "drop"), (with_last(story, lower=-0.1, upper=-0.05, reason="loss"), "refit"),
                     (with_last(story, small="", reason="none"), "keep")):  # fmt: skip
        assert one.outcome.action == act
        assert one.findings()[0].key.startswith(f"monitoring.act_{act}_")
        assert one.follows()[0].key == f"monitoring.follows_{act}"
    without = replace(with_last(story, small="", reason="none"), ageing=None, no_ageing="nobody bought twice.")
    assert without.findings()[1].key == "monitoring.moved_alone"
    assert without.follows()[0].key == "monitoring.follows_look"


def test_the_best_number_and_the_balance_say_more_only_beyond_chance(story: MonitoringStory) -> None:
    def number(lower: float, upper: float) -> str:
        found = with_last(story, r2_naive=0.3, naive_difference=0.01, naive_lower=lower, naive_upper=upper)
        return found.foresight()[1]

    assert "it foresees more than the segments" in number(0.001, 0.02)
    assert "no difference is established" in number(-0.001, 0.02)
    assert "it foresees less than the segments" in number(-0.02, -0.001)
    facts = {"customers": 1000, "new": 0}
    assert "more up than down" in with_last(story, up=0.2, down=0.1, **facts).balance()[0]
    assert "more down than up" in with_last(story, up=0.1, down=0.2, **facts).balance()[0]
    # 110 against 100: 1.96 standard errors of a difference of 210 who moved are 28
    assert "no more one way" in with_last(story, up=0.11, down=0.1, **facts).balance()[0]


def test_what_could_not_be_tested_is_not_told_as_fine(story: MonitoringStory) -> None:
    assert with_last(story, small="", reason="none", difference=np.nan).outcome.decision == "untested"
    assert "could not be tested" in with_last(story, small="", reason="none", difference=np.nan).findings()[0]


def test_convention_and_later_spend_are_compared(story: MonitoringStory) -> None:
    def told(psi: float, reason: str) -> str:
        return with_last(story, psi=psi, reason=reason).agreement()[0]

    assert "do not agree: no loss" in told(0.5, "none")
    assert "agree: no loss" in told(0.05, "none")
    assert "agree: the frozen" in told(0.5, "loss")
    assert "do not agree: the frozen" in told(0.05, "loss")


def test_segments_outside_their_interval_are_named(story: MonitoringStory) -> None:
    assert story.ageing is not None
    told = " ".join(story.ageing_segments())
    shares = story.ageing.shares
    last = shares[shares["cutoff"] == story.now.cutoff]
    outside = last[(last.observed > last.upper) | (last.observed < last.lower)]
    named = [key for key in last.segment if story.labels[key] in told]
    assert set(named) <= set(outside.segment)
    assert "important_value" in named  # 16 % against the 13 % of an ageing cohort
    inside = replace(story, ageing=replace(story.ageing, shares=shares.assign(observed=shares.expected)))
    assert inside.ageing_segments() == [story.say("monitoring.ageing_all")]


def test_every_sentence_is_filled_in_and_every_column_has_a_heading(story: MonitoringStory) -> None:
    without = replace(story, ageing=None, no_ageing="nobody bought twice.")
    for one in (story, without, with_last(story, r2_refitted=np.nan), with_last(story, r2_frozen=np.nan)):
        told = [*one.findings(), *one.drift(), *one.foresight(), *one.introduction()]
        told += [*one.limits(), *one.method_notes(), *one.balance()]
        told += [*cautions(one).query("severity != 'none'").message, repr(one.terms())]
        assert all(sentence and "{" not in sentence and not re.search(r"\bnan\b", sentence) for sentence in told)
    t = monitoring_tables
    views = [t.windows(story), t.ageing(story), t.scores(story), t.segments(story)]
    for view in [*views, t.segments(without), t.features(story), t.moves(story)]:
        stems = {re.sub(r"_(lower|upper)$", "", column).replace("ci", "interval") for column in view.columns}
        assert {stem.replace("expected_share", "expected") for stem in stems} <= set(story.headings)


def test_the_csv_of_the_cut_offs_has_the_whole_story(story: MonitoringStory) -> None:
    columns = ["cutoff", "customers", "new", "psi", "psi_previous", "share_moved", "r2_frozen", "r2_refitted",
               "difference", "lower", "upper", "refit", "unexplained"]  # fmt: skip
    assert set(columns) <= set(story.windows.columns)


def test_shares_of_the_segments_add_up(story: MonitoringStory) -> None:
    view = monitoring_tables.segments(story)
    assert view[["first", "observed", "refitted_share"]].sum().to_numpy() == pytest.approx(1)
    assert list(view["rank"]) == list(range(1, 9))


def test_warnings_name_what_is_weak(story: MonitoringStory) -> None:
    codes = set(cautions(story).code)
    assert {"small_segment", "one_cohort"} <= codes
    assert "expected_missing" not in codes
    changed = with_last(replace(story, ageing=None, no_ageing="why."), r2_frozen=np.nan, relabelled=np.nan)
    assert {"expected_missing", "no_following", "not_learned"} <= set(cautions(changed).code)


def test_pictures(story: MonitoringStory) -> None:
    for name in FIGURES:
        figure = getattr(monitoring_charts, f"plot_{name}")(story)
        assert "{" not in picture(story, figure)
        if name == "drift":
            assert list(figure.axes[0].lines[0].get_ydata()) == [0, *story.monitoring.windows.psi_known[1:]]
        if name == "transitions":
            numbers = np.array([float(t.get_text()) for t in figure.axes[0].texts if t.get_text()])
            steps = story.monitoring.transitions.groupby("before")["customers"].sum()
            assert numbers.sum() == pytest.approx(100 * (steps > 0).sum(), abs=len(numbers) / 2)
        plt.close(figure)
    joined = story.monitoring.assigned.copy()
    joined.iloc[:5000, 0] = np.nan
    young = replace(story, monitoring=replace(story.monitoring, assigned=joined))
    figure = monitoring_charts.plot_migration(young)
    assert any("Not yet a customer (21%)" in text.get_text() for text in figure.axes[0].texts)
    plt.close(figure)


def test_methods_are_those_of_the_roster_that_need_no_outcome() -> None:
    assert monitored_method("k_means_4", 3).seed == 3  # type: ignore[attr-defined]
    assert isinstance(monitored_method("rfm_eight_mean", 0), RfmEight)
    with pytest.raises(ParameterError, match="use one of rfm_eight_mean"):
        monitored_method("tree_4", 0)


def test_a_missing_model_is_a_reason_not_an_end(story: MonitoringStory) -> None:
    once = {day: pd.DataFrame({"frequency": [1, 1]}) for day in story.monitoring.cutoffs}
    ageing, reason = ageing_or_reason(once, story.monitoring.method, 20, 1)
    assert ageing is None
    assert "repeat" in reason


def test_movers_are_told_against_those_who_had_not_moved(story: MonitoringStory) -> None:
    """The sentence's three numbers fit, also where some movers have nobody to be set against."""

    def told(**values: object) -> str:
        moves = story.moves[story.moves["direction"] == "up"].assign(**values)
        return replace(story, monitoring=replace(story.monitoring, moves=moves)).worth()[0]

    facts = {"spend_of_others": 30.0, "difference": -10.0, "lower": -15.0, "upper": -5.0}
    less = told(customers=100, compared=100, **facts)
    assert "moved up then spent 20.00 USD a step, against 30.00 of those in the same segments" in less
    assert "(−10.00; −15.00 to −5.00): where they come from still tells, they spend less" in less
    assert "moved up, so far as others were in their new segment before (90 of 100), then spent" in told(
        customers=100, compared=90, **facts
    )
    assert "no difference to those who had not moved is established" in told(**facts | {"upper": 0.5})
    assert "they spend more than those" in told(**facts | {"lower": 1.0, "upper": 3.0})


def test_parameters_without_standard_errors_are_owned_up_to(story: MonitoringStory) -> None:
    assert story.ageing is not None
    value = story.ageing.value
    unsure = value.purchases.covariances.copy()
    unsure[2] = unsure[:, 2] = np.nan
    held = replace(story.ageing, value=replace(value, purchases=replace(value.purchases, covariances=unsure)))
    assert not any("without a standard error" in limit for limit in story.limits())
    told = replace(story, ageing=held).limits()
    assert any(limit.startswith("Parameters of the purchase model without a standard error (1)") for limit in told)
