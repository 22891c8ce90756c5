"""What a satisfaction report says first: what was found, and what follows."""

from collections.abc import Iterator

import numpy as np

from crmresearch.models.specification import product_key
from crmresearch.ranks import highest
from crmresearch.stories.satisfaction.sections import SatisfactionSections
from crmresearch.stories.story import interval, verdict


class SatisfactionStory(SatisfactionSections):
    """One theory on one survey, ready to be told: the opening, and the sections it inherits.

    Made from survey, complete, estimate and language, as these are.
    """

    def findings(self) -> list[str]:
        """The opening: index, main drivers, step to loyalty, share explained; then what few readers repeat."""
        spec = self.estimate.specification
        satisfaction, *others = [key for key in spec.theory.aims.values() if key in spec.outcomes] or [""]
        told = [self._headline(), *self._drivers(satisfaction), *self._stages(satisfaction)]
        step, *share = self._step()
        told += [step, *self._won_back(), *share]
        for aim in others:
            told += self._drivers(aim)
        return [*told, *self._hypotheses(), *self._moderations(), *self._note()]

    def _headline(self) -> str:
        index = self.index.set_index("construct").loc[self.estimate.specification.theory.satisfaction]
        facts = {**self.aims, "respondents": self.complete.rows_used, "confidence": self.confidence}
        return self.say("finding.index" if np.isfinite(index.estimate) else "finding.index_refused", index, **facts)

    @property
    def drivers(self) -> list[dict[str, str]]:
        """By language, what goes most with satisfaction and is not told apart: the index compares theories by it."""
        spec = self.estimate.specification
        leading = self.leading.get(spec.theory.satisfaction)
        return [] if leading is None else [spec.construct(key).label for key in leading["predictor"]]

    def _drivers(self, outcome: str) -> Iterator[str]:
        if outcome not in self.leading:
            return
        drivers, count = self.leading[outcome], len(self.leading[outcome])
        named = {"outcome": self.within(outcome), "name": self.label(outcome)}
        if self.estimate.undecided(outcome):
            ends = {"low": drivers["estimate"].min(), "high": drivers["estimate"].max()}
            yield self.say("finding.drivers_all", **named, count=count, **ends)
        elif count > 1:
            sizes = self.listed([f"{size:.2f}" for size in drivers["estimate"]])
            yield self.say("finding.drivers_tie", **named, drivers=self.within(*drivers["predictor"]), sizes=sizes)
        else:
            first, named["predictor"] = drivers.iloc[0], self.within(*drivers["predictor"])
            named["direction"] = self.say("word.higher" if first.estimate > 0 else "word.lower")
            yield self.say("finding.driver", first, **named, size=abs(first.estimate), confidence=self.confidence)

    def _stages(self, outcome: str) -> Iterator[str]:
        """Which of the constructs of second order goes most with an outcome, where there are several."""
        spec = self.estimate.specification
        wholes = {c.key for c in spec.constructs if c.of} & {p.predictor for p in spec.paths}
        if len(wholes) < 2 or outcome not in spec.outcomes:
            return
        first = self.estimate.leading(outcome, second_order=True)
        sizes = [f"{self.within(row.predictor)} ({row.estimate:.2f})" for row in first.itertuples()]
        key = "one" if len(first) == 1 else "all" if len(first) == len(wholes) else "some"
        yield self.say(f"finding.stages_{key}", outcome=self.within(outcome), stages=self.listed(sizes))

    def follows(self) -> list[str]:
        """What to do about satisfaction and, through it, about loyalty; or why nothing follows."""
        spec = self.estimate.specification
        satisfaction, loyalty = spec.theory.satisfaction, spec.theory.aims.get("loyalty")
        told = [self._lever(satisfaction)] if satisfaction in self.leading else []
        if any((p.predictor, p.outcome) == (satisfaction, loyalty) for p in spec.paths):
            clear, _ = self._path(satisfaction, str(loyalty))
            told.append(self.say(f"follows.loyalty_{clear}", **self.aims))
        return [*told, self.say("follows.not_causes")]

    def _lever(self, outcome: str) -> str:
        """Where to begin: the leading construct, or of those not told apart the one with the lowest index."""
        drivers = self.leading[outcome]
        named = {"outcome": self.within(outcome)}
        if self.estimate.undecided(outcome):
            return self.say("follows.no_lever", **named, count=len(drivers))
        if len(drivers) == 1:
            return self.say("follows.lever", **named, predictor=self.within(*drivers["predictor"]))
        named["drivers"] = self.within(*drivers["predictor"])
        index = self.index[self.index["construct"].isin(drivers["predictor"])].dropna(subset="estimate")
        points = index["estimate"].to_numpy()
        lowest = index[highest(-points, -self._index_draws[index.index], self.confidence)]
        if len(index) > 1 and len(lowest) == 1:
            one = lowest.iloc[0]
            return self.say("follows.levers", **named, lowest=self.label(one.construct), index=one.estimate)
        return self.say("follows.levers_alike", **named)

    def _step(self) -> Iterator[str]:
        spec = self.estimate.specification
        aims = list(spec.theory.aims.values())
        if len(aims) < 2:
            yield self.say("finding.no_loyalty", **self.aims)
        elif any((p.predictor, p.outcome) == tuple(aims) for p in spec.paths):
            clear, facts = self._path(*aims)
            named = self.aims | ({"satisfaction": self.label(aims[0])} if clear == "clear" else {})
            yield self.say(f"finding.to_loyalty_{clear}", **named, **facts)
        else:
            yield self.say("finding.no_step", **self.aims)
        share = self.estimate.only("r_squared").set_index("outcome")["estimate"]
        shares = {f"{aim}_share": share[key] for aim, key in spec.theory.aims.items() if key in share}
        if len(shares) == 2:
            yield self.say("finding.explained", **self.aims, **shares)
        elif shares:
            ((aim, size),) = shares.items()
            yield self.say("finding.explained_one", outcome=self.aims[aim.removesuffix("_share")], share=size)

    def _won_back(self) -> Iterator[str]:
        """Whether a well handled complaint goes with loyalty, where the theory has handling come from elsewhere."""
        spec = self.estimate.specification
        arrow = ("complaint_handling", spec.theory.loyalty)
        if arrow[0] not in spec.outcomes and arrow in {(p.predictor, p.outcome) for p in spec.paths}:
            facts, named = self._path(*arrow)[1], {"name": self.label(arrow[0]), "handling": self.within(arrow[0])}
            yield self.say(f"finding.won_back_{'yes' if facts['lower'] > 0 else 'no'}", **self.aims, **named, **facts)

    def _path(self, predictor: str, outcome: str) -> tuple[str, dict[str, float]]:
        """Whether the interval of a path leaves zero out (clear or unclear), with its numbers."""
        row = self.paths.set_index(["predictor", "outcome"]).loc[(predictor, outcome)]
        clear = "unclear" if verdict(row.ci_lower, row.ci_upper) == "ties" else "clear"
        return clear, {"estimate": row.estimate, **interval(row)}

    def _hypotheses(self) -> Iterator[str]:
        told = {
            key: [self.arrow(row) for row in self.verdicts.query("verdict == @key").itertuples()]
            for key in ("supported", "not_established", "contrary")
        }
        clear, total = len(told["supported"]), sum(map(len, told.values()))
        if total:
            key = "all" if clear == total else "none" if clear == 0 else "some"
            unclear = self.listed(told["not_established"])
            yield self.say(f"finding.hypotheses_{key}", clear=clear, total=total, unclear=unclear)
        if told["contrary"]:
            yield self.say("finding.hypotheses_contrary", paths=self.listed(told["contrary"]))

    def _moderations(self) -> Iterator[str]:
        for m in self.estimate.specification.moderations:
            clear, facts = self._path(product_key(m.predictor, m.moderator), m.outcome)
            named = {"predictor": self.within(m.predictor), "outcome": self.within(m.outcome)}
            named["moderator"] = self.label(m.moderator) if clear == "clear" else self.within(m.moderator)
            yield self.say(f"finding.moderation_{clear}", **named, **facts)
