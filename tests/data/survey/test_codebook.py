"""Codebooks and the catalog: what they say, and that each mistake in one is a sentence naming file and key."""

import copy
import hashlib
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmresearch import paths
from crmresearch.data.catalog import candidate_data_files, dataset_keys, find_codebook, find_data_file
from crmresearch.data.survey.codebook import in_language, read_codebook
from crmresearch.errors import CodebookError, DatasetMissingError

SHIPPED = ["acsi_2015", "corporate_reputation", "ecsi_mobile"]


@pytest.fixture
def spoilt(cafe_folder):
    """The sentences of the CodebookError for a codebook with one piece of text replaced by another."""

    def read(old: str, new: str) -> list[str]:
        folder = cafe_folder(None, (old, new))
        with pytest.raises(CodebookError) as caught:
            read_codebook(folder)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__, "no pydantic or YAML traceback behind the sentence"
        return str(caught.value).splitlines()

    return read


@pytest.mark.parametrize(
    ("old", "new", "key", "reason"),
    [
        ("min: 1, max: 5}", "min: 5, max: 5}", "items.taste", "min (5) must be below max (5)"),
        ("max: 5}", "max: '5'}", "items.taste.max", "must be a number; it is '5'"),
        ("max: 5}", "max: .inf}", "items.taste.max", "must be a finite number"),
        ("max: 5}", "maximum: 5}", "items.taste.maximum", "did you mean 'max'?"),
        ("max: 5}", "max: 5, colour: red}", "items.taste.colour", "the keys are labels, max, min"),
        ("reversed: true", "reversed: 1", "items.wait.reversed", "must be true or false"),
        ("en: Taste, ", "", "items.taste.text", "has no English text"),
        ("en: Waiting time", "en: ' '", "items.wait.text", "the text under 'en' is empty"),
        ("key: cafe", "key: My Café", "key", "must be lower-case letters, digits and _"),
        ("source: made up", "sauce: made up", "sauce", "did you mean 'source'?"),
        ("licence: none", "licence:", "licence", "must be text"),
        ("committed: false\n", "committed: true\n", "sha256", "this key is missing"),
        ("committed: false", "committed: true", "sha256", "this key is missing; a committed file needs its checksum"),
        ("committed: false", "committed: false\nsha256: abc", "sha256", "64 hexadecimal digits"),
        ("file: cafe.csv", "file: ../cafe.csv", "file", "must be a file name without folders"),
        ("file: cafe.csv", "file: data\\\\cafe.csv", "file", "must be a file name without folders"),
        ("[taste, wait]", "[taste, smell]", "constructs.satisfaction", "'smell' is not among the items"),
        ("[taste, wait]", "[taste, taste]", "constructs.satisfaction", "'taste' is listed twice"),
        ("[taste, wait]", "[]", "constructs.satisfaction", "has no items"),
        ("[taste, wait]", "taste", "constructs.satisfaction", "must be a list such as [A, B]; it is 'taste'"),
        ("{satisfaction: [taste]}", "{satisfaction: [smell]}", "theories.staged.constructs.satisfaction", "'smell'"),
        ("acsi: {note: {en: As written.}}", "acsi: {}", "theories.acsi", "is empty"),
        ("id: guest", "id: taste", "id", "'taste' is an item or a group as well"),
        ("  age: {label", "  taste: {label", "groups.taste", "is an item as well"),
        ("missing_codes: [-9]", "missing_codes: [3]", "items.taste", "the missing code 3 lies inside the scale 1 to 5"),
        ("missing_codes: [9]", "missing_codes: [2]", "groups.seat", "2 is both a value and a missing code"),
        ("missing_codes: [9]", "missing_codes: [[9]]", "groups.seat.missing_codes.0", "it is a list"),
        ("licence: none", "licence: none\nidentical_rows: expected", "identical_rows_reason", "this key is missing"),
        ("licence: none", "licence: none\nidentical_rows: perhaps", "identical_rows", "'refuse' or 'expected'"),
    ],
)  # fmt: skip
def test_a_mistake_is_a_sentence_naming_file_and_key(spoilt, tmp_path, old, new, key, reason):
    sentences = spoilt(old, new)
    matching = [s for s in sentences if s.startswith(f"{tmp_path.as_posix()}/cafe/codebook.yaml, {key}: ")]
    assert len(matching) == 1, sentences
    assert reason in matching[0]
    assert matching[0].endswith(".")


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("title: {en: Café, zh: 咖啡馆}", "title: {en: Café", 3, "not valid YAML"),
        ("source: made up", "source: made: up", 7, "not valid YAML"),
        ("source: made up", "file: made up", 7, "'file' is written twice"),
        ("  wait: {text", "  taste: {text", 14, "'taste' is written twice"),
    ],
)
def test_broken_yaml_names_the_line(spoilt, old, new, line, reason):
    (sentence,) = spoilt(old, new)
    assert f"codebook.yaml, line {line}" in sentence
    assert reason in sentence


