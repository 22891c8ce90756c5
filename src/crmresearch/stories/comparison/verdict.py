"""The verdict of a comparison: single numbers, equal numbers of segments, what lasts, and the claim about value."""

import pandas as pd

from crmresearch.segmentation.benchmark import LEAVES
from crmresearch.segmentation.registry import VALUE
from crmresearch.segmentation.scoring.scores import LOWER_IS_BETTER
from crmresearch.segmentation.stability.stability import NAMED
from crmresearch.stories.comparison.story import MOST, ComparisonStory
from crmresearch.stories.story import interval
from crmresearch.stories.story import verdict as told_apart

VALUE_FIRST = "expected_value_quantiles_"  # individual value first, then segments of it
OTHER_SCORES = ("r2", "deviance", "gini", "capture", "auc", "brier")  # besides R² of log spend


def findings(story: ComparisonStory) -> list[str]:
    """Headline, single numbers, what lasts, money, other scores, equal numbers, stability, frozen rules, claim."""
    if not story.defined:
        return [story.say("comparison.nothing")]
    best = story.best
    key = "" if story.alike else "_alone"
    key = f"comparison.headline{key}" if best["r2_lower"] > 0 else "comparison.headline_nothing"
    facts = {"methods": len(story.segmentations), "days": story.days, "k": int(best["k"]), "r2": best["r2"]}
    facts |= {"alike": story.some(story.alike, 3)}
    headline = story.say(key, best=story.name(best["method"]), **facts, **interval(best, "r2_"))
    singles = [single_number(story, kind) for kind in story.rankable]
    told = [headline, *(sentence for found in singles for sentence in found[:1]), *chosen(story)]
    if best["r2_lower"] > 0:
        name, spend = story.name(best["method"]), best["r2_spend"]
        told.append(story.say("scale.money", method=name, spend=spend, **interval(best, "r2_spend_")))
    told += [sentence for found in singles for sentence in found[1:] if sentence]
    return [*told, *equal_numbers(story), *lasting(story), *frozen(story), *claim(story)]


def follows(story: ComparisonStory) -> list[str]:
    """Which segmentation to use, where a number serves better, whether targeting pays; or why nothing follows."""
    if not story.defined or not story.best["r2_lower"] > 0:
        return [story.say("comparison.follows_nothing")]
    best, choice = story.best, story.choice
    told = [story.say("comparison.follows_use", method=story.name(best["method"]), k=int(best["k"]))]
    if choice is not None and choice["method"] != best["method"]:
        key = "fewer" if best["lowest_jaccard"] >= NAMED else "named"
        told.append(story.say(f"comparison.follows_{key}", method=story.name(choice["method"]), most=MOST))
    if story.numbers:
        lead = _lead(story, story.numbers)
        outcome = told_apart(lead["lower"], lead["upper"])
        if outcome != "loses":
            names = [story.name(method) for method in story.benchmark.evaluation.alike(story.numbers)]
            told.append(story.say(f"comparison.follows_{outcome}", single=story.first_of(names)))
    return [*told, *story.targeting_text()[:1]]


def single_number(story: ComparisonStory, kind: str) -> list[str]:
    """Whether the best number of a kind (naive, forecast) tells more than the segmentation to use, by every score."""
    rows = story.singles[story.singles["kind"] == kind].set_index("method", drop=False)
    if rows.empty:
        return []
    lead = _lead(story, list(rows.index))
    row = rows.loc[lead["method"]]
    spread = {f"difference_{end}": value for end, value in interval(lead, "").items()}
    facts = {"single": story.name(row["method"]), "r2": row["r2"], "difference": lead["difference"], **spread}
    key = f"comparison.{kind}_{told_apart(lead['lower'], lead['upper'])}"
    return [story.say(key, **facts, **interval(row, "r2_")), _by_other_scores(story, str(row["method"]))]


def _by_other_scores(story: ComparisonStory, single: str) -> str:
    """By which other scores a number is ahead of the segmentation to use, behind it, or level: the same two by all."""
    differences = story.benchmark.evaluation.against(story.best["method"]).query("method == @single")
    sides: dict[str, list[str]] = {"wins": [], "loses": [], "ties": []}
    for row in differences[differences["metric"].isin(OTHER_SCORES)].dropna().itertuples():
        sign = -1 if row.metric in LOWER_IS_BETTER else 1
        low, high = sorted((sign * row.lower, sign * row.upper))
        sides[told_apart(low, high)].append(story.say(f"comparison_score.{row.metric}"))
    parts = [
        story.say(f"comparison.score_{side}", scores=story.listed(names)) for side, names in sides.items() if names
    ]
    facts = {"single": story.name(single), "best": story.name(story.best["method"])}
    return story.say("comparison.other_scores", parts="; ".join(parts), **facts) if parts else ""


