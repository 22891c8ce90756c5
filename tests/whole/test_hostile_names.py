"""Names that are programs: in every field of a survey and of a shop they are text on the page, and nothing runs.

The page is opened in a real browser without its Content-Security-Policy, so that only the escaping holds.
"""

import csv
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from crmresearch import render_report
from crmresearch.data.survey.survey import load_survey
from crmresearch.models.theory import load_theory

CHROMIUM = shutil.which("chromium")
TAIL = (
    r""" <script>window.ran=1</script><img src=x onerror="window.ran=1"><svg onload='window.ran=1'> """
    r"""</td></p></main></script> [l](javascript:window.ran=1) ![i](http://evil.example/i.png) [[psi|m]] {0} {x} """
    r"""$x^$ `c` *b* _u_ ~~s~~ &lt; &amp; \(y\) \\ # 50 %"""
)
COLUMN = "EXTRA <img src=x onerror=window.ran=1> $x *b* [l](javascript:window.ran=1)"
RAN = "() => [window.ran === 1, document.querySelectorAll('main script, main img[src=x], main svg[onload]').length]"

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium to open the page in (Debian: apt install chromium)"),
]


def hostile(field: str) -> str:
    """The name of a field, then all that could run, load, be Markdown, a mark, a format or mathematics."""
    return f"{field.upper()}NAME{TAIL}"


def text(field: str) -> dict[str, str]:
    return {"en": hostile(field)}


def described(key: str, file: str) -> dict[str, Any]:
    names = {field: hostile(field) for field in ("how_to_get", "source", "citation", "licence")}
    return {"key": key, "title": text("title"), "about": text("about"), "file": file, "committed": False, **names}


