"""Nothing in a path diagram overlaps what it should not, and its lines say what the numbers say."""

import io
import math
import warnings

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse as EllipsePatch
from matplotlib.patches import PathPatch, Polygon, Rectangle
from matplotlib.text import Text

from crmresearch.diagram import lettering
from crmresearch.diagram.path_diagram import Arrow, Ellipse, Indicator, Moderation, plot_path_diagram
from crmresearch.errors import TheoryError

# Loadings, paths and R² of the ECSI model on the mobile phone data: R seminr 2.3.4, composites, path scheme.
LOADINGS = {
    "image": {"IMAG1": 0.745, "IMAG2": 0.599, "IMAG3": 0.577, "IMAG4": 0.769, "IMAG5": 0.744},
    "expectation": {"CUEX1": 0.772, "CUEX2": 0.692, "CUEX3": 0.607},
    "quality": {
        "PERQ1": 0.803,
        "PERQ2": 0.639,
        "PERQ3": 0.783,
        "PERQ4": 0.769,
        "PERQ5": 0.755,
        "PERQ6": 0.775,
        "PERQ7": 0.778,
    },
    "value": {"PERV1": 0.904, "PERV2": 0.938},
    "satisfaction": {"CUSA1": 0.794, "CUSA2": 0.847, "CUSA3": 0.856},
    "complaint_handling": {"CUSCO": 1.0},
    "loyalty": {"CUSL1": 0.815, "CUSL2": 0.205, "CUSL3": 0.916},
}
R_SQUARED = {
    "expectation": 0.255,
    "quality": 0.310,
    "value": 0.345,
    "satisfaction": 0.681,
    "complaint_handling": 0.279,
    "loyalty": 0.457,
}
PATHS = {
    ("image", "expectation"): 0.505,
    ("image", "satisfaction"): 0.179,
    ("image", "loyalty"): 0.196,
    ("expectation", "quality"): 0.557,
    ("expectation", "value"): 0.051,
    ("expectation", "satisfaction"): 0.064,
    ("quality", "value"): 0.557,
    ("quality", "satisfaction"): 0.513,
    ("value", "satisfaction"): 0.192,
    ("satisfaction", "complaint_handling"): 0.526,
    ("satisfaction", "loyalty"): 0.483,
    ("complaint_handling", "loyalty"): 0.071,
}
CHINESE = {
    "image": "企业形象",
    "expectation": "顾客期望",
    "quality": "感知质量",
    "value": "感知价值",
    "satisfaction": "客户满意",
    "complaint_handling": "客户抱怨处理",
    "loyalty": "客户忠诚",
}
LONG = {"quality": "Perceived quality of the network", "satisfaction": "Overall customer satisfaction"}


def items(names, values, mode="reflective"):
    return tuple(Indicator(name, value, mode) for name, value in zip(names, values, strict=True))


def numbered(prefix, count, mode="reflective"):
    return items([f"{prefix}{i + 1}" for i in range(count)], [0.83 - 0.05 * i for i in range(count)], mode)


def ecsi(without=(), labels=None):
    labels = labels or {}
    ellipses = [
        Ellipse(
            key,
            labels.get(key, key.replace("_", " ").capitalize()),
            R_SQUARED.get(key),
            items(block, block.values()),
        )
        for key, block in LOADINGS.items()
        if key not in without
    ]
    arrows = [
        Arrow(a, b, estimate, estimate - 0.12, estimate + 0.12)
        for (a, b), estimate in PATHS.items()
        if a not in without and b not in without
    ]
    return ellipses, arrows, []


def staged(factors, items_of, labels=None):
    labels = labels or {}
    ellipses = [
        Ellipse(key, labels.get(key, key.replace("_", " ").capitalize()), None, numbered(key[:4].upper(), n), s)
        for (key, s), n in zip(factors.items(), items_of, strict=True)
    ]
    ellipses += [
        Ellipse("satisfaction", "Customer satisfaction", 0.70, numbered("CUSA", 3)),
        Ellipse("loyalty", "Customer loyalty", 0.43, numbered("CUSL", 4)),
    ]
    arrows = [
        Arrow(key, "satisfaction", 0.34 - 0.05 * i, 0.24 - 0.05 * i, 0.44 - 0.05 * i) for i, key in enumerate(factors)
    ]
    return ellipses, [*arrows, Arrow("satisfaction", "loyalty", 0.655, 0.57, 0.74)], []