def _places(node, place=()):
    """Every place of a document, as the keys that lead to it."""
    yield place
    for key in node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
        yield from _places(node[key], (*place, key))


WHOLE = yaml.safe_load((Path(__file__).parents[1] / "cafe/codebook.yaml").read_text("utf-8").replace("{no:", "{'no':"))
JUNK = [None, "", "x", True, 0, -1.5, [], [[]], ["x", "x"], {}, {"x": None}, {1: {"en": ""}}, {"en": []}]


@given(place=st.sampled_from([place for place in _places(WHOLE) if place]), junk=st.sampled_from(JUNK))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_junk_anywhere_is_sentences_or_fine(tmp_path, place, junk):
    document = copy.deepcopy(WHOLE)
    parent = document
    for key in place[:-1]:
        parent = parent[key]
    parent[place[-1]] = junk
    (tmp_path / "codebook.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    try:
        read_codebook(tmp_path)
    except CodebookError as error:
        for sentence in str(error).splitlines():
            assert sentence.startswith(f"{tmp_path.as_posix()}/codebook.yaml, ")
            assert sentence.endswith(".")


def test_several_mistakes_are_told_at_once(spoilt):
    sentences = spoilt("[taste, wait]\n  loyalty: [again]", "[smell]\n  loyalty: [often]\n  image: []")
    assert [s.split(", ")[1].split(":")[0] for s in sentences] == [
        "constructs.satisfaction", "constructs.loyalty", "constructs.image",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "must be a mapping of keys to values; it holds empty"),
        (b"- a\n- b\n", "it holds a list"),
        (b"title: caf\xe9\n", "is not UTF-8 text (byte 11)"),
    ],
)
def test_a_file_that_is_no_codebook(tmp_path, content, reason):
    (tmp_path / "codebook.yaml").write_bytes(content)
    with pytest.raises(CodebookError, match=r"codebook\.yaml") as caught:
        read_codebook(tmp_path)
    assert reason in str(caught.value)


def test_a_scale_can_be_written_once_and_shared(cafe_folder):
    folder = cafe_folder(
        None, ("taste: {text", "taste: &scale {text"), ("text: {en: Waiting time}, min: 1, max: 5,", "<<: *scale,")
    )
    wait = read_codebook(folder).items["wait"]
    assert (wait.text["zh"], wait.min, wait.max, wait.reversed) == ("味道", 1, 5, True)


def test_a_theory_override_replaces_the_default_map(cafe_folder):
    book = read_codebook(cafe_folder())
    assert book.items_of("scsb") == {"satisfaction": ["taste", "wait"], "loyalty": ["again"]}
    assert book.items_of("staged") == {"satisfaction": ["taste"]}
    assert book.items_of("acsi") == book.items_of("scsb"), "a note alone changes no map"
    assert (book.note_of("scsb"), book.note_of("acsi")) == (None, {"en": "As written."})


def test_languages_fall_back_to_english(cafe_folder):
    book = read_codebook(cafe_folder())
    assert in_language(book.items["taste"].text, "zh") == "味道"
    assert in_language(book.items["wait"].text, "zh") == "Waiting time"
    seat, town = book.groups["seat"], book.groups["town"]
    assert [seat.value_label(v, "zh") for v in (1, 1.0, 2, 7)] == ["室内", "室内", "outside", "7"]
    assert town.value_label("no") == "Northern", "`no` is a word here, not a truth value"


