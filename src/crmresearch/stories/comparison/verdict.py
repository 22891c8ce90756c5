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
    """Headline, single numbers by every score, equal numbers of segments, stability, choice, frozen rules, claim."""
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
    told += [sentence for found in singles for sentence in found[1:] if sentence]
    return [*told, *equal_numbers(story), *lasting(story), *frozen(story), *claim(story)]


def follows(story: ComparisonStory) -> list[str]:
    """Which segmentation to use and where a number serves better; or why nothing follows."""
    if not story.defined or not story.best["r2_lower"] > 0:
        return [story.say("comparison.follows_nothing")]
    told = [story.say("comparison.follows_use", method=story.name(story.best["method"]), k=int(story.best["k"]))]
    single = story.single if len(story.singles[story.singles["kind"].isin(story.rankable)]) else None
    if single is not None:
        paired = _paired(story, single["method"], story.best["method"])
        outcome = told_apart(paired["lower"], paired["upper"])
        if outcome != "loses":
            told.append(story.say(f"comparison.follows_{outcome}", single=story.name(single["method"])))
    return told


def single_number(story: ComparisonStory, kind: str) -> list[str]:
    """Whether the best number of a kind (naive, forecast) tells more than the segmentation to use, by every score."""
    rows = story.singles[story.singles["kind"] == kind]
    if rows.empty:
        return []
    row = rows.iloc[0]
    paired = _paired(story, row["method"], story.best["method"])
    outcome = told_apart(paired["lower"], paired["upper"])
    spread = {f"difference_{end}": value for end, value in interval(paired, "").items()}
    facts = {"single": story.name(row["method"]), "r2": row["r2"], "difference": paired["difference"], **spread}
    told = story.say(f"comparison.{kind}_{outcome}", **facts, **interval(row, "r2_"))
    return [told, _by_other_scores(story, kind)]


def _by_other_scores(story: ComparisonStory, kind: str) -> str:
    """By which scores the best number of a kind is ahead of the best segmentation, behind it, or level."""
    scores = story.benchmark.evaluation.scores
    scores = scores[scores["method"].isin(story.benchmark.table["method"])]
    sides: dict[str, list[str]] = {"wins": [], "loses": [], "ties": []}
    for metric in OTHER_SCORES:
        sign = -1 if metric in LOWER_IS_BETTER else 1
        ranked = scores.assign(rank=sign * scores[metric]).sort_values("rank", ascending=False, kind="stable")
        ranked = ranked[ranked[metric].notna()]
        single, best = (ranked[ranked["kind"] == group] for group in (kind, "segmentation"))
        if single.empty or best.empty:
            continue
        paired = _paired(story, single["method"].iloc[0], best["method"].iloc[0], metric)
        low, high = sorted((sign * paired["lower"], sign * paired["upper"]))
        sides[told_apart(low, high)].append(story.say(f"comparison_score.{metric}"))
    parts = [
        story.say(f"comparison.score_{side}", scores=story.listed(names)) for side, names in sides.items() if names
    ]
    name = story.say(f"comparison.kind_{kind}")
    return story.say("comparison.other_scores", kind=name, parts="; ".join(parts)) if parts else ""


def equal_numbers(story: ComparisonStory) -> list[str]:
    """The best of every block of equal numbers against the reference, the choice of the best allowed for."""
    told = []
    reference = story.benchmark.evaluation.reference
    for k, block in story.blocks.items():
        row = block.iloc[0]
        facts = {"k": k, "method": story.name(row["method"]), "r2": row["r2"], "methods": len(block)}
        if row["method"] == reference:
            told.append(story.say("comparison.block_reference", **facts))
            continue
        rivals = [method for method in block["method"] if method != reference]
        lead = story.benchmark.evaluation.simultaneous(rivals, reference).iloc[rivals.index(row["method"])]
        facts |= {"reference": story.name(reference), "difference": lead["difference"], **interval(lead, "")}
        told.append(story.say(f"comparison.block_{told_apart(lead['lower'], lead['upper'])}", **facts))
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
    """Of the segmentations that are found again, the one that tells most."""
    choice = story.choice
    if choice is None:
        return [story.say("comparison.choice_none", most=MOST)]
    key = "comparison.rule_none" if pd.isna(choice["rule_length"]) else "comparison.rule_leaves"
    rule = story.say(key, most=LEAVES, leaves=choice["rule_length"])
    facts = {"r2": choice["r2"], "k": int(choice["k"]), "moved": choice["share_moved"], "days": story.days_between}
    return [story.say("comparison.choice", method=story.name(choice["method"]), most=MOST, rule=rule, **facts)]


def frozen(story: ComparisonStory) -> list[str]:
    """What methods lose that were learned one window earlier."""
    table = story.segmentations.dropna(subset="r2_frozen")
    earlier = {method.name for method in story.benchmark.methods if method.outcome}  # to begin with
    table = table[~table["method"].isin(earlier)]
    if table.empty:
        return []
    loss = table["r2"] - table["r2_frozen"]
    worst = loss.idxmax()
    key = "comparison.frozen" if loss.median() > 0 else "comparison.frozen_gain"
    facts = {"loss": loss.median(), "worst": loss[worst], "method": story.name(table["method"][worst])}
    return [story.say(key, days=story.days_between, **facts)]


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


def _paired(story: ComparisonStory, method: str, reference: str, metric: str = "r2_log") -> pd.Series:
    """Difference in a score, method − reference, with its interval."""
    differences = story.benchmark.evaluation.against(reference)
    return differences[(differences["method"] == method) & (differences["metric"] == metric)].iloc[0]