def staged_mobile():
    factors = {
        "searchable_information": "Before",
        "brand_information": "Before",
        "quality_and_its_stability": "During",
        "price_and_its_stability": "During",
        "staff": "During",
        "service_quality": "After",
        "promise_keeping_and_trust": "After",
        "contact_points": "After",
    }
    return staged(factors, [1, 3, 4, 2, 1, 1, 1, 2])


def staged_full(chinese=False):
    stages = ("售前", "售中", "售后") if chinese else ("Before the purchase", "During", "After")
    factors = dict.fromkeys(["searchable_information", "brand_information"], stages[0])
    during = ["quality_and_its_stability", "price_and_its_stability", "staff", "environment", "convenience"]
    after = ["service_quality", "value_extension", "promise_keeping", "contact_points", "trust"]
    factors |= dict.fromkeys(during, stages[1])
    factors |= dict.fromkeys([*after, "word_of_mouth_received"], stages[2])
    labels = dict.fromkeys(["staff"], "员工素质") if chinese else {}
    return staged(factors, [2, 3, 4, 2, 3, 3, 3, 3, 2, 2, 3, 3, 2], labels)


def reputation():
    ellipses = [
        Ellipse("qual", "Quality of products and services", None, numbered("qual_", 8, "formative")),
        Ellipse("perf", "Economic performance", None, numbered("perf_", 5, "formative")),
        Ellipse("csor", "Corporate social responsibility", None, numbered("csor_", 5, "formative")),
        Ellipse("attr", "Attractiveness", None, numbered("attr_", 3, "formative")),
        Ellipse("comp", "Competence", 0.631, numbered("comp_", 3)),
        Ellipse("like", "Likeability", 0.558, numbered("like_", 3)),
        Ellipse("cusa", "Customer satisfaction", 0.295, numbered("cusa", 1)),
        Ellipse("cusl", "Customer loyalty", 0.571, numbered("cusl_", 3)),
        Ellipse("switching_cost", "Switching cost", None, numbered("switch_", 4)),
    ]
    estimates = {
        ("qual", "comp"): 0.430,
        ("perf", "comp"): 0.295,
        ("csor", "comp"): 0.059,
        ("attr", "comp"): 0.086,
        ("qual", "like"): 0.380,
        ("perf", "like"): 0.117,
        ("csor", "like"): 0.178,
        ("attr", "like"): 0.167,
        ("comp", "cusa"): 0.146,
        ("like", "cusa"): 0.436,
        ("comp", "cusl"): 0.006,
        ("like", "cusl"): 0.344,
        ("cusa", "cusl"): 0.505,
        ("switching_cost", "cusl"): 0.069,
    }
    arrows = [Arrow(a, b, e, e - 0.09, e + 0.09) for (a, b), e in estimates.items()]
    return ellipses, arrows, [Moderation("switching_cost", "cusa", "cusl", -0.071, -0.15, 0.01)]


def tiny():
    return (
        [Ellipse("a", "Satisfaction", None, numbered("x", 2)), Ellipse("b", "Loyalty", 0.4)],
        [Arrow("a", "b", -0.63)],
        [],
    )


def many_indicators():
    ellipses = [
        Ellipse("a", "Trust", None, numbered("x", 20)),
        Ellipse("m", "Commitment", math.nan, numbered("m", 20, "formative")),
        Ellipse("b", "Loyalty", 0.4, (Indicator("no_value", math.nan),)),
    ]
    return ellipses, [Arrow("a", "b", math.nan), Arrow("a", "m", 0.4), Arrow("m", "b", 0.33)], []


def alone():
    return [Ellipse("a", "Satisfaction", None, numbered("x", 3))], [], []


MODELS = {
    "ecsi": ecsi,
    "ecsi_long_labels": lambda: ecsi(labels=LONG),
    "ecsi_chinese": lambda: ecsi(labels=CHINESE),
    "acsi": lambda: ecsi(without=("image",)),
    "scsb": lambda: ecsi(without=("image", "quality")),
    "staged_mobile": staged_mobile,
    "staged_full": staged_full,
    "staged_chinese": lambda: staged_full(chinese=True),
    "reputation": reputation,
    "tiny": tiny,
    "many_indicators": many_indicators,
    "alone": alone,
}
# other words on a model that is drawn anyway
OTHER_WORDS = {"ecsi_long_labels", "ecsi_chinese", "staged_chinese"}
_drawn: dict[str, Figure] = {}


