"""What is bought together beyond chance, what is bought next, and what to offer to whom, in sentences."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from crmresearch.data.transactions.transactions import Transactions
from crmresearch.mining.cross_selling import CrossSelling
from crmresearch.stories.campaign import PurchasesStory
from crmresearch.stories.cross_selling import TEXTS

NAMED = 3  # pairs and offers that a sentence names
BASELINES = ("popularity", "repeat")


@dataclass(frozen=True)
class CrossStory(PurchasesStory):
    """Associations and cross-selling of one company, ready to be told; every method returns sentences in `language`.

    `response`: the share of those who get an offer that is assumed to buy because of it.
    """

    texts = TEXTS

    transactions: Transactions
    found: CrossSelling
    response: float
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
        used = {"response": self.response, "resamples": self.resamples, "seed": self.seed, "k": found.k}
        return {**words, **days, **used, "currency": self.transactions.codebook.currency}

    def tell(self, key: str, *rows: Any, **facts: Any) -> str:
        """A sentence that may name `facts` of the story."""
        return self.say(key, *rows, **{**self.facts, **facts})

    def why_not(self, part: str) -> str:
        """Why these data cannot give a part."""
        return self.found.undefined.get(part, "")

    def recommender(self, key: str) -> str:
        """Name of a way to recommend."""
        return self.say(f"recommender.{key}")

    @property
    def pairs(self) -> pd.DataFrame:
        """The pairs beyond chance, each once, surest first; none where there are no rules."""
        return self.found.rules.told_pairs if self.found.rules else pd.DataFrame()

    def findings(self) -> list[str]:
        """What goes together, what only large baskets make look so, what is bought next, what to offer."""
        return [*self.together(), *self.next_bought()[:1], *self.offered()[-1:]]

    def together(self) -> list[str]:
        """How many pairs go together beyond chance, and how many a plain test would have told."""
        rules = self.found.rules
        if rules is None:
            return [self.say("cross.no_rules", reason=self.why_not("rules"))]
        facts = {"tests": rules.pairs, "count": len(self.pairs), "fisher": rules.fisher, "level": rules.level}
        if not len(self.pairs):
            told = [self.tell("cross.headline_none", **facts)]
        else:
            named = [self.say("cross.pair", row) for row in self.pairs.head(NAMED).itertuples()]
            told = [self.tell("cross.headline", pairs=self.listed(named), **facts)]
        facts["more"] = rules.fisher - len(self.pairs)
        fewer = rules.fisher > len(self.pairs)
        return [*told, self.tell("cross.plain_more" if fewer else "cross.plain_alike", **facts)]

    def sample(self) -> list[str]:
        """What a basket is, how many there are and how large they are."""
        rules = self.found.rules
        if rules is None:
            return [self.say("cross.no_rules", reason=self.why_not("rules"))]
        held, sizes = rules.baskets, rules.baskets.sizes
        facts: dict[str, Any] = {"baskets": len(sizes), "items": len(held.items), "customers": len(held.customers)}
        facts |= {"mean": sizes.mean(), "largest": int(sizes.max()), "single": float((sizes == 1).mean())}
        told = [self.text(self.transactions.codebook.about), self.tell("cross.sample", **facts)]
        return [*told, *map(self.text, self.transactions.notes)]

    def three(self) -> list[str]:
        """Whether a third item adds to a pair."""
        rules = self.found.rules
        if rules is None or not rules.triples:
            return [self.say("cross.three_too_many" if rules and rules.too_many else "cross.three_untested")]
        told = rules.told[rules.told["second"] >= 0]
        return [self.tell("cross.three" if len(told) else "cross.three_none", tests=rules.triples, count=len(told))]

    def swapped(self) -> list[str]:
        """What was told in worlds where nothing goes together."""
        swaps = self.found.swaps
        if not len(swaps):
            return []
        wrong = sum(claims > 0 for claims in swaps)
        facts = {"worlds": len(swaps), "wrong": wrong, "level": self.found.rules.level if self.found.rules else 0}
        return [self.say("cross.swaps" if wrong else "cross.swaps_none", **facts)]

    def next_bought(self) -> list[str]:
        """Which recommendation was right most often, for new items and for all; a winner only beyond chance."""
        hits = self.found.hits
        if hits is None or hits.table.empty:
            return [self.say("cross.next_none", reason=self.why_not("hits"))]
        told = []
        for task, rows in reversed([*hits.table.groupby("task", sort=False)]):
            best = rows[rows["best"]].sort_values("hit_rate", ascending=False, kind="stable")
            top = best.iloc[0]
            names = [self.recommender(name) for name in best["recommender"]]
            base = rows[rows["lead"] == 0].iloc[0]
            facts = {"names": self.listed(names), "hit": top["hit_rate"], "lower": top["ci_lower"]}
            facts |= {"upper": top["ci_upper"], "customers": int(top["customers"])}
            facts |= {"base": self.recommender(base["recommender"]), "base_hit": base["hit_rate"]}
            alone = "wins" if set(best["recommender"]).isdisjoint(BASELINES) else "ties"
            told.append(self.tell(f"cross.next_{task}_{alone}", **facts))
        return told

    def offered(self) -> list[str]:
        """What to offer to how many, and what that would bring if the assumption held."""
        table = self.found.offers
        if table.empty or not table["targets"].sum():
            return [self.say("cross.offer_none")]
        named = [self.say("cross.offer", row) for row in table.head(NAMED).itertuples()]
        facts = {"sales": table["sales"].sum(), "count": len(table), "targets": int(table["targets"].sum())}
        customers = self.found.targets["customer"].nunique()
        facts["customers"] = customers
        return [self.tell("cross.offers", offers=self.listed(named), **facts), self.tell("cross.offers_short", **facts)]

    def follows(self) -> list[str]:
        """What to offer, what it would bring, and how to find out whether it does."""
        table = self.found.offers
        if table.empty or not table["targets"].sum():
            return [self.say("cross.do_nothing")]
        return [*self.offered(), *self.testing()]

    def testing(self) -> list[str]:
        """How large an experiment must be, against how many customers there are for it."""
        table = self.found.offers
        if "needed" not in table or not table["needed"].notna().any():
            return [self.say("cross.test")]
        enough = table[table["targets"] >= 2 * table["needed"]]
        row = (enough if len(enough) else table[table["needed"].notna()]).iloc[0]
        key = "cross.test_enough" if len(enough) else "cross.test_few"
        facts = {"half": row["needed"], "count": len(enough), "of": len(table)}
        return [self.say("cross.test"), self.tell(key, row, **facts)]

    def segments(self) -> list[str]:
        """What segments buy more of, and whether pairs hold in them."""
        found = self.found
        if found.method is None:
            return [self.say("cross.no_segments", reason=self.why_not("segments"))]
        more = found.lifts[found.lifts["told"]] if len(found.lifts) else found.lifts
        tests = int(found.lifts["p"].notna().sum()) if len(found.lifts) else 0
        told = [
            self.tell("cross.segments_differ" if len(more) else "cross.segments_alike", count=len(more), tests=tests)
        ]
        pairs = found.in_segments
        if len(pairs):
            told.append(self.tell("cross.segment_pairs", count=int(pairs["told"].sum()), tests=len(pairs)))
        return told

    def limits(self) -> list[str]:
        """What these numbers cannot say."""
        kind = "by_order" if self.found.by == "order" else "by_customer"
        return [self.tell(f"cross.limit_{key}") for key in ("effect", "relative", "season", kind, "prices", "returns")]

    def method_notes(self) -> list[str]:
        """How the results were made, with the numbers in use."""
        rules = self.found.rules
        if rules is None:
            return [self.say("cross.no_rules", reason=self.why_not("rules"))]
        facts = {"least": rules.least, "pairs": rules.pairs, "triples": rules.triples, "level": rules.level}
        keys = ["baskets", "chance", *(["clusters"] if self.found.by == "order" else []), "rate"]
        keys += ["three"] if rules.triples else []
        keys += ["next"] if self.found.hits is not None else []
        keys += ["test"] if len(self.found.offers) else []
        return [self.tell(f"cross_method.{key}", **facts) for key in keys]
