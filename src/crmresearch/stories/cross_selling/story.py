"""What is bought together beyond chance, what is bought next, and what to offer to whom, in sentences."""

from dataclasses import dataclass
from typing import Any

from crmresearch.data.transactions.transactions import Transactions
from crmresearch.mining.baskets.cross_selling import CrossSelling
from crmresearch.mining.baskets.next_product import Leaders
from crmresearch.stories.campaign import PurchasesStory
from crmresearch.stories.cross_selling import TEXTS

NAMED = 3  # pairs and offers that a sentence names


@dataclass(frozen=True)
class CrossStory(PurchasesStory):
    """Associations and cross-selling of one company, ready to be told; every method returns sentences in `language`."""

    texts = TEXTS

    transactions: Transactions
    found: CrossSelling
    resamples: int
    seed: int
    language: str = "en"

    @property
    def facts(self) -> dict[str, Any]:
        """Numbers in use, which sentences and captions may name."""
        found = self.found
        words = {"what": self.say(f"word.{found.of}"), "together": self.say(f"word.together_{found.by}"),
                 "baskets_of": self.say(f"word.{found.by}"), "lift_of": self.say(f"word.{found.lift_of}")}  # fmt: skip
        days = {"cutoff": found.cutoff, "end": found.end}
        used = {"response": found.response, "resamples": self.resamples, "seed": self.seed, "k": found.k}
        return {**words, **days, **used, "currency": self.transactions.codebook.currency}

    def recommender(self, key: str) -> str:
        """Name of a way to recommend."""
        return self.say(f"recommender.{key}")

    def unknown(self, key: str, part: str) -> list[str]:
        """The sentence that a part is not told, and why these data cannot give it."""
        return [self.say(f"cross.{key}", reason=self.found.undefined[part])]

    def findings(self) -> list[str]:
        """What goes together, what only large baskets make look so, what is bought next, what offers might bring."""
        brought = self.found.offered
        return [*self.together(), self.next_bought()[0], *([self.say("cross.offered", **brought)] if brought else [])]

    def together(self) -> list[str]:
        """How many pairs go together beyond chance, and how many a plain test would have told."""
        rules, pairs = self.found.rules, self.found.pairs
        if rules is None:
            return self.unknown("no_rules", "rules")
        named = [self.say("cross.pair", row) for row in pairs.head(NAMED).itertuples()]
        facts = {"tests": rules.pairs, "count": len(pairs), "fisher": rules.fisher, "more": rules.fisher - len(pairs)}
        keys = "headline" if named else "headline_none", "plain_more" if facts["more"] > 0 else "plain_alike"
        return self.sentences("cross.", *keys, pairs=self.listed(named), **facts)

    def sample(self) -> list[str]:
        """What a basket is, how many there are and how large they are."""
        if self.found.rules is None:
            return self.unknown("no_rules", "rules")
        told = self.say("cross.sample", **self.found.rules.baskets.described())
        return [self.text(self.transactions.codebook.about), told, *map(self.text, self.transactions.notes)]

    def three(self) -> list[str]:
        """Whether a third item adds to a pair."""
        rules = self.found.rules
        if rules is None or not rules.triples:
            return [self.say("cross.three_too_many" if rules and rules.too_many else "cross.three_untested")]
        count = len(rules.told_triples)
        return [self.say("cross.three" if count else "cross.three_none", tests=rules.triples, count=count)]

    def swapped(self) -> list[str]:
        """What was told in worlds where nothing goes together."""
        rules, wrong, worlds = self.found.rules, self.found.wrong_worlds, len(self.found.swaps)
        if rules is None or not worlds:
            return []
        return [self.say("cross.swaps" if wrong else "cross.swaps_none", worlds=worlds, wrong=wrong, level=rules.level)]

    def next_bought(self) -> list[str]:
        """Which recommendation was right most often, for new items and for all; a winner only beyond chance."""
        if self.found.hits is None:
            return self.unknown("next_none", "hits")
        return [self.foretold(one) for one in reversed(self.found.hits.leaders())]

    def foretold(self, one: Leaders) -> str:
        """Who foretold a task best, and whether better than a simple list."""
        base = {"base": self.recommender(one.base["recommender"]), "base_hit": one.base["hit_rate"]}
        names = self.listed([self.recommender(name) for name in one.names])
        return self.say(f"cross.next_{one.task}_{'wins' if one.beaten else 'ties'}", one.row, names=names, **base)

    def follows(self) -> list[str]:
        """What to offer to whom, and how to find out whether it brings anything."""
        if not (brought := self.found.offered):
            return [self.say("cross.do_nothing")]
        named = [self.say("cross.offer", row) for row in self.found.offers.head(NAMED).itertuples()]
        told = [self.say("cross.offers", offers=self.listed(named), **brought), self.say("cross.test")]
        if size := self.found.experiment:  # against how many customers there are for it
            key = "cross.test_enough" if size.enough else "cross.test_few"
            told.append(self.say(key, size.row, count=size.enough, of=brought["count"]))
        return told

    def segments(self) -> list[str]:
        """What segments buy more of, and whether pairs hold in them."""
        if self.found.method is None:
            return self.unknown("no_segments", "segments")
        count, pairs = int(self.found.lifts["told"].sum()), self.found.in_segments
        key = "cross.segments_differ" if count else "cross.segments_alike"
        told = [self.say(key, count=count, tests=self.found.compared)]
        within = self.say("cross.segment_pairs", count=int(pairs["told"].sum()), tests=len(pairs))
        return [*told, within] if len(pairs) else told

    def limits(self) -> list[str]:
        """What these numbers cannot say."""
        kind = f"by_{self.found.by}"
        return self.sentences("cross.limit_", "effect", "relative", "season", kind, "prices", "returns")

    def method_notes(self) -> list[str]:
        """How the results were made, with the numbers in use."""
        found, rules = self.found, self.found.rules
        if rules is None:
            return self.unknown("no_rules", "rules")
        facts = {"least": rules.least, "pairs": rules.pairs, "triples": rules.triples, "level": rules.level}
        of_orders, three = found.by == "order" and "clusters", rules.triples > 0 and "three"
        last = found.hits is not None and "next", len(found.offers) > 0 and "test"
        return self.sentences("cross_method.", "baskets", "chance", of_orders, "rate", three, *last, **facts)
