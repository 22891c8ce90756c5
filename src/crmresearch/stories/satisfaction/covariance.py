"""What the covariance structure of a satisfaction model says beside its PLS estimate, in sentences and tables."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from crmresearch.caution import Caution
from crmresearch.errors import EstimationError
from crmresearch.report.show.number_format import told_p_value
from crmresearch.sem.covariance.bootstrap import CbBootstrap, bootstrap_cbsem, bootstrap_paths
from crmresearch.sem.covariance.estimate import estimate_cbsem
from crmresearch.sem.covariance.fit import CUT_OFFS, fit_table, missed_cut_offs
from crmresearch.sem.covariance.result import CbEstimate, Errors
from crmresearch.sem.pls.cautions import unreadable
from crmresearch.sem.pls.hypotheses import hypotheses
from crmresearch.stories.satisfaction.story import SatisfactionStory
from crmresearch.stories.story import in_sentence


@dataclass(frozen=True)
class CovarianceStory:
    """The covariance structure of the same theory and survey as `story`; `estimate` is None when there is none.

    `failure` then says why. `resampled` is None with missing answers (FIML), and where the estimate fails the gate.
    """

    story: SatisfactionStory
    estimate: CbEstimate | None
    resampled: CbBootstrap | None
    failure: str | None = None

    @cached_property
    def fit(self) -> pd.DataFrame:
        """Measures of fit; empty without an estimate."""
        return pd.DataFrame({"measure": [], "value": []}) if self.estimate is None else fit_table(self.estimate)

    @property
    def trustworthy(self) -> bool:
        """Whether there is an estimate that passes the gate."""
        return self.estimate is not None and self.estimate.trustworthy

    @property
    def judged_paths(self) -> pd.DataFrame:
        """Every path by every estimator, standardised, with the verdict on its hypothesis, as `hypotheses`."""
        e, one = self.estimate, self.story.estimate
        others = [e.standardised(e.paths)] if e else []
        return hypotheses(one, *others, unreadable=unreadable([*one.cautions, *self.cautions]))

    @property
    def unread(self) -> str:
        """What the caption of its paths says of a solution that fails the gate; nothing of another."""
        return "" if self.trustworthy else self.story.say("covariance.unread")

    @property
    def why_none(self) -> str | None:
        """Why there is no estimate: constructs of second order have none, else the failure."""
        wholes = [self.story.label(c.key) for c in self.story.estimate.specification.constructs if c.of]
        if not wholes:
            return self.failure
        return self.story.say("covariance.second_order", constructs=self.story.listed([*map(in_sentence, wholes)]))

    @cached_property
    def cautions(self) -> list[Caution]:
        """Verdicts of the gate and of the bootstrap, or why there is no estimate."""
        if self.estimate is None:
            return [Caution("cb_failed", "note", "cbsem", {"reason": self.why_none})]
        return [*self.estimate.cautions, *(self.resampled.cautions if self.resampled else [])]

    @property
    def weighted(self) -> bool:
        """Whether the covariance structure is one of weighted moments."""
        return self.estimate is not None and self.estimate.weights is not None

    @property
    def sampled(self) -> str:
        """Why errors and tests must be robust, the end of a key: _weighted, _drawn, both; empty for neither."""
        designed = self.estimate is not None and self.estimate.design is not None
        return ("_weighted" if self.weighted else "") + ("_drawn" if designed else "")

    @property
    def judged(self) -> pd.DataFrame:
        """The measures that words judge: of a sample with weights or a design the robust ones, where there are any."""
        return self.fit.assign(value=self.fit["robust"].fillna(self.fit["value"])) if self.sampled else self.fit

    def findings(self) -> list[str]:
        """Whether the covariance structure can be read beside PLS, and how well it fits."""
        if self.estimate is None:
            return []
        if not self.trustworthy:
            inadmissible = self.cautions[0].severity == "inadmissible"
            return [self.story.say(f"finding.cb_{'inadmissible' if inadmissible else 'unidentified'}")]
        theory, paths = self.estimate.specification.theory, self.estimate.paths
        step = paths[(paths.predictor == theory.satisfaction) & (paths.outcome == theory.loyalty)]
        told = [self.story.say("finding.cb_step", **self.story.aims, estimate=size) for size in step["standardized"]]
        return [*told, self._fit_in_words()]

    def _fit_in_words(self) -> str:
        missed = missed_cut_offs(self.judged)
        size = "all" if not missed else "none" if len(missed) == len(CUT_OFFS) else "some"
        facts = self.judged.set_index("measure")["value"][list(CUT_OFFS)].to_dict()
        named = self.story.listed([self.story.say(f"cut_off.{key}") for key in missed])
        return self.story.say(f"finding.cb_fit_{size}", **facts, missed=named)

    def introduction(self) -> list[str]:
        """How the covariance structure was estimated, or why it was not."""
        e, say = self.estimate, self.story.say
        if e is None:
            return [say("covariance.none", reason=self.why_none)]
        how = "fiml" if e.full_information is not None else "complete"
        told = [say(f"covariance.{how}", rows=e.rows, npar=len(e.ram.labels), df=e.df)]
        told.append(say(f"covariance.errors{self.sampled or f'_{e.errors}'}"))
        if e.left_out:
            names = [in_sentence(self.story.label(key)) for key in e.left_out]
            told.append(say("covariance.left_out", constructs=self.story.listed(names)))
        if e.semopy is not None:
            told.append(say("covariance.engines", distance=float(e.distances.max())))
        return told

    def methods(self) -> list[str]:
        """What the methods paragraph says of the covariance structure."""
        e, say = self.estimate, self.story.say
        if e is None:
            return [say("methods.cb_none")]
        facts: dict[str, Any] = {"rows": e.rows, "npar": len(e.ram.labels), "df": e.df}
        told = ["cb_fiml" if e.full_information is not None else "cb_complete"]
        told += ["cb_semopy"] if e.semopy is not None else []
        told += ["cb_left_out"] if e.left_out or e.specification.moderations else []
        told += [f"cb_{e.errors}", *(["cb_drawn"] if e.design is not None else [])]
        told += ["cb_fit" if self.trustworthy else f"cb_{self.cautions[0].severity}"]
        if self.resampled is not None:
            told.append("cb_resampled")
            facts |= {"resamples": len(self.resampled.theta), "seed": self.resampled.seed}
        return [say(f"methods.{key}", **facts) for key in told]

    def fit_sentences(self) -> list[str]:
        """χ² and the cut-offs in words."""
        if self.estimate is None:
            return []
        value = self.judged.set_index("measure")["value"]
        facts = {"chisq": value["chisq"], "df": int(value["df"]), "p": told_p_value(value["p_value"])}
        key = "_drawn" if self.sampled.endswith("_drawn") else self.sampled
        return [self.story.say(f"covariance.chisq{key}", **facts), self._fit_in_words()]

    def resampling(self) -> list[str]:
        """How the resamples ended, and the Bollen–Stine test."""
        say = self.story.say
        if self.resampled is not None:
            shares = self.resampled.shares().set_index("outcome")["share"]
            told = [say("covariance.bootstrap", resamples=len(self.resampled.theta), **shares)]
            told += [say("covariance.bootstrap_failed", share=shares["failed"])] if shares["failed"] else []
            p = self.resampled.bollen_stine_p  # (1 + resamples beyond) / (1 + resamples)
            at_floor = p < 2 / (1 + len(self.resampled.theta))
            return [*told, say("covariance.bollen_stine", p=told_p_value(p, at_floor))]
        if self.estimate is None:
            return [say("covariance.none", reason=self.why_none)]
        return [say("covariance.no_bootstrap" if self.trustworthy else "covariance.gate_bootstrap")]

    def structural_paths(self) -> pd.DataFrame:
        """The paths in units of the items; where they were resampled with bootstrap intervals, `drawn` over all
        resamples, `admissible`, and `standardized` of the standardised path."""
        assert self.estimate is not None
        table = self.estimate.paths
        if self.resampled is None:
            return table
        drawn = bootstrap_paths(self.estimate, self.resampled)
        drawn = drawn.rename(columns={"ci_lower": "drawn_lower", "ci_upper": "drawn_upper"})
        names = ("drawn", "admissible", "standardized")
        return table.join(drawn[[f"{name}_{end}" for name in names for end in ("lower", "upper")]])


def tell_covariance(
    story: SatisfactionStory, *, missing: str, errors: Errors = "standard", resamples: int = 1000, seed: int = 1
) -> CovarianceStory:
    """Estimate the specification of `story` as a covariance structure on the same survey.

    `missing` "fiml" uses all answers; any other policy the complete answers of the PLS estimate. Sampling weights of
    the survey are used, and make errors robust.
    """
    specification, full = story.estimate.specification, missing == "fiml"
    items = story.survey.items[specification.items] if full else story.complete.items
    try:
        estimate = estimate_cbsem(
            specification,
            items,
            weights=story.survey.weights,
            design=story.survey.design,
            full_information=full,
            errors=errors,
            confidence=story.confidence,
        )
    except EstimationError as error:
        return CovarianceStory(story, None, None, str(error))
    # resampling a solution that fails the gate would take minutes to say what the gate says
    boot = bootstrap_cbsem(estimate, resamples=resamples, seed=seed) if estimate.trustworthy and not full else None
    return CovarianceStory(story, estimate, boot)


def both(first: pd.DataFrame, second: pd.DataFrame | None) -> pd.DataFrame:
    """The tables of both estimators beneath each other, the columns of the first leading."""
    return first if second is None else pd.concat([first, second], ignore_index=True)
