"""Tags of one's own in a customer report: their tables, the sentences that read them out, and cautions."""

from collections.abc import Iterator

import pandas as pd

from crmresearch.segmentation.scoring.evaluate import too_few
from crmresearch.stories.customer_value.story import CustomerStory
from crmresearch.stories.story import Row, verdict

INTERVALS = ("spend_after", "against_others")
MOST_PAIRS = 15  # of tags in the table; the CSV has all


def tag_names(story: CustomerStory) -> dict[str, str]:
    """What readers call each tag, by key; empty where there is none."""
    return {key: story.text(label) for key, label in story.tags.labels.items()} if story.tags else {}


def tags_view(story: CustomerStory, outcomes: pd.DataFrame) -> pd.DataFrame:
    """`tag_outcomes` with names instead of keys."""
    ends = {f"{column}_{end}": f"{column}_interval_{end}" for column in INTERVALS for end in ("lower", "upper")}
    return story.named(outcomes.rename(columns=ends), tag=tag_names(story).__getitem__)


def overlap_view(story: CustomerStory, overlap: pd.DataFrame) -> pd.DataFrame:
    """The pairs of `tag_overlap` that most customers carry, with names instead of keys; none that nobody carries."""
    name = tag_names(story).__getitem__
    return story.named(overlap[overlap["both"] > 0].head(MOST_PAIRS), tag=name, other_tag=name)


def tag_sentences(story: CustomerStory, outcomes: pd.DataFrame) -> list[str]:
    """How many carry how many tags, and whose later spend differs from that of those without beyond chance."""
    assert story.tags is not None
    carried, names = story.tags.carried.sum(axis=1), tag_names(story)
    facts = {"tags": len(outcomes), "none": float((carried == 0).mean()), "several": float((carried > 1).mean())}
    told = [story.say("customers.tags", customers=len(carried), **facts)]
    known = outcomes[~too_few(outcomes["customers"], len(story.customers))]
    sides = [verdict(row.against_others_lower, row.against_others_upper) for row in known.itertuples()]
    for side, key in (("wins", "customers.tags_more"), ("loses", "customers.tags_less")):
        if there := [names[tag] for tag, found in zip(known["tag"], sides, strict=True) if found == side]:
            told.append(story.say(key, tags=story.listed(there)))
    return [*(told if len(told) > 1 else [*told, story.say("customers.tags_alike")]), *story.sampled]


def overlap_sentences(story: CustomerStory, overlap: pd.DataFrame) -> list[str]:
    """The two tags that most customers carry together."""
    first, names = overlap.iloc[0], tag_names(story)
    told = {"tag": names[first.tag], "other_tag": names[first.other_tag]}
    return [story.say("customers.tags_both" if first.both else "customers.tags_apart", first, **told)]


def tag_cautions(story: CustomerStory) -> Iterator[Row]:
    """Tags that nobody carries, everybody, or too few to speak about, and those left out with their reason."""
    names = tag_names(story)
    for one in story.tags.cautions if story.tags else ():
        small, counts = one.code == "tag_small", one.facts.get("tags", {})
        told = story.listed([f"{names[key]} ({n:,})" if small else names[key] for key, n in counts.items()])
        about = names.get(one.quantity, "")
        yield story.caution(f"tag_caution.{one.code}", one.severity, about, **{**one.facts, "tags": told})