@pytest.fixture(params=[pytest.param(m, marks=[pytest.mark.long] * (m in OTHER_WORDS)) for m in MODELS])
def drawn(request):
    """A model and its figure."""
    return *MODELS[request.param](), drawing(request.param)


def drawing(model: str) -> Figure:
    """The figure of a model, drawn once for all tests that only look at it."""
    if model not in _drawn:
        _drawn[model] = plot_path_diagram(*MODELS[model]())
    return _drawn[model]


class Parts:
    """What stands on a figure, in points from its upper left corner, by gid."""

    def __init__(self, figure: Figure) -> None:
        self.size = figure.get_size_inches() * 72
        axes = figure.axes[0]
        top = axes.get_ylim()[1]
        renderer = FigureCanvasAgg(figure).get_renderer()
        self.boxes, self.ellipses, self.texts, self.curves, self.lines = {}, {}, {}, {}, []
        self.patches, self.heads = {}, {}
        for artist in axes.get_children():
            kind, _, rest = (artist.get_gid() or "").partition(":")
            if isinstance(artist, Text) and kind:
                box = artist.get_window_extent(renderer)
                pixels = figure.dpi / 72
                y0, y1 = self.size[1] - box.y1 / pixels, self.size[1] - box.y0 / pixels
                self.texts[kind, rest] = np.array([box.x0 / pixels, y0, box.x1 / pixels, y1])
            elif kind == "box" and isinstance(artist, Rectangle):
                x, y = artist.get_xy()
                self.boxes[rest] = np.array([x, y, x + artist.get_width(), y + artist.get_height()])
            elif kind == "ellipse" and isinstance(artist, EllipsePatch):
                self.ellipses[rest] = (*artist.center, artist.width / 2, artist.height / 2)
            elif kind == "path" and isinstance(artist, PathPatch) and not rest.startswith("key"):
                self.patches[rest] = artist
                t = np.linspace(0, 1, 200)[:, None]
                p, q, r = artist.get_path().vertices
                self.curves[rest] = (1 - t) ** 2 * p + 2 * t * (1 - t) * q + t**2 * r
            elif kind == "head" and isinstance(artist, Polygon) and not rest.startswith("key"):
                self.heads[rest] = artist
            elif kind == "connector" and not rest.startswith("key"):
                start, end = artist.get_path().vertices
                self.lines.append((rest, start + np.linspace(0, 1, 60)[:, None] * (end - start)))
        for rest, head in self.heads.items():
            self.curves[rest] = np.concatenate([self.curves[rest], head.get_xy()[:1]])
        shift = np.array([0, top, 0, top])
        self.texts = {gid: box + shift for gid, box in self.texts.items()}

    def labels(self):
        return {rest: box for (kind, rest), box in self.texts.items() if kind == "label"}


def apart(a, b):
    return a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


def outside(points, ellipse):
    x, y, rx, ry = ellipse
    return (((points[:, 0] - x) / rx) ** 2 + ((points[:, 1] - y) / ry) ** 2 >= 1).all()


def beside(points, box):
    return not (
        (points[:, 0] > box[0]) & (points[:, 0] < box[2]) & (points[:, 1] > box[1]) & (points[:, 1] < box[3])
    ).any()


