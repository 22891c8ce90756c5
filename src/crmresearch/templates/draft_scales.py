"""Scales of answers in words, from low to high, as the usual programs and questionnaires of five languages have them."""

import re
from collections.abc import Iterable

# ruff: noqa: E501, a scale a line: its points divided by bars, other words of a point by slashes
_SCALES = """
no | yes
false | true
strongly disagree | disagree | neither agree nor disagree / neutral / undecided | agree | strongly agree
strongly disagree / completely disagree / totally disagree | disagree / mostly disagree | somewhat disagree / slightly disagree | neither agree nor disagree / neutral / undecided | somewhat agree / slightly agree | agree / mostly agree | strongly agree / completely agree / totally agree
strongly disagree | somewhat disagree | neither agree nor disagree / neutral | somewhat agree | strongly agree
very dissatisfied / extremely dissatisfied | dissatisfied / somewhat dissatisfied | neither satisfied nor dissatisfied / neutral | satisfied / somewhat satisfied | very satisfied / extremely satisfied
extremely dissatisfied / very dissatisfied | moderately dissatisfied / dissatisfied | slightly dissatisfied / somewhat dissatisfied | neither satisfied nor dissatisfied / neutral | slightly satisfied / somewhat satisfied | moderately satisfied / satisfied | extremely satisfied / very satisfied
not at all satisfied | slightly satisfied / not so satisfied | moderately satisfied / somewhat satisfied | very satisfied | extremely satisfied / completely satisfied
very unlikely / extremely unlikely | unlikely / somewhat unlikely | neither likely nor unlikely / neutral | likely / somewhat likely | very likely / extremely likely
extremely unlikely | moderately unlikely | slightly unlikely | neither likely nor unlikely / neutral | slightly likely | moderately likely | extremely likely
not at all likely | not so likely / slightly likely | somewhat likely / moderately likely | very likely | extremely likely
definitely not / definitely would not | probably not / probably would not | might or might not / maybe | probably / probably yes / probably would / probably will | definitely / definitely yes / definitely would / definitely will
very poor / terrible | poor / bad | fair / average / neutral / ok / okay | good | very good / excellent
poor | fair | good | very good | excellent
very low quality | low quality | neither high nor low quality | high quality | very high quality
far below expectations / much worse than expected | below expectations / worse than expected | meets expectations / met expectations / as expected | above expectations / exceeds expectations / better than expected | far above expectations / far exceeds expectations / much better than expected
never | rarely / seldom | sometimes / occasionally | often / frequently / usually | always
not at all important | slightly important / not so important | moderately important / somewhat important | very important | extremely important
not at all | slightly / a little | moderately / somewhat | very / quite a bit / a lot | extremely / very much / a great deal
low | medium | high
nein | ja
trifft gar nicht zu / trifft überhaupt nicht zu / trifft nicht zu | trifft eher nicht zu / trifft weniger zu / trifft wenig zu | teils teils / teilweise / neutral / weder noch | trifft eher zu / trifft überwiegend zu | trifft voll zu / trifft voll und ganz zu / trifft völlig zu / trifft zu
stimme gar nicht zu / stimme überhaupt nicht zu / stimme nicht zu | stimme eher nicht zu | teils teils / neutral / weder noch / unentschieden | stimme eher zu | stimme voll zu / stimme voll und ganz zu / stimme völlig zu / stimme zu
stimme gar nicht zu / stimme überhaupt nicht zu | stimme nicht zu | teils teils / neutral / weder noch / unentschieden | stimme zu | stimme voll zu / stimme voll und ganz zu / stimme völlig zu
stimme überhaupt nicht zu / stimme gar nicht zu | stimme nicht zu | stimme eher nicht zu | teils teils / neutral / weder noch | stimme eher zu | stimme zu | stimme voll und ganz zu / stimme voll zu
sehr unzufrieden | unzufrieden / eher unzufrieden | teils teils / weder noch / neutral / mittelmäßig / weder zufrieden noch unzufrieden | zufrieden / eher zufrieden | sehr zufrieden
sehr unwahrscheinlich | unwahrscheinlich / eher unwahrscheinlich | vielleicht / neutral / teils teils | wahrscheinlich / eher wahrscheinlich | sehr wahrscheinlich
sehr schlecht | schlecht / eher schlecht | mittel / mittelmäßig / neutral / befriedigend / teils teils | gut / eher gut | sehr gut
nie | selten | manchmal / gelegentlich | oft / häufig | immer
non | oui
pas du tout d'accord | pas d'accord / plutôt pas d'accord | neutre / ni d'accord ni pas d'accord | d'accord / plutôt d'accord | tout à fait d'accord
très insatisfait / pas du tout satisfait / très insatisfaite | insatisfait / plutôt insatisfait / peu satisfait / insatisfaite | neutre / ni satisfait ni insatisfait / moyennement satisfait | satisfait / plutôt satisfait / satisfaite | très satisfait / tout à fait satisfait / très satisfaite
jamais | rarement | parfois | souvent | toujours
muy en desacuerdo / totalmente en desacuerdo | en desacuerdo | neutral / ni de acuerdo ni en desacuerdo | de acuerdo | muy de acuerdo / totalmente de acuerdo
muy insatisfecho / muy insatisfecha | insatisfecho / insatisfecha | neutral / ni satisfecho ni insatisfecho | satisfecho / satisfecha | muy satisfecho / muy satisfecha
nunca | rara vez / casi nunca | a veces | a menudo / casi siempre / frecuentemente | siempre
非常不同意 / 完全不同意 | 不同意 / 比较不同意 | 一般 / 不确定 / 中立 | 同意 / 比较同意 | 非常同意 / 完全同意
非常不满意 / 很不满意 | 不满意 / 比较不满意 | 一般 / 中立 | 满意 / 比较满意 | 非常满意 / 很满意
非常不愿意 | 不愿意 | 一般 / 不确定 | 愿意 | 非常愿意
否 | 是
"""


def _plain(word: str) -> str:
    return re.sub(r"[^\w']+", " ", word.casefold().replace("’", "'")).strip()


_PLACES = [
    {_plain(word): place for place, words in enumerate(line.split("|")) for word in words.split(" / ")}
    for line in _SCALES.strip().splitlines()
]


def places_in_words(words: Iterable[str]) -> tuple[dict[str, int], int] | None:
    """Word → its place from 0 on a scale that tells them all apart, and its number of points; None where none does.

    Of several scales the shortest, so that no point is made up.
    """
    plain = {word: _plain(word) for word in words}
    different = set(plain.values())
    fitting = [
        (max(places.values()) + 1, places)
        for places in _PLACES
        if different <= places.keys() and len({places[text] for text in different}) == len(different)
    ]
    if not fitting:
        return None
    points, places = min(fitting, key=lambda fit: fit[0])
    return {word: places[text] for word, text in plain.items()}, points


def words_of_scale(words: Iterable[str]) -> list[str]:
    """The words in the order of their scale, none where they are of none."""
    found = places_in_words(words)
    return sorted(found[0], key=lambda word: found[0][word]) if found else []