def test_every_shipped_codebook_is_read_and_speaks_chinese():
    assert set(SHIPPED) <= set(dataset_keys())
    for key in SHIPPED:
        book = find_codebook(key)
        texts = [book.title, *(item.text for item in book.items.values()), *(g.label for g in book.groups.values())]
        assert all(set(text) == {"en", "zh"} for text in texts)
        assert (book.folder / "README.md").is_file()


def test_committed_files_have_the_checksum_of_their_codebook():
    committed = [book for book in map(find_codebook, dataset_keys()) if book.committed]
    assert {"ecsi_mobile", "corporate_reputation"} <= {book.key for book in committed}
    for book in committed:
        assert hashlib.sha256(find_data_file(book).read_bytes()).hexdigest() == book.sha256


def test_bindings_of_the_shipped_codebooks():
    ecsi, acsi, reputation = (find_codebook(k) for k in ("ecsi_mobile", "acsi_2015", "corporate_reputation"))
    sizes = {construct: len(items) for construct, items in ecsi.items_of("ecsi").items()}
    assert sizes == {"expectation": 3, "quality": 7, "value": 2, "satisfaction": 3, "complaint_handling": 1,
                     "loyalty": 3, "image": 5}  # fmt: skip
    staged = ecsi.items_of("staged")
    used = [item for items in staged.values() for item in items]
    assert len(used) == len(set(used))
    assert set(ecsi.items) - set(used) == {"CUEX1", "CUEX2", "CUEX3"}
    assert "proxies" in ecsi.note_of("staged")["en"]
    assert acsi.items_of("acsi")["complaints"] == ["COMP"]
    bound = {item for items in acsi.items_of("acsi").values() for item in items}
    assert set(acsi.items) - bound == {"HANDLE"}
    bound = {item for items in reputation.items_of("reputation").values() for item in items}
    assert set(reputation.items) - bound == {"qual_global", "perf_global", "csor_global", "attr_global"}


def test_an_unknown_dataset_names_the_known_ones():
    for name in ("ecsi_mobil", "", "../ecsi_mobile", "/nowhere"):
        with pytest.raises(CodebookError, match=r"acsi_2015, .*corporate_reputation, ecsi_mobile"):
            find_codebook(name)


def test_a_dataset_outside_the_repository(cafe_folder, monkeypatch):
    folder = cafe_folder()
    monkeypatch.setenv("CRMRESEARCH_DATA", str(folder.parent))
    assert "cafe" in dataset_keys()
    book = find_codebook("cafe")
    assert book == find_codebook(str(folder))
    assert book.folder == folder
    assert find_data_file(book) == folder / "cafe.csv"


def test_a_copied_codebook_must_get_its_own_key(cafe_folder, monkeypatch):
    folder = cafe_folder()
    folder.rename(folder.parent / "bistro")
    monkeypatch.setenv("CRMRESEARCH_DATA", str(folder.parent))
    with pytest.raises(CodebookError, match=r"key: is 'cafe' but the folder is named 'bistro'"):
        find_codebook("bistro")


def test_the_data_file_is_searched_beside_the_codebook_then_in_the_data_folders(cafe_folder, tmp_path, monkeypatch):
    outside = tmp_path / "outside"
    (outside / "cafe").mkdir(parents=True)
    monkeypatch.setenv("CRMRESEARCH_DATA", str(outside))
    book = find_codebook(str(cafe_folder()))
    beside, *_, nested, loose = candidate_data_files(book)
    assert (beside, nested, loose) == (book.folder / "cafe.csv", outside / "cafe/cafe.csv", outside / "cafe.csv")
    assert paths.DATA / "cafe/cafe.csv" in candidate_data_files(book)
    for place in (nested, loose):
        place.write_text("x", encoding="utf-8")
    found = []
    for place in (beside, nested, loose):
        found.append(find_data_file(book))
        place.unlink()
    assert found == [beside, nested, loose]
    with pytest.raises(DatasetMissingError, match=r"cafe\.csv of cafe is not on this machine .*Ask the owner\."):
        find_data_file(book)
