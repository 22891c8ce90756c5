"""What the covariance structure of a satisfaction model says beside its PLS estimate, in sentences and tables."""

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from crmresearch.caution import Caution
from crmresearch.errors import EstimationError
from crmresearch.report.show.number_format import told_p_value
from crmresearch.sem.covariance.bootstrap import CbBootstrap, bootstrap_cbsem, resampled_paths
from crmresearch.sem.covariance.estimate import estimate_cbsem
from crmresearch.sem.covariance.fit.table import CUT_OFFS, fit_table, missed_cut_offs
from crmresearch.sem.covariance.result import CbEstimate, Errors
from crmresearch.sem.pls.cautions import unreadable
from crmresearch.sem.pls.hypotheses import hypotheses
from crmresearch.stories.satisfaction.story import SatisfactionStory


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
        wholes = [c.key for c in self.story.estimate.specification.constructs if c.of]
        named = self.story.within(*wholes)
        return self.story.say("covariance.second_order", constructs=named) if wholes else self.failure

    @cached_property
    def cautions(self) -> list[Caution]:
        """Verdicts of the gate and of the bootstrap, or why there is no estimate."""
        if self.estimate is None:
            return [Caution("cb_failed", "note", "cbsem", {"reason": self.why_none})]
        return [*self.estimate.cautions, *(self.resampled.cautions if self.resampled else [])]

    @property
    def sampled(self) -> str:
        """Why errors and tests must be robust, the end of a key: _weighted, _drawn, both; empty for neither."""
        if self.estimate is None:
            return ""
        weighted, drawn = self.estimate.weights is not None, self.estimate.design is not None
        return ("_weighted" if weighted else "") + ("_drawn" if drawn else "")

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
            return self.story.sentences("finding.cb_", "inadmissible" if inadmissible else "unidentified")
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

    @property
    def structural_paths(self) -> pd.DataFrame:
        """The paths in units of the items, with the bootstrap intervals there are: `resampled_paths`."""
        assert self.estimate is not None
        return resampled_paths(self.estimate, self.resampled)

    def introduction(self) -> list[str]:
        """How the covariance structure was estimated, or why it was not."""
        e = self.estimate
        if e is None:
            return [self.story.say("covariance.none", reason=self.why_none)]
        facts = {"rows": e.rows, "npar": len(e.ram.labels), "df": e.df, "constructs": self.story.within(*e.left_out)}
        facts |= {} if e.semopy is None else {"distance": float(e.distances.max())}
        how, left_out = "complete" if e.full_information is None else "fiml", bool(e.left_out) and "left_out"
        errors, engines = f"errors{self.sampled or f'_{e.errors}'}", e.semopy is not None and "engines"
        return self.story.sentences("covariance.", how, errors, left_out, engines, **facts)

    def methods(self) -> list[str]:
        """What the methods paragraph says of the covariance structure."""
        e, boot = self.estimate, self.resampled
        if e is None:
            return [self.story.say("methods.cb_none")]
        facts = {"rows": e.rows, "npar": len(e.ram.labels), "df": e.df}
        facts |= {} if boot is None else {"resamples": len(boot.theta), "seed": boot.seed}
        how, checked = "complete" if e.full_information is None else "fiml", e.semopy is not None and "semopy"
        left_out = bool(e.left_out or e.specification.moderations) and "left_out"
        drawn, again = e.design is not None and "drawn", boot is not None and "resampled"
        result = "fit" if self.trustworthy else self.cautions[0].severity
        return self.story.sentences("methods.cb_", how, checked, left_out, e.errors, drawn, result, again, **facts)

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
        boot = self.resampled
        if boot is not None:
            shares = boot.shares().set_index("outcome")["share"]
            p, resamples = boot.bollen_stine_p, len(boot.theta)  # (1 + resamples beyond) / (1 + resamples)
            facts = {**shares, "resamples": resamples, "p": told_p_value(p, p < 2 / (1 + resamples))}
            failed = shares["failed"] > 0 and "bootstrap_failed"
            return self.story.sentences("covariance.", "bootstrap", failed, "bollen_stine", **facts)
        if self.estimate is None:
            return [self.story.say("covariance.none", reason=self.why_none)]
        return self.story.sentences("covariance.", "no_bootstrap" if self.trustworthy else "gate_bootstrap")


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
