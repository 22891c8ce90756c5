"""The page on the procedure: from the goal to what is watched, step by step, with the reports that answer each."""

from collections.abc import Mapping, Sequence
from typing import Any

from crmresearch.report.page.exporter import render_template
from crmresearch.report.page.self_contained import check_self_contained
from crmresearch.report.show.wording import TEXTS

STEPS = ("goal", "collect", "clean", "data_set", "method", "segment", "evaluate", "strategy", "watch")
# what data mining is to do for customer relations, in the words of its literature
FUNCTIONS = ("clustering", "prediction", "churn", "association", "deviation", "description", "prospects", "conversion")
LAYERS = ("data", "logic", "presentation")
# what does a step without a report, or besides it: commands to type and functions to call
TOOLS = {
    "goal": ("crmresearch theory KEY", "crmresearch new-theory my_theory"),
    "collect": ("crmresearch new-survey my_study --like staged_simulated", "crmresearch questionnaire my_study"),
    "clean": ("crmresearch draft-codebook FILE", "crmresearch check-data FOLDER"),
    "data_set": ("crm.load_survey", "crm.load_transactions", "crm.customer_table"),
    "method": ("crm.theories()", "crm.methods()"),
    "segment": ("crm.evaluate_segmentations",),
    "evaluate": ("crm.cautions", "crm.cvpat", "crm.stability"),
    "strategy": ("crmresearch new-report my_strategy --notebook marketing_strategy",),
    "watch": ("crm.monitor",),
}


def export_procedure(kinds: Sequence[Mapping[str, Any]], language: str = "en", home: str | None = None) -> str:
    """The page, with a link `home` to the index.

    A kind of report is `{title, steps, functions, reports}`: `steps` of STEPS and `functions` of FUNCTIONS that it
    answers, `reports` those made, each `{title, href}`. A kind of which none is made is named without a link.
    """
    page = render_template(
        "procedure.html.j2",
        language,
        scripts=("page.js",),
        home=home,
        procedure=TEXTS.section("procedure", language),
        steps=[(step, TOOLS[step], [kind for kind in kinds if step in kind["steps"]]) for step in STEPS],
        functions=[(name, [kind for kind in kinds if name in kind["functions"]]) for name in FUNCTIONS],
        layers=LAYERS,
    )
    check_self_contained(page)
    return page
