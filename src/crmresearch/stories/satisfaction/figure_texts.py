"""Captions, column headings and the words for readers who do not see a figure."""

from crmresearch.stories.satisfaction import TEXTS
from crmresearch.stories.satisfaction.story import SatisfactionStory


def caption(story: SatisfactionStory, name: str) -> str:
    """Caption of a table or figure, such as `table.paths`."""
    theory = story.text(story.estimate.specification.theory.title)
    return story.say(name, confidence=story.confidence, theory=theory)


def headings(story: SatisfactionStory) -> dict[str, str]:
    """Column headings of the reader's tables."""
    return {**story.headings, **{key: caption(story, f"column.{key}") for key in TEXTS.section("column")}}


def alt_text(story: SatisfactionStory, figure: str) -> str:
    """What a figure (`model`, `covariance`, `paths` or `index`) shows."""
    spec, paths = story.estimate.specification, story.paths
    links = [f"{story.label(row.predictor)} → {story.label(row.outcome)}" for row in paths.itertuples()]
    if figure == "covariance":
        return story.say("figure.covariance_alt")
    if figure == "model":
        told = [f"{link} {value:.2f}" for link, value in zip(links, paths["estimate"], strict=True)]
        counts = {"constructs": len(spec.constructs), "items": len(spec.items)}
        return story.say("figure.model_alt", **counts, paths=", ".join(told))
    if figure == "paths":
        low, high = paths["estimate"].argmin(), paths["estimate"].argmax()
        sizes = {"low": paths["estimate"].min(), "high": paths["estimate"].max()}
        return story.say("figure.paths_alt", count=len(paths), lowest=links[low], highest=links[high], **sizes)
    defined = story.index.dropna(subset="estimate")
    told = [f"{story.label(row.construct)} {row.estimate:.1f}" for row in defined.itertuples()]
    return story.say("figure.index_alt", values=", ".join(told))
