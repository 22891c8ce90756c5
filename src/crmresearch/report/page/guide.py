"""The page on how to read a report: an invented one, part by part, made of the boxes and tables of reports."""

from collections.abc import Callable, Sequence

from markupsafe import Markup

from crmresearch.report.page.cells import folded_code
from crmresearch.report.page.exporter import number_captions, render_template
from crmresearch.report.page.self_contained import check_self_contained
from crmresearch.report.show.wording import TEXTS, fact_label

PARTS = ("opening", "trust", "follows", "figure", "table", "term", "code", "provenance")
WORDS = ("interval", "standardised", "out_of_time", "told_apart", "usable", "care", "unread")
PATHS = ((0.31, 0.18, 0.44), (0.27, 0.12, 0.40), (0.05, -0.09, 0.19))  # invented: estimate and ends of the interval


def export_guide(language: str = "en", home: str | None = None) -> str:
    """The page, with a link `home` to the index."""

    def say(key: str) -> str:
        return TEXTS.say(f"guide.{key}", language)

    names = [say(f"path_{number}") for number in range(1, len(PATHS) + 1)]
    samples = {**_boxes(say, language), "table": _table(names, say, language), "code": _code(language)}
    page = render_template(
        "guide.html.j2",
        language,
        scripts=("page.js", "terms.js"),
        home=home,
        guide=TEXTS.section("guide", language),
        parts=[(part, Markup(number_captions(samples.get(part, ""), language))) for part in PARTS],
        glossary=[(say(key), say(f"{key}_about")) for key in WORDS],
        paths=list(zip(names, PATHS, strict=True)),
        provenance=[(fact_label(key, language), say(f"made_{key}")) for key in ("data_sha256", "commit", "seed")],
    )
    check_self_contained(page)
    return page


def _boxes(say: Callable[[str], str], language: str) -> dict[str, str]:
    import pandas as pd  # with it comes a second of waiting

    from crmresearch.report.show.boxes import FindingsBox, FollowsBox, TrustBox

    grades = [(say("usable_of"), "none", ""), (say("care_of"), "weak", say("care_why")),
              (say("unread_of"), "inadmissible", say("unread_why"))]  # fmt: skip
    trust = pd.DataFrame(
        [(subject, "", severity, "", why) for subject, severity, why in grades],
        columns=["subject", "code", "severity", "quantity", "message"],
    )
    boxes: dict[str, FindingsBox | TrustBox | FollowsBox] = {
        "opening": FindingsBox((say("finding_1"), say("finding_2")), language),
        "trust": TrustBox(trust, language),
        "follows": FollowsBox((say("follow_1"),), language),
    }
    return {part: box._repr_html_().replace('aria-level="2"', 'aria-level="3"') for part, box in boxes.items()}


def _table(names: Sequence[str], say: Callable[[str], str], language: str) -> str:
    import pandas as pd

    from crmresearch.report.show.tables import Table

    frame = pd.DataFrame(PATHS, columns=["estimate", "ci_lower", "ci_upper"])
    frame.insert(0, "path", names)
    return Table(frame, "paths", say("table_caption"), 2, language=language)._repr_html_()


def _code(language: str) -> str:
    from types import SimpleNamespace

    cell = SimpleNamespace(cell_type="code", source="estimate = estimate_pls(specification, items)", metadata={})
    return "".join(folded_code([cell], language))