def equal_numbers(story: ComparisonStory) -> list[str]:
    """Which methods of equal numbers of segments are not told apart from the best of their block."""
    told = []
    for k, block in story.blocks.items():
        alike = story.benchmark.evaluation.alike(list(block["method"]))
        key = "comparison.block_alone" if len(alike) == 1 else "comparison.block_alike"
        names = story.some([story.name(method) for method in alike])
        told.append(story.say(key, k=k, methods=len(block), count=len(alike), names=names, r2=block["r2"].max()))
    return told


def lasting(story: ComparisonStory) -> list[str]:
    """Which segmentations are found again on resampled customers."""
    known = story.segmentations.dropna(subset="lowest_jaccard")
    fixed = known["method"].isin(story.benchmark.stability.solutions.query("fixed")["method"])
    rules, known = known[fixed], known[~fixed]
    stable = known["lowest_jaccard"] >= NAMED
    told = []
    if len(known):
        key = "all" if stable.all() else "some" if stable.any() else "none"
        facts = {"stable": int(stable.sum()), "methods": len(known), "bound": NAMED}
        unstable = story.listed([story.name(method) for method in known["method"][~stable]])
        told.append(story.say(f"comparison.stable_{key}", unstable=unstable, **facts))
    if len(rules):
        told.append(story.say("comparison.stable_fixed", rules=story.listed([*map(story.name, rules["method"])])))
    return told


def chosen(story: ComparisonStory) -> list[str]:
    """Of the segmentations that are found again, the one to use."""
    choice = story.choice
    if choice is None:
        return [story.say("comparison.choice_none", most=MOST)]
    key = "comparison.rule_none" if pd.isna(choice["rule_length"]) else "comparison.rule_leaves"
    rule = story.say(key, most=LEAVES, leaves=choice["rule_length"])
    key = "comparison.moves_expected" if story.ageing else "comparison.moves"
    facts = {"r2": choice["r2"], "k": int(choice["k"]), "moves": story.say(key, days=story.days_between, **story.moved)}
    if choice["method"] == story.best["method"]:
        return [story.say("comparison.choice_same", method=story.name(choice["method"]), rule=rule, **facts)]
    ahead = "alike" if choice["method"] in story.benchmark.evaluation.alike() else "less"
    against = story.say(f"comparison.choice_{ahead}", best=story.name(story.best["method"]))
    named = {"method": story.name(choice["method"]), "most": MOST, "against": against}
    return [story.say("comparison.choice", **named, rule=rule, **facts)]


def frozen(story: ComparisonStory) -> list[str]:
    """What methods lose that were learned one window earlier."""
    table = story.segmentations.dropna(subset="r2_frozen")
    earlier = {method.name for method in story.benchmark.methods if method.outcome}  # to begin with
    table = table[~table["method"].isin(earlier)]
    if table.empty:
        return []
    loss = table["r2"] - table["r2_frozen"]
    key = "comparison.frozen" if loss.median() > 0 else "comparison.frozen_gain"
    return [story.say(key, days=story.days_between, loss=loss.median(), worst=loss.max())]


def claim(story: ComparisonStory) -> list[str]:
    """Whether estimating value first and segmenting then serves groups worse, at every equal number of segments.

    Value first are the quantiles of expected value. Rivals are the methods of as many segments that read several
    numbers of behaviour and no estimated value; the best of them is picked, and its interval allows for that.
    """
    needs = {method.name: set(method.needs) for method in story.benchmark.methods}
    answers = []
    for k, block in story.blocks.items():
        rows, value = block.set_index("method"), f"{VALUE_FIRST}{k}"
        rivals = [method for method in rows.index if len(needs[method]) > 1 and not needs[method] & set(VALUE)]
        if value not in rows.index or not rivals:
            continue
        leads = story.benchmark.evaluation.simultaneous(rivals, value).set_index("method")
        group = str(rows.loc[rivals, "r2"].idxmax())
        lead, jaccards = leads.loc[group], rows.loc[[value, group], "lowest_jaccard"].set_axis(["value", "group"])
        outcome = "supported" if lead["lower"] > 0 else "contradicted" if (leads["upper"] < 0).all() else "open"
        facts = {"difference": -lead["difference"], "lower": -lead["upper"], "upper": -lead["lower"], "k": k}
        facts |= {"value": story.name(value), "group": story.name(group), "methods": len(rivals)}
        known = jaccards.notna().all()  # not where no resample taught a method
        facts["jaccards"] = story.say("comparison.claim_jaccards", **jaccards) if known else ""
        answers.append(story.say(f"comparison.claim_{outcome}", **facts))
        if jaccards["group"] < NAMED:
            answers.append(story.say("comparison.claim_unnamed", group=story.name(group)))
    return [" ".join([story.say("comparison.claim"), *(answers or [story.say("comparison.claim_untested")])])]


def _lead(story: ComparisonStory, methods: list[str]) -> pd.Series:
    """The best of some single numbers against the segmentation to use; the interval is for all single numbers."""
    leads = story.benchmark.evaluation.simultaneous(story.numbers, story.best["method"])
    leads = leads[leads["method"].isin(methods)]
    return leads.loc[leads["difference"].idxmax()]
