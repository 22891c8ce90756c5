"""What the report of a churn warning says: keys and facts of its sentences, the list, cautions, and figures."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from leaving_cases import leaving_buyers
from rhythm_cases import shop

from crmresearch.data.survey.survey import load_survey
from crmresearch.data.transactions.transactions import Transactions, load_transactions
from crmresearch.mining.churn import churn
from crmresearch.mining.churn.churn import churn_warning
from crmresearch.mining.churn.churn_study import ChurnStudy
from crmresearch.mining.churn.intention import stated_intention
from crmresearch.mining.churn.retention_offer import Offer
from crmresearch.stories.churn_warning import TEXTS, charts, tables
from crmresearch.stories.churn_warning.cautions import cautions
from crmresearch.stories.churn_warning.story import ChurnStory


@pytest.fixture(scope="module")
def days() -> pd.DataFrame:
    return leaving_buyers(900, 730, seed=3)[0]


@pytest.fixture(scope="module")
def transactions(tmp_path_factory: pytest.TempPathFactory, days: pd.DataFrame) -> Transactions:
    return load_transactions(str(shop(tmp_path_factory.mktemp("story") / "leaving", days)))


def told(transactions: Transactions, horizon: int = 120, cost: float = 1.0, survey: str = "") -> ChurnStory:
    warning = churn_warning(transactions, horizon, seed=1)
    study = ChurnStudy(transactions, warning, Offer(cost, 0.1), 0.3, 0.1, resamples=20, seed=1)
    answers = load_survey(survey) if survey else None
    return ChurnStory(transactions, study, answers, stated_intention(answers, 20) if answers else None)


@pytest.fixture(scope="module")
def story(transactions: Transactions) -> ChurnStory:
    return told(transactions, survey="ecsi_mobile")


def keys(sentences: list[str]) -> list[str]:
    return [getattr(one, "key", "") for one in sentences]


def test_findings_are_of_the_check_and_of_today(story: ChurnStory) -> None:
    found = story.findings()
    assert keys(found)[0] == "churn.headline_checked"
    facts = found[0].facts
    assert facts["at_risk"] == len(story.study.customers)
    assert facts["churned"] == pytest.approx(story.study.check.churned.mean())
    assert facts["told"].facts["lost"] == pytest.approx(story.study.customers["probability"].sum())
    assert {"churn.test", "churn.stated"} <= set(keys(found))
    assert "nan" not in " ".join([*found, *story.follows(), *story.limits(), *story.method_notes(), *story.lists()])


def test_orders_within_a_day_are_no_rhythm(story: ChurnStory) -> None:
    table = tables.call_list(story).head(2).assign(gap_mean=[0.2, 1.0])
    within, apart = tables.reasons(story, table)
    assert "every" not in within
    assert "every 1.0 days" in apart


def test_the_list_gives_the_reason_in_words_and_stands_in_the_order_of_the_gain(story: ChurnStory) -> None:
    table = tables.call_list(story)
    assert table["gain"].is_monotonic_decreasing
    assert (table["place"] == np.arange(1, len(table) + 1)).all()
    row = table.iloc[0]
    assert f"{row['recency']:,.0f} day" in row["reason"]
    assert f"every {row['gap_mean']:,.1f} days" in row["reason"]
    assert f"{row['p_alive']:.2f}" in row["reason"]
    late = table[table["overdue"] == 1].iloc[0]
    assert late["reason"] != table[table["overdue"] == 0].iloc[0]["reason"]
    gain = table["probability"] * 0.1 * table["value"] - 1.0
    np.testing.assert_allclose(table["gain"], gain, atol=0.02)
    assert ((table["gain"] >= 0) == (table["offer"] == 1))[table["gain"].abs() > 0.01].all()


def test_the_success_of_an_offer_is_told_to_be_an_assumption(story: ChurnStory) -> None:
    assert "assumed" in set(cautions(story)["code"])
    assert "churn.limit_assumed" in keys(story.limits())
    assert "churn.limit_contract" in keys(story.limits())


def test_every_table_and_figure_is_made(story: ChurnStory) -> None:
    study = story.study
    made = {"scores": study.scores, "comparisons": study.comparisons, "lead": study.lead.ranked}
    made |= {"offers": study.money.result.lists, "trials": study.money.trial}
    for name, table in made.items():
        assert len(tables.shown(story, name, table)) == len(table)
    asked = story.intentions.assign(question=story.intentions["item"])
    assert tables.shown(story, "intentions", asked)["construct"].tolist() == ["loyalty"] * 3
    for name in ("ranks", "calibration", "lead", "profit"):
        figure = getattr(charts, f"plot_{name}")(story)
        assert story.show_figure(name, figure) is not None


def test_an_offer_too_dear_goes_to_nobody(transactions: Transactions) -> None:
    story = told(transactions, cost=1e6)
    assert "churn.do_call_nobody" in keys(story.follows())
    assert "churn.no_test" in keys(story.findings())
    assert (tables.call_list(story)["offer"] == 0).all()


def test_unchecked_it_leads_with_the_purchase_model_and_says_so(tmp_path: Path, days: pd.DataFrame) -> None:
    story = told(load_transactions(str(shop(tmp_path / "short", days[days["day"] >= np.datetime64("2023-10-01")]))))
    assert story.study.check is None
    assert story.study.leader == "purchase_model"
    assert keys(story.findings()) == ["churn.headline_unchecked"]
    assert {"too_short", "no_check"} <= set(cautions(story)["code"])
    assert "probability" in tables.call_list(story)
    assert story.study.money is None
    assert "churn.order_gain" in keys(story.order())


def test_every_caution_of_the_warners_has_a_sentence() -> None:
    folder = Path(churn.__file__).parent
    code = "".join((folder / f"{name}.py").read_text(encoding="utf-8") for name in ("churn", "warners"))
    raised = set(re.findall(r'Caution\("(\w+)"', code))
    assert len(raised) == 6
    assert raised <= TEXTS.section("churn_caution").keys()