def write(path: Path, document: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return path


def report(folder: Path, notebook: str, **parameters: Any) -> Path:
    heading = {"title": text("report"), "group": text("group")}
    name = f"{notebook} <img src=x onerror=window.ran=1> & javascript:x.yaml"
    return write(folder / name, {"notebook": notebook, **heading, "parameters": parameters})


def shop(folder: Path) -> None:
    """200 customers with hostile ids, categories and levels, and segments of one's own."""
    rng = np.random.default_rng(1)
    rows, n = [], 200
    for i in range(n):
        # rates and lifetimes differ, as the value models have it
        left = min(int(rng.exponential(700)), 719)
        bought = min(1 + rng.poisson(rng.gamma(1, 4) * left / 720), left + 1)
        days = np.sort(rng.choice(left + 1, bought, replace=False))
        region = [hostile("level"), "North", "=1+1", "*South* _u_"][i % 4]
        for day in days:
            when = pd.Timestamp("2022-01-01") + pd.Timedelta(days=int(day))
            category = [hostile("category"), "A & B <new>", "customers", "@tools", "pipe | x"][rng.integers(5)]
            rows.append((f"{'=cmd' if i % 2 else '<i>'}{i}", when.date(), round(rng.gamma(3, 9), 2), category, region))
    file = "purchases <img src=x onerror=window.ran=1> {0}.csv"
    folder.mkdir()
    pd.DataFrame(rows, columns=["customer", "date", "amount", "cat", "reg"]).to_csv(folder / file, index=False)
    columns = {"customer": "customer", "time": "date", "amount": "amount", "category": "cat"}
    write(folder / "codebook.yaml", {
        **described("hostile_shop", file), "kind": "transactions", "columns": columns, "currency": hostile("currency"),
        "attributes": {"reg": text("attribute")}, "notes": text("notes"), "last_day": "2023-12-31",
        "rules": {"returns": "net", "duplicates": "keep"},
    })  # fmt: skip
    rules = [{"segment": "many", "label": text("segment"), "when": {"frequency": {"min": 5}}}]
    write(folder.parent / "rules.yaml", {"key": "own", "definition": text("definition"), "rules": rules})


def survey(folder: Path) -> None:
    """ECSI mobile with a hostile codebook and theory."""
    known = load_survey("ecsi_mobile")
    answers = known.items.assign(**{COLUMN: known.items["CUEX1"].to_numpy()[::-1]})
    items = {key: {"text": text("item"), "min": 1, "max": 10} for key in answers}
    ids = [f"{'=cmd' if i % 2 else '<i>'}{i}" for i in range(250)]  # most are customers of the shop
    answers = answers.assign(use=np.resize(["a", "b", "c"], 250), id=ids)
    file = "answers <img src=x onerror=window.ran=1> {0}.csv"
    folder.mkdir()
    answers.to_csv(folder / file, index=False)
    values = {"a": text("value"), "b": {"en": "=B *b*"}, "c": {"en": "C"}}
    constructs = {key: list(names) for key, names in known.codebook.constructs.items()}
    write(folder / "codebook.yaml", {
        **described("hostile_survey", file), "id": "id", "items": items, "constructs": constructs,
        "groups": {"use": {"label": text("variable"), "values": values}},
        "theories": {"hostile": {"note": text("binding")}},
    })  # fmt: skip
    theory = load_theory("scsb").model_dump(by_alias=True, exclude_none=True, mode="json")
    theory.update(key="hostile", title=text("theory"), about=text("about"), citation=hostile("citation"))
    for key, construct in theory["constructs"].items():
        construct["label"], construct["definition"] = text(f"construct {key}"), text("definition")
    write(folder.parent / "hostile.yaml", theory)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("hostile")
    shop(place / "hostile_shop")
    survey(place / "hostile_survey")
    return place


REPORTS = {
    "customer_value": (
        {"dataset": "hostile_shop", "cutoff": "2023-06-30", "holdout_end": "2023-12-31", "rules": "rules.yaml",
         "resamples": 50, "value_resamples": 50, "folds": 2},
        ["title", "about", "currency", "notes", "category", "level", "attribute", "segment", "definition"],
    ),
    "customer_today": (
        {"dataset": "hostile_shop", "rules": "rules.yaml", "resamples": 20},
        ["title", "about", "currency", "notes", "segment", "definition"],
    ),
    "customer_profiles": (
        {"dataset": "hostile_shop", "survey": None, "method": "own_rules", "rules": "rules.yaml", "resamples": 20},
        ["title", "about", "currency", "notes", "attribute", "segment", "definition"],
    ),
    "churn_warning": (
        {"dataset": "hostile_shop", "horizon_days": 91, "resamples": 20, "survey": "hostile_survey"},
        ["title", "about", "item"],
    ),
    "unusual_purchases": ({"dataset": "hostile_shop", "alpha": 0.2}, ["title", "about", "currency", "notes"]),
    "revenue_forecast": ({"dataset": "hostile_shop", "origins": 3}, ["title", "about", "currency", "notes"]),
    "new_customers": (
        {"dataset": "hostile_shop", "resamples": 20, "horizon": 90},
        ["title", "about", "notes"],
    ),
    "cross_selling": (
        {"dataset": "hostile_shop", "items": "category", "baskets": "customer", "worlds": 1, "resamples": 50},
        ["title", "about", "notes", "category"],
    ),
    "segmentation_comparison": (
        {"dataset": "hostile_shop", "earlier_cutoff": "2023-03-31", "cutoff": "2023-06-30", "holdout_end": "2023-12-31",
         "resamples": 50, "refits": 2, "folds": 2, "sizes": [4]},
        ["title", "about", "currency"],
    ),
    "segment_monitoring": (
        {"dataset": "hostile_shop", "first_cutoff": "2023-03-31", "step": 91, "windows": 3, "resamples": 50,
         "simulations": 20, "folds": 2},
        ["title"],
    ),
    "satisfaction_index": (
        {"dataset": "hostile_survey", "theory": "hostile.yaml", "resamples": 100},
        ["title", "about", "citation", "theory", "binding", "construct satisfaction", "construct loyalty", "item"],
    ),
    "survey_segmentation": (
        {"dataset": "hostile_survey", "theory": "hostile.yaml", "classes_most": 3, "starts": 2, "refits": 4,
         "resamples": 100},
        ["title", "about", "citation", "value", "variable", "construct satisfaction", "item"],
    ),
    "marketing_strategy": (
        {"dataset": "hostile_survey", "theory": "hostile.yaml", "group": "use", "resamples": 100,
         "purchases": "hostile_shop", "importance_cut": 0.1, "performance_cut": 50},
        ["title", "about", "citation", "theory", "value", "variable", "construct satisfaction", "construct value"],
    ),
    "priorities": (
        {"dataset": "hostile_survey", "theory": "hostile.yaml", "resamples": 100, "permutations": 999},
        ["title", "about", "citation", "theory", "construct satisfaction", "construct loyalty", "item"],
    ),
    "profit_link": (
        {"dataset": "hostile_survey", "purchases": "hostile_shop", "theory": "hostile.yaml",
         "survey_day": "2023-03-31", "days": 275, "margin": 0.3},
        ["title", "citation", "theory", "construct satisfaction", "construct loyalty"],
    ),
    "theory_comparison": (
        {"dataset": "hostile_survey", "theories": ["hostile.yaml", "scsb"], "resamples": 100},
        ["title", "about", "citation", "theory", "construct satisfaction"],
    ),
    "model_checks": (
        {"dataset": "hostile_survey", "theory": "hostile.yaml", "resamples": 100},
        ["title", "about", "citation", "theory", "construct satisfaction", "construct loyalty"],
    ),
    "measurement_quality": (
        {"dataset": "hostile_survey", "theory": "hostile.yaml", "resamples": 100},
        ["title", "about", "citation", "theory", "construct satisfaction", "construct loyalty"],
    ),
    "survey_quality": ({"dataset": "hostile_survey"}, ["title", "about", "item"]),
}  # fmt: skip


SHORT = "survey_quality"


@pytest.mark.parametrize(
    "notebook", [pytest.param(name, marks=[] if name == SHORT else pytest.mark.long) for name in REPORTS]
)
def test_names_are_text_and_nothing_runs(folder: Path, notebook: str) -> None:
    sync = pytest.importorskip("playwright.sync_api", reason="playwright drives the browser; install it to run this")
    parameters, fields = REPORTS[notebook]
    page = render_report(str(report(folder, notebook, **parameters)), where=folder / "reports").page
    assert page is not None
    html = page.read_text(encoding="utf-8")
    policy = '<meta http-equiv="Content-Security-Policy"'
    assert policy in html
    opened = folder / f"{notebook}.html"  # what the policy would stop is let run
    opened.write_text(html.replace(policy, '<meta name="no-policy"'), encoding="utf-8")
    events: list[str] = []
    with sync.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        tab = browser.new_page()
        tab.on("dialog", lambda dialog: (events.append(dialog.message), dialog.dismiss()))
        tab.on("pageerror", lambda error: events.append(str(error)))
        tab.on("request", lambda request: events.append(request.url))
        tab.goto(opened.as_uri())
        tab.wait_for_timeout(200)
        assert tab.evaluate(RAN) == [False, 0]
        links = tab.eval_on_selector_all("a[href]", "found => found.map(link => link.getAttribute('href'))")
        shown = " ".join(tab.evaluate("() => document.body.textContent").split())
        alts = " ".join(tab.eval_on_selector_all("svg", "found => found.map(drawn => drawn.ariaLabel)"))
        tab.goto(page.as_uri())  # with the policy our own script runs, which shows the button
        assert tab.locator("#code-toggle").is_visible()
        browser.close()
    assert [event for event in events if not event.startswith(("data:", opened.as_uri(), page.as_uri()))] == []
    outward = [link for link in links if not link.startswith(("#", "data:", "https://doi.org"))]
    beside = re.compile(r"[^:]+/(tables/\w+\.csv|figures/\w+\.(svg|png))")
    assert [link for link in outward if not beside.fullmatch(link)] == []
    assert (COLUMN in shown) == (notebook == "survey_quality")  # an item of no construct
    tail = " ".join(TAIL.split()).casefold()
    for field in [*fields, "report", "group"]:
        name = f"{field}name".casefold()
        told = shown.casefold().split(name)[1:]
        assert told, field
        for rest in [*told, *" ".join(alts.split()).casefold().split(name)[1:]]:
            assert rest.lstrip().startswith(tail), (field, rest[:300])
    for table in (page.parent / page.stem / "tables").glob("*.csv"):
        cells = [cell for row in csv.reader(table.open(encoding="utf-8", newline="")) for cell in row]
        begun = [cell for cell in cells if cell[:1] in tuple("=+@\t\r") or (cell[:1] == "-" and not number(cell))]
        assert begun == [], table.name


def number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
