"""Every sentence can be said, is said somewhere, and says what the results are."""

import ast
import json
import pickle
import re
import string
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import yaml

from crmresearch.paths import NOTEBOOKS, PACKAGE
from crmresearch.report.show.wording import TEXTS as PAGE
from crmresearch.report.show.wording import columns
from crmresearch.stories.satisfaction import TEXTS
from crmresearch.texts import Sentence, Texts, _read, lacking, without_marks

STORIES = [Texts(path.parent) for path in sorted((PACKAGE / "stories").glob("*/en.yaml"))]


def catalogue(language: str) -> dict[str, str]:
    """What all stories together can say."""
    return {key: text for texts in STORIES for key, text in texts.catalogue(language).items()}


def languages() -> list[str]:
    return sorted({language for texts in STORIES for language in texts.languages()})


def _sources(*but: str) -> str:
    """The text of all modules and notebooks, without those of the packages `but`."""
    files = [*PACKAGE.rglob("*.py"), *NOTEBOOKS.glob("*.ipynb")]
    files = [path for path in files if not any(path.is_relative_to(PACKAGE / name) for name in but)]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


@cache
def _code() -> list[ast.AST]:
    """The modules of the package and the code cells of the notebooks, parsed."""
    texts = [path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")]
    for path in NOTEBOOKS.glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        texts += ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    return [ast.parse(text) for text in texts]


@cache
def _said() -> re.Pattern[str]:
    """Every key that the sources can say: written out, made by an f-string, or found by the name of what is shown."""
    keys = set()
    for node in (node for tree in _code() for node in ast.walk(tree)):
        match node:
            case ast.Constant(value=str(text)) if re.fullmatch(r"\w+\.\w+", text):
                keys.add(re.escape(text))
            case ast.JoinedStr(values=[ast.Constant(value=str(head)), *_]) if re.match(r"\w+\.", head):
                keys.add(_pattern(node))  # the section at least is written out
            case ast.FunctionDef(body=body):  # what it gives to `sentences` may stand anywhere in it
                parts = [part for line in body for part in ast.walk(line)]
                for part in parts:
                    match part:
                        case ast.Call(func=ast.Attribute(attr="sentences"), args=[head, *ends]):
                            written = (text for text in parts if isinstance(text, ast.Constant | ast.JoinedStr))
                            known = any(isinstance(end, ast.Attribute) for end in ends)
                            told = [*map(_pattern, written), *([r"\w+"] if known else [])]
                            keys |= {_pattern(head) + text for text in told if re.fullmatch(r"[\w\\*+]+", text)}
            case ast.Call(func=ast.Attribute(attr=verb), args=[ast.Constant(value=str(name)), *_]):
                shown = {"show_table": ["table"], "show_figure": ["figure", "alt"], "prose": ["prose"]}
                keys |= {rf"{section}\.{name}" for section in shown.get(verb, [])}
                keys |= {re.escape(name) + r"\w+"} if verb == "startswith" and name.endswith(".") else set()
                keys |= {rf"{name}\.\w+"} if verb == "section" else set()
            case ast.Call(func=ast.Attribute(attr="named"), keywords=columns_named):
                sections = [word.value.value for word in columns_named if isinstance(word.value, ast.Constant)]
                keys |= {rf"{section}\.\w+" for section in sections}
            case ast.Call(func=ast.Attribute(attr="terms")):
                keys.add(r"term\.\w+")  # each is marked somewhere: a test of its own
    return re.compile("|".join(sorted(keys)))


def _pattern(text: ast.AST) -> str:
    """What a text written out or an f-string can be."""
    parts = text.values if isinstance(text, ast.JoinedStr) else [text]
    return "".join(re.escape(str(p.value)) if isinstance(p, ast.Constant) else r"\w*" for p in parts)


def test_no_sentence_is_dead() -> None:
    said = _said()
    assert [key for key in catalogue("en") if not said.fullmatch(key)] == []


def test_no_sentence_of_an_engine_is_dead() -> None:
    said = _said()
    engines = [Texts(PACKAGE / name) for name in ("data", "segmentation")]
    assert [key for texts in engines for key in texts.catalogue("en") if not said.fullmatch(key)] == []


def test_every_word_of_what_a_caution_is_about_has_a_text() -> None:
    calls = [node for tree in _code() for node in ast.walk(tree) if isinstance(node, ast.Call)]
    quantities = [call.args[2] for call in calls if isinstance(call.func, ast.Name) and call.func.id == "Caution"]
    written = [part.value for node in quantities for part in ast.walk(node) if isinstance(part, ast.Constant)]
    known = {key.removeprefix("quantity.") for key in catalogue("en") if key.startswith("quantity.")}
    whole = [text for text in map(str, written) if text.replace(" ", "_") not in known]
    words = {word for text in whole for word in re.findall(r"[a-z_]+", text)}
    assert words - known == {"q"}  # a parameter, which has its symbol in every language
    assert len(written) > 15


@pytest.mark.parametrize("texts", STORIES, ids=lambda texts: texts.folder.name)
def test_every_marked_term_has_an_entry_and_every_entry_is_marked(texts: Texts) -> None:
    known = texts.catalogue("en")
    told = [text for key, text in known.items() if not key.startswith("term.")]
    marked = {term for text in told for term, _ in without_marks(text)[1]}
    assert marked <= {key.removeprefix("term.") for key in known if key.startswith("term.")}
    own = yaml.safe_load((texts.folder / "en.yaml").read_text(encoding="utf-8")).get("term", {})
    assert own.keys() <= marked | columns().keys()  # a column of a table can be a term


def test_terms_are_marked_in_texts_and_not_in_facts() -> None:
    text = "The [[psi|stability index]] of a [[Latent class]] is {value}."
    assert without_marks(text) == (
        "The stability index of a Latent class is {value}.",
        frozenset({("psi", "stability index"), ("latent_class", "Latent class")}),
    )


# symbols and abbreviations that nobody need know: wherever a report says one, its glossary explains it
TECHNICAL = re.compile(
    r"(?<!\w)(?:α|ρ_?[AC]|AVE|HTMT|RMSEA|SRMR|CFI|TLI|χ²|df|AUC|Brier|Gini|PSI|[Ss]ilhouette|Jaccard|VIF|R²|Q²|P\(alive\)"
    r"|M?BG/NBD|Pareto/NBD|Gamma–Gamma|BIC|AIC|ARI|AMI|SLSw|SLSa|KMO|MSA|PLSc?|CB-SEM|FIML|RFM|ln L)(?!\w)"
)


@pytest.mark.parametrize("texts", STORIES, ids=lambda texts: texts.folder.name)
def test_a_technical_word_is_a_term_wherever_it_stands(texts: Texts) -> None:
    known = texts.catalogue("en")
    spoken = {key: text for key, text in known.items() if key.partition(".")[0] not in ("term", "technical")}
    for key, text in {**spoken, **{f"heading.{name}": heading for name, heading in columns().items()}}.items():
        terms = {word for _, word in texts.with_terms(text)[1]}
        terms |= {
            heading for name, heading in columns().items() if f"term.{name}" in known and f"heading.{name}" == key
        }
        bare = [w for w in TECHNICAL.findall(text) if not any(w in term for term in terms)]
        assert bare == [] or key == "today_method.next", key  # where α is a parameter
    entries = {key.removeprefix("term.") for key in known if key.startswith("term.")}
    assert {key.removeprefix("technical.") for key in known if key.startswith("technical.")} <= entries


def test_every_caution_has_a_sentence_and_every_sentence_a_caution() -> None:
    of_others = "value", "segmentation"  # their sentences stand in sections of their own
    raised = set(re.findall(r'Caution\(\s*"(\w+)"', _sources(*of_others)))
    raised |= set(re.findall(r'\("(\w+_resamples)",', _sources()))
    sections = ("caution.", "cross_caution.", "priority_caution.", "series_caution.")
    written = {key.partition(".")[2] for key in catalogue("en") if key.startswith(sections)}
    also = ("churn_caution.", "profiles_caution.")  # beside those that only a story knows of
    beside = {key.partition(".")[2] for key in catalogue("en") if key.startswith(also)}
    assert written <= raised
    assert raised - {"proxies"} <= written | beside  # the codebook writes the sentence on proxies


def test_every_caution_of_the_value_models_has_a_sentence() -> None:
    modules = (PACKAGE / "value").glob("*.py")
    raised = {code for path in modules for code in re.findall(r'Caution\(\s*"(\w+)"', path.read_text(encoding="utf-8"))}
    written = {key.removeprefix("value_caution.") for key in catalogue("en") if key.startswith("value_caution.")}
    assert raised == written


def test_every_caution_of_respondents_segments_has_a_sentence() -> None:
    module = (PACKAGE / "segmentation" / "respondents.py").read_text(encoding="utf-8")
    raised = set(re.findall(r'Caution\("(\w+)"', module))
    assert {f"survey_caution.{code}" for code in raised} <= catalogue("en").keys()
    assert len(raised) > 9


def test_every_warning_of_the_evaluator_has_a_sentence() -> None:
    evaluator = (PACKAGE / "segmentation" / "scoring" / "evaluate.py").read_text(encoding="utf-8")
    for code in (
        key.removeprefix("customer_caution.") for key in catalogue("en") if key.startswith("customer_caution.")
    ):
        assert f'"{code}"' in evaluator


@pytest.mark.parametrize("language", languages())
def test_translations_name_the_same_facts(language: str) -> None:
    def facts(sentence: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}

    english = catalogue("en")
    for key, sentence in catalogue(language).items():
        if key.startswith("prose."):  # Markdown as written, with braces of its own
            continue
        assert facts(sentence) <= facts(english[key]), key


@pytest.mark.parametrize("language", ["en", *languages()])
def test_texts_write_percent_and_numbers_one_way(language: str) -> None:
    """95%, not 95 %; one customer, two customers, never customer(s)."""
    wrong = re.compile(r"[\d}] %(?!\()|\w\(s\)")
    assert [key for key, sentence in catalogue(language).items() if wrong.search(sentence)] == []


@pytest.mark.parametrize(
    ("count", "told"), [(1, "1 customer has"), (2, "2 customers have"), (1200, "1,200 customers have")]
)
def test_one_is_told_as_one(tmp_path: Path, count: int, told: str) -> None:
    text = "{count:,} {count:customer has|customers have} no segment."
    (tmp_path / "en.yaml").write_text(f'a:\n  b: "{text}"\n', encoding="utf-8")
    assert Texts(tmp_path).say("a.b", count=count) == f"{told} no segment."


def test_a_missing_translation_falls_back_to_english(tmp_path: Path) -> None:
    _write(tmp_path / "story" / "en.yaml", 'word: {a: "english {n}", b: only english}')
    _write(tmp_path / "story" / "zh.yaml", 'word: {a: "中文 {n}"}')
    texts = Texts(tmp_path / "story")
    assert texts.say("word.a", "zh", n=1) == "中文 1"
    assert texts.say("word.b", "zh") == "only english"
    with pytest.raises(KeyError):
        texts.say("word.c", "zh")


def test_a_language_lacks_a_file_a_key_or_says_too_much(tmp_path: Path) -> None:
    _write(tmp_path / "package" / "en.yaml", 'word: {a: "english {n}", b: words, empty: ""}')
    path = tmp_path / "package" / "zh.yaml"

    def told(text: str) -> list[str]:
        path.write_text(text, encoding="utf-8")
        _read.cache_clear()
        return lacking(tmp_path / "package", "zh")

    assert lacking(tmp_path / "package", "fr") == [
        "'fr' cannot be told: package/fr.yaml is missing; write it beside en.yaml, with the same keys"
    ]
    assert told("word: {a: 中文}") == ["'zh' cannot be told: package/zh.yaml lacks word.b"]
    assert told("word: {a: 中文, b: 词, empty: '', c: 词}") == [
        "'zh' cannot be told: package/zh.yaml says word.c, which en.yaml does not have"
    ]
    assert told('word: {a: "{m}", b: 词, empty: ""}') == [
        "'zh' cannot be told: package/zh.yaml names facts in word.a that en.yaml does not have there"
    ]
    assert told('word: {a: "{n}", b: 词}') == []


def test_a_sentence_is_told_again_in_another_language(tmp_path: Path) -> None:
    _write(tmp_path / "story" / "en.yaml", 'word: {a: "english {n}", b: "{name} of english"}')
    _write(tmp_path / "story" / "zh.yaml", 'word: {a: "中文 {n}", b: "{name}的中文"}')
    texts = Texts(tmp_path / "story")
    assert texts.say("word.a", n=2).told_in("zh") == "中文 2"
    assert pickle.loads(pickle.dumps(texts.say("word.a", n=2))).told_in("zh") == "中文 2"
    name = texts.in_languages("word.a", n=1)
    assert name == {"en": "english 1", "zh": "中文 1"}
    assert texts.in_languages("word.b", name=name) == {"en": "english 1 of english", "zh": "中文 1的中文"}


def test_stories_share_texts_but_no_sentence_is_written_twice(tmp_path: Path) -> None:
    _write(tmp_path / "story" / "en.yaml", "word: {a: first}")
    _write(tmp_path / "en.yaml", "word: {b: second}")
    texts = Texts(tmp_path / "story")
    assert texts.catalogue("en") == {"word.a": "first", "word.b": "second"}
    _write(tmp_path / "twice" / "en.yaml", "word: {b: again}")
    with pytest.raises(KeyError, match=r"word\.b"):
        Texts(tmp_path / "twice").catalogue("en")


def test_a_story_reads_no_texts_of_another() -> None:
    told = "from crmresearch.report.make.inputs import opened_files as f; f()"
    told += "; import crmresearch.stories.satisfaction.story"
    told += "; from crmresearch.stories.satisfaction import TEXTS as t; t.say('word.open')"
    told += "; print(*sorted(p.parent.name for p in f().of_project() if p.name == 'en.yaml'))"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["satisfaction", "stories"]


def test_a_sentence_remembers_what_it_says() -> None:
    told = TEXTS.say("measurement.weak", construct="a", rho_c=0.5, ave=-1.0)
    assert isinstance(told, Sentence)
    assert (told.key, told.facts["ave"]) == ("measurement.weak", -1.0)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_lists_and_minus_signs() -> None:
    assert [TEXTS.listed(words) for words in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]
    apart = [TEXTS.listed(words) for words in (["a and b"], ["a and b", "c"], ["a", "b and c", "d"])]
    assert apart == ["a and b", "a and b; and c", "a; b and c; and d"]
    words = PAGE.listed(["price and its stability", "image"])
    assert words == "price and its stability; and image"
    assert PAGE.listed(["价格和稳定", "形象"], "zh") == "价格和稳定；形象"
    told = TEXTS.say(
        "finding.to_loyalty_unclear", satisfaction="x", loyalty="y", estimate=-0.123, lower=-0.2, upper=0.1
    )
    assert "−0.12" in told
    assert "-0" not in told
    told = TEXTS.say(
        "finding.to_loyalty_unclear", satisfaction="x", loyalty="y", estimate=-0.004, lower=-0.2, upper=-0.05
    )
    assert "0.00" in told
    assert "−0.00" not in told
    assert "−0.05" in told
