"""Sentences are text: whatever a name holds is read back from the page as it was written."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmresearch.report.page.markdown import Outline, markdown_to_html
from crmresearch.report.show.paragraphs import escape_markdown, show_heading, show_text

HOSTILE = [
    "<script>window.ran = 1</script>", "<img src=x onerror=run()>", "A & B <new>", "&lt;b&gt; &amp; &#60;",
    "[a](javascript:run())", "![a](http://evil.example/a.png)", "<http://evil.example>", "http://evil.example/a",
    "www.evil.example", "[a][b]", "[b]: javascript:run()", "[[psi|words]]", "{names} {{x}} {0}", "`tick` ``a``",
    "*star* _u_ __u__", "~~gone~~", r"\(x\) \\(x\\) \\[x\\]", "$x^2$ $$", r"\begin{a}x\end{a}", r"back\slash \* \<",
    "# head", "#head", "> quoted", "- a", "-", "---", "+ a", "1. one", "12) twelve", ": means", "***", "===",
    "a\n\n# b\n- c", "| a | b |\n|---|---|\n| c | d |", "[ ] task", "    code", "a  ", "</p></main>",
]  # fmt: skip


def read(markdown: str) -> tuple[str, set[str]]:
    """The text of a page and its tags."""
    html = markdown_to_html(markdown, Outline(), "cell 1")
    return unescape(re.sub(r"<[^>]+>", "", html)).strip(), set(re.findall(r"</?(\w+)", html))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_sentence_is_read_as_it_was_written(text: str) -> None:
    written = re.sub(r"\s+", " ", text).strip()
    for sentences in ([text], [text, text], [f"It is {text}."]):
        read_back, tags = read(show_text(sentences)._repr_markdown_())
        assert tags == {"p"}
        expected = " ".join(written if s is text else f"It is {text}." for s in sentences)
        assert re.sub(r"\s+", " ", read_back) == re.sub(r"\s+", " ", expected).strip()
    assert read(show_text([text], bullets=True)._repr_markdown_()) == (re.sub(r"\s+", " ", read(
        show_text([text])._repr_markdown_())[0]), {"ul", "li"})  # fmt: skip
    assert read(show_heading(text)._repr_markdown_())[1] <= {"h3"}


@given(st.text(st.sampled_from("<>&[]()!`*_~$\\#-+.:|{}/=\"' \nab1;httpsw"), max_size=40))
def test_no_text_becomes_anything_else(text: str) -> None:
    read_back, tags = read(f"So {escape_markdown(text)}.")
    assert tags == {"p"}
    assert read_back.split() == f"So {text.strip()}.".split()
    read_back, tags = read(show_text([text])._repr_markdown_())
    assert tags <= {"p"}
    assert read_back.split() == text.split()


def test_sentences_without_marks_stay_as_they_are() -> None:
    plain = "Of 250 (p < .001; Dolnicar & Leisch, 2010) 5–10 % – α = .05 – say “no”: a, b [and] c."
    assert escape_markdown(plain.replace("[", "").replace("]", "")) == plain.replace("[", "").replace("]", "")
    assert show_heading("Segments", level=2)._repr_markdown_() == "## Segments"
    assert repr(show_heading("Segments")) == "### Segments"