def check_nothing_collides(figure: Figure) -> None:
    parts = Parts(figure)
    around = {k: np.array([x - a, y - b, x + a, y + b]) for k, (x, y, a, b) in parts.ellipses.items()}
    solid = [*((f"ellipse {k}", b) for k, b in around.items()), *((f"box {k}", b) for k, b in parts.boxes.items())]
    for i, (name, box) in enumerate(solid):
        for other, second in solid[i + 1 :]:
            assert apart(box, second), f"{name} on {other}"
    labels = list(parts.labels().items())
    for i, (name, box) in enumerate(labels):
        for other, second in labels[i + 1 :]:
            assert apart(box, second), f"label {name} on label {other}"
        for key, (x, y, rx, ry) in parts.ellipses.items():
            nearest = np.array([[np.clip(x, box[0], box[2]), np.clip(y, box[1], box[3])]])
            assert outside(nearest, (x, y, rx, ry)), f"label {name} on ellipse {key}"
        for key, second in parts.boxes.items():
            assert apart(box, second), f"label {name} on box {key}"
    for name, points in parts.curves.items():
        first, *rest = name.split(":")
        ends = {first} if len(rest) == 2 else {first, *rest}
        for key, ellipse in parts.ellipses.items():
            inner = (*ellipse[:2], ellipse[2] - 0.3, ellipse[3] - 0.3)
            assert outside(points, inner if key in ends else ellipse), f"arrow {name} through ellipse {key}"
        for key, box in parts.boxes.items():
            assert beside(points, box), f"arrow {name} through box {key}"
    for key, points in parts.lines:
        for other, ellipse in parts.ellipses.items():
            assert other == key or outside(points, ellipse), f"connector of {key} through ellipse {other}"
        for other, box in parts.boxes.items():
            assert other.startswith(f"{key}:") or beside(points, box), f"connector of {key} through box {other}"
    page = np.array([0, figure.axes[0].get_ylim()[1], parts.size[0], figure.axes[0].get_ylim()[0]])
    for gid, box in [*parts.texts.items(), *solid]:
        assert (box[:2] >= page[:2]).all(), f"{gid} off the page"
        assert (box[2:] <= page[2:]).all(), f"{gid} off the page"
    for (kind, rest), box in parts.texts.items():
        if kind in ("name", "value") and box[2] > box[0]:
            frame = parts.boxes[rest]
            assert (box[:2] >= frame[:2] - 0.8).all(), f"{kind} {rest} not in its box"
            assert (box[2:] <= frame[2:] + 0.8).all(), f"{kind} {rest} not in its box"
        if kind in ("construct", "r_squared"):
            corners = np.array([[box[i], box[j]] for i in (0, 2) for j in (1, 3)])
            x, y, rx, ry = parts.ellipses[rest.rsplit(":", 1)[0]]
            inside = ((corners[:, 0] - x) / rx) ** 2 + ((corners[:, 1] - y) / ry) ** 2 <= 1.02
            assert inside.all(), f"{kind} {rest} not in its ellipse"


def test_nothing_collides(drawn):
    check_nothing_collides(drawn[3])


def test_everything_is_there(drawn):
    ellipses, arrows, moderations, figure = drawn
    parts = Parts(figure)
    assert set(parts.ellipses) == {e.key for e in ellipses}
    assert set(parts.boxes) == {f"{e.key}:{i.name}" for e in ellipses for i in e.indicators}
    paths = {f"{a.predictor}:{a.outcome}": a for a in arrows}
    paths |= {f"{m.moderator}:{m.predictor}:{m.outcome}": m for m in moderations}
    assert set(parts.curves) == set(paths)
    assert set(parts.labels()) == {gid for gid, path in paths.items() if math.isfinite(path.estimate)}


def test_arrows_end_at_their_constructs(drawn):
    _, arrows, _, figure = drawn
    parts = Parts(figure)
    for arrow in arrows:
        points = parts.curves[f"{arrow.predictor}:{arrow.outcome}"]
        for point, key in ((points[0], arrow.predictor), (points[-1], arrow.outcome)):
            x, y, rx, ry = parts.ellipses[key]
            assert math.hypot((point[0] - x) / rx, (point[1] - y) / ry) == pytest.approx(1, abs=0.01)


@pytest.mark.long
def test_a_moderation_ends_on_its_path():
    parts = Parts(drawing("reputation"))
    tip = parts.curves["switching_cost:cusa:cusl"][-1]
    assert np.hypot(*(parts.curves["cusa:cusl"] - tip).T).min() < 2


def test_width_dashes_and_signs_say_what_the_numbers_say(drawn):
    _, arrows, moderations, figure = drawn
    parts = Parts(figure)
    paths = {f"{a.predictor}:{a.outcome}": a for a in arrows}
    paths |= {f"{m.moderator}:{m.predictor}:{m.outcome}": m for m in moderations}
    texts = {a.get_gid(): a for a in figure.axes[0].get_children() if isinstance(a, Text)}
    for gid, path in paths.items():
        patch = parts.patches[gid]
        holds_zero = path.lower is not None and path.lower <= 0 <= path.upper
        assert (patch.get_linestyle() not in ("solid", "-")) == holds_zero
        if math.isfinite(path.estimate):
            assert texts[f"label:{gid}"].get_text() == f"{path.estimate:.2f}".replace("-", "−")
            # a negative path has a hollow head: told apart without colour
            assert (parts.heads[gid].get_facecolor() == (1, 1, 1, 1)) == (path.estimate < 0)
    known = sorted((p for p in paths.items() if math.isfinite(p[1].estimate)), key=lambda p: abs(p[1].estimate))
    widths = [parts.patches[gid].get_linewidth() for gid, _ in known]
    assert widths == sorted(widths)


def test_fits_a_portrait_page_with_legible_letters(drawn):
    figure = drawn[3]
    width, height = figure.get_size_inches() * 72
    assert width <= 504.5  # 17.8 cm
    assert height <= 720  # 25.4 cm
    for artist in figure.axes[0].get_children():
        if isinstance(artist, Text) and artist.get_gid():
            assert artist.get_fontsize() >= 7


@pytest.mark.long
def test_stages_are_grouped_in_order():
    parts = Parts(drawing("staged_full"))
    headings = {rest: box for (kind, rest), box in parts.texts.items() if kind == "heading"}
    assert list(headings) == ["Before the purchase", "During", "After"]
    tops = [box[1] for box in headings.values()]
    assert tops == sorted(tops)
    for box in headings.values():
        for frame in parts.boxes.values():
            assert apart(box, frame)
    column = [parts.ellipses[e.key] for e in staged_full()[0] if e.stage]
    assert len({x for x, *_ in column}) == 1
    assert [y for _, y, *_ in column] == sorted(y for _, y, *_ in column)


def svg_of(figure: Figure) -> bytes:
    out = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "crmresearch"}):
        figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()


@pytest.mark.parametrize("model", ["ecsi", "tiny"])
@pytest.mark.long
def test_the_same_bytes_twice(model):
    assert svg_of(drawing(model)) == svg_of(plot_path_diagram(*MODELS[model]()))


def test_the_same_bytes_twice_under_a_title():
    first, second = (svg_of(plot_path_diagram(*tiny(), title="A model")) for _ in range(2))
    assert first == second
    assert first != svg_of(drawing("tiny"))


def test_chinese_without_a_chinese_font_shows_the_keys_and_warns_of_nothing(monkeypatch):
    monkeypatch.setattr(lettering, "CHINESE", ())
    lettering.families.cache_clear()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            ellipses = [Ellipse("customer_value", "客户价值", None, (), "售前"), Ellipse("b", "客户忠诚")]
            figure = plot_path_diagram(ellipses, [Arrow("customer_value", "b", 0.4)], title="客户")
            svg_of(figure)
        words = {a.get_text() for a in figure.axes[0].get_children() if isinstance(a, Text)}
        assert {"customer", "b", "1"} <= words | {w.split()[0] for w in words if w}
    finally:
        lettering.families.cache_clear()


def test_numbers_are_not_read_as_formulas():
    figure = plot_path_diagram([Ellipse("a", "Price in $ or €, $x_1$", None)], [])
    svg_of(figure)
    words = " ".join(a.get_text() for a in figure.axes[0].get_children() if isinstance(a, Text))
    assert "$x_1$" in words


@pytest.mark.parametrize(
    ("arrows", "moderations", "message"),
    [
        ([Arrow("a", "b", 1), Arrow("b", "a", 1)], [], "cycle"),
        ([Arrow("a", "nobody", 1)], [], "unknown construct 'nobody'"),
        ([Arrow("a", "b", 1), Arrow("a", "b", 2)], [], "twice"),
        ([], [Moderation("c", "a", "b", 1)], "not a path"),
    ],
)
def test_what_is_no_path_model_is_refused(arrows, moderations, message):
    ellipses = [Ellipse(key, key) for key in "abc"]
    with pytest.raises(TheoryError, match=message):
        plot_path_diagram(ellipses, arrows, moderations)


@st.composite
def models(draw):
    n = draw(st.integers(3, 9))
    labels = st.text("abcdefghij klmnop", min_size=1, max_size=30).map(str.strip).filter(bool)
    ellipses = [
        Ellipse(f"c{i}", draw(labels), draw(st.none() | st.floats(0, 1)), numbered(f"i{i}_", draw(st.integers(0, 5))))
        for i in range(n)
    ]
    arrows = []
    for outcome in range(1, n):
        causes = draw(st.sets(st.integers(0, outcome - 1), max_size=3))
        for cause in sorted(causes):
            estimate = draw(st.floats(-1, 1))
            arrows.append(Arrow(f"c{cause}", f"c{outcome}", estimate, estimate - 0.1, estimate + 0.1))
    return ellipses, arrows


@pytest.mark.long
@given(models())
@settings(deadline=None, max_examples=6, suppress_health_check=list(HealthCheck), derandomize=True)
def test_nothing_collides_in_any_acyclic_model(model):
    check_nothing_collides(plot_path_diagram(*model))
