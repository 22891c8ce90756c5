"""BG/NBD, MBG/NBD and Pareto/NBD: published estimates, the mixtures that define them, and recovery of known truth."""

import numpy as np
import pytest
from clv_cases import beta_weights, cdnow, gamma_weights, histories_of, mixture, simulate
from scipy.integrate import quad
from scipy.special import hyp2f1, hyperu

from crmresearch.value import BgNbdFit, MbgNbdFit, ParetoNbdFit, fit_bg_nbd, fit_mbg_nbd, fit_pareto_nbd
from crmresearch.value.beta_geometric import thinned_rate
from crmresearch.value.histories import unique_rows
from crmresearch.value.maximum import hessian

MODELS = {"bg_nbd": BgNbdFit, "mbg_nbd": MbgNbdFit, "pareto_nbd": ParetoNbdFit}
TRUTH = {
    "bg_nbd": (0.5, 6.0, 0.8, 2.4),
    "mbg_nbd": (0.7, 6.0, 0.9, 2.0),
    "pareto_nbd": (0.55, 10.6, 0.6, 11.7),
}
every_model = pytest.mark.parametrize("model", list(MODELS))


@pytest.fixture(scope="module")
def fitted():
    """All models on the published sample."""
    return {model: cls.fit(**histories_of(cdnow())) for model, cls in MODELS.items()}


def at(model, parameters):
    """A fit at given parameters, not at a maximum."""
    named = MODELS[model].names(*parameters)
    return MODELS[model](named, named, np.nan, 1.0, True, (), np.full((4, 4), np.nan), None)


def likelihood(model, parameters, x, t_x, T):
    """Likelihood of one customer."""
    rows = unique_rows([np.array([float(value)]) for value in (x, t_x, T)])
    return np.exp(MODELS[model].score(np.log(parameters), rows)[0])


def defining(model, parameters, x, t_x, T, factor=lambda alive, rate, dropout: 1.0):
    """∬ of P(history | λ, dropout) × factor, from the story of the model, not from its formulas."""
    rates, dropouts = (
        gamma_weights(*parameters[:2]),
        (gamma_weights if model == "pareto_nbd" else beta_weights)(*parameters[2:]),
    )

    def story(rate, dropout):
        if model == "pareto_nbd":
            total = rate + dropout
            alive = np.exp(x * np.log(rate) - total * T)
            dead = np.exp(x * np.log(rate)) * dropout / total * (np.exp(-total * t_x) - np.exp(-total * T))
        else:
            tosses = x + (model == "mbg_nbd")
            alive = rate**x * np.exp(-rate * T) * (1 - dropout) ** tosses
            dead = dropout * (1 - dropout) ** max(tosses - 1, 0) * rate**x * np.exp(-rate * t_x) if tosses else 0.0
        return alive * factor(True, rate, dropout) + dead * factor(False, rate, dropout)

    return mixture(story, rates, dropouts)


def test_published_bg_nbd(fitted):
    # Fader, Hardie & Lee (2005), table 2, and the digits of the optimum by any tight optimiser
    fit = fitted["bg_nbd"]
    assert fit.parameters == pytest.approx((0.243, 4.414, 0.793, 2.426), abs=5e-4)
    assert fit.parameters == pytest.approx((0.2426, 4.4135, 0.7929, 2.4258), abs=5e-5)
    assert fit.log_likelihood == pytest.approx(-9582.43, abs=0.005)
    assert fit.n == 2357
    assert fit.converged
    assert fit.cautions == ()


def test_published_pareto_nbd(fitted):
    # Fader, Hardie & Lee (2005), table 2
    fit = fitted["pareto_nbd"]
    assert fit.parameters == pytest.approx((0.553, 10.578, 0.606, 11.669), abs=1.5e-3)
    assert fit.log_likelihood == pytest.approx(-9595.0, abs=0.05)
    assert fit.converged
    assert fit.cautions == ()


def test_mbg_nbd_as_in_lifetimes(fitted):
    # PyPI lifetimes 0.11.3, ModifiedBetaGeoFitter, same customers, tolerance 1e-7
    fit = fitted["mbg_nbd"]
    assert fit.parameters == pytest.approx((0.524838, 6.182988, 0.891356, 1.614000), abs=1e-5)
    assert fit.p_alive(2, 30.43, 38.86) == pytest.approx([0.706126], abs=1e-6)
    assert fit.expected_purchases(2, 30.43, 38.86, 39) == pytest.approx([1.262671], abs=2e-6)


def test_standard_errors_as_in_lifetimes(fitted):
    # PyPI lifetimes 0.11.3, same customers
    assert fitted["bg_nbd"].standard_errors == pytest.approx((0.012557, 0.378221, 0.185719, 0.705345), abs=2e-6)
    assert fitted["mbg_nbd"].standard_errors == pytest.approx((0.083264, 0.695597, 0.154785, 0.537472), abs=2e-6)


def test_published_conditional_expectation(fitted):
    # Fader, Hardie & Lee's spreadsheet: 1.226 purchases in the next 39 weeks
    expected = fitted["bg_nbd"].expected_purchases(2, 30.43, 38.86, 39)
    assert expected == pytest.approx([1.226], abs=5e-4)


@every_model
def test_order_and_counting_do_not_matter(fitted, model):
    rows = cdnow()
    one_each = rows.loc[rows.index.repeat(rows.customers)].sample(frac=1, random_state=1)
    again = MODELS[model].fit(one_each.x, one_each.t_x, one_each["T"])
    assert again.parameters == pytest.approx(fitted[model].parameters, rel=1e-8)
    assert again.log_likelihood == pytest.approx(fitted[model].log_likelihood, rel=1e-12)


@every_model
def test_unit_of_time_does_not_matter(fitted, model):
    rows = cdnow()
    days = MODELS[model].fit(rows.x, 7 * rows.t_x, 7 * rows["T"], rows.customers)
    weeks = fitted[model]
    scale = np.where(weeks.timed, 7, 1)
    assert days.parameters == pytest.approx(weeks.parameters * scale, rel=1e-6)
    assert days.standard_errors == pytest.approx(weeks.standard_errors * scale, rel=1e-6)
    assert days.expected_purchases(3, 70, 140, 273) == pytest.approx(weeks.expected_purchases(3, 10, 20, 39), rel=1e-6)


@every_model
def test_gradient_and_hessian(model):
    rows = unique_rows([np.array(v, dtype=float) for v in ([0, 0, 1, 3, 40], [0, 0, 2, 20, 30], [9, 30, 30, 31, 30])])
    theta = np.array([-0.3, 2.1, -0.2, 0.9])

    def score(theta):
        return MODELS[model].score(theta, rows)

    steps = 1e-5 * np.eye(4)
    gradient = [(score(theta + step)[0] - score(theta - step)[0]) / 2e-5 for step in steps]
    second = [(score(theta + step)[1] - score(theta - step)[1]) / 2e-5 for step in steps]
    assert score(theta)[1] == pytest.approx(gradient, rel=1e-6)
    assert hessian(score, theta) == pytest.approx(np.array(second), rel=1e-6, abs=1e-6)


@every_model
@pytest.mark.parametrize("history", [(0, 0, 30), (1, 2, 30), (3, 20, 30), (2, 30, 30), (12, 10, 30)])
def test_likelihood_and_p_alive_are_those_of_the_story(model, history):
    whole = defining(model, TRUTH[model], *history)
    alive = defining(model, TRUTH[model], *history, factor=lambda alive, rate, dropout: float(alive))
    assert likelihood(model, TRUTH[model], *history) == pytest.approx(whole, rel=1e-10)
    assert at(model, TRUTH[model]).p_alive(*history) == pytest.approx([alive / whole], rel=1e-10)


@every_model
@pytest.mark.parametrize("rate", [0.0, 0.0027, 0.2])
@pytest.mark.parametrize("history", [(0, 0, 30), (3, 20, 30)])
def test_expected_purchases_are_those_of_the_story(model, history, rate):
    # alive at T, one buys at rate λ, thinned by dropout: ∫ λ e^(−(λp or μ) u − rate·u) du
    def to_come(alive, purchase, dropout):
        fall = (dropout if model == "pareto_nbd" else purchase * dropout) + rate
        return alive * purchase * -np.expm1(-fall * 39) / fall

    expected = defining(model, TRUTH[model], *history, factor=to_come) / defining(model, TRUTH[model], *history)
    found = at(model, TRUTH[model]).discounted_purchases(*history, 39, rate)
    assert found == pytest.approx([expected], rel=1e-9)


def test_bg_nbd_expectation_as_in_the_paper():
    # Fader, Hardie & Lee (2005), eq. 9 and 10
    r, alpha, a, b = TRUTH["bg_nbd"]
    fit = at("bg_nbd", TRUTH["bg_nbd"])
    for x, t_x, T, t in [(2, 30.43, 38.86, 39), (0, 0, 10, 5), (150, 30, 31, 52)]:
        inner = ((alpha + T) / (alpha + T + t)) ** (r + x) * hyp2f1(r + x, b + x, a + b + x - 1, t / (alpha + T + t))
        odds = (x > 0) * a / (b + x - 1) * ((alpha + T) / (alpha + t_x)) ** (r + x)
        expected = (a + b + x - 1) / (a - 1) * (1 - inner) / (1 + odds)
        assert fit.expected_purchases(x, t_x, T, t) == pytest.approx([expected], rel=1e-9)
    new = (a + b - 1) / (a - 1) * (1 - (alpha / (alpha + 52)) ** r * hyp2f1(r, b, a + b - 1, 52 / (alpha + 52)))
    assert fit.expected_purchases_of_new(52) == pytest.approx(new, rel=1e-10)


def test_pole_of_the_published_expectation_is_removable():
    before, at_one, after = (
        at("bg_nbd", (0.5, 6.0, a, 2.4)).expected_purchases(3, 20, 30, 39)[0] for a in (1 - 1e-6, 1.0, 1 + 1e-6)
    )
    assert at_one == pytest.approx((before + after) / 2, rel=1e-9)


def test_pareto_nbd_hypergeometric_likelihood():
    # Fader & Hardie (2005), eq. 19, on either side of alpha = beta
    for alpha, beta in [(10.6, 11.7), (11.7, 10.6), (3.0, 90.0), (90.0, 3.0)]:
        r, s = 0.55, 0.6
        for x, t_x, T in [(0, 0, 30), (3, 20, 30), (25, 2, 30), (60, 30, 30)]:
            low_power = s + 1 if alpha >= beta else r + x
            k, high, gap = r + s + x, max(alpha, beta), abs(alpha - beta)
            f = [hyp2f1(k, low_power, k + 1, gap / (high + t)) / (high + t) ** k for t in (t_x, T)]
            inside = (alpha + T) ** -(r + x) * (beta + T) ** -s + s / k * (f[0] - f[1])
            before = np.prod(r + np.arange(x)) * alpha**r * beta**s
            found = likelihood("pareto_nbd", (r, alpha, s, beta), x, t_x, T)
            assert found == pytest.approx(before * inside, rel=1e-10)


def test_pareto_nbd_survives_what_overflows():
    # 900 purchases in 200 weeks: the density is beyond a double, its logarithm is not
    history = unique_rows([np.array([value]) for value in (900.0, 100.0, 200.0)])
    for s, beta in [(0.1, 500), (8, 0.02)]:
        assert 710 < ParetoNbdFit.score(np.log([0.3, 0.01, s, beta]), history)[0] < np.inf
        assert 0 <= at("pareto_nbd", (0.3, 0.01, s, beta)).p_alive(900, 100, 200)[0] < 1e-100


def test_endless_discounted_purchases_of_pareto_nbd():
    # Fader, Hardie & Lee (2005, RFM and CLV), eq. 2, and the integral it stands for
    r, alpha, s, beta = TRUTH["pareto_nbd"]
    fit = at("pareto_nbd", TRUTH["pareto_nbd"])
    x, t_x, T, rate = 3, 20, 30, 0.0027
    survival = quad(lambda u: ((beta + T) / (beta + T + u)) ** s * np.exp(-rate * u), 0, np.inf, epsrel=1e-11)[0]
    tricomi = (beta + T) ** s * rate ** (s - 1) * hyperu(s, s, rate * (beta + T))
    assert tricomi == pytest.approx(survival, rel=1e-8)
    expected = fit.p_alive(x, t_x, T) * (r + x) / (alpha + T) * survival
    assert fit.discounted_purchases(x, t_x, T, np.inf, rate) == pytest.approx(expected, rel=1e-8)
    assert fit.discounted_purchases(x, t_x, T, 1e5, rate) == pytest.approx(expected, rel=1e-8)


@every_model
def test_endless_is_the_limit_of_long(model):
    fit = at(model, TRUTH[model])
    customer = ([0, 3], [0, 20], [30, 30])
    endless = fit.discounted_purchases(*customer, np.inf, 0.0027)
    assert endless == pytest.approx(fit.discounted_purchases(*customer, 1e4, 0.0027), rel=1e-8)
    assert (endless > fit.discounted_purchases(*customer, 500, 0.0027)).all()


def test_all_dying_at_one_rate():
    # s and beta large: μ is 0.1 for everybody, and what is to come is (r+x)/(α+T) / (μ + rate)
    fit = at("pareto_nbd", (0.5, 6.0, 1e4, 1e5))
    expected = fit.p_alive(3, 20, 30) * 3.5 / 36 / 0.1027
    assert fit.discounted_purchases(3, 20, 30, np.inf, 0.0027) == pytest.approx(expected, rel=1e-3)


def test_s_of_one_is_no_special_case():
    before, at_one, after = (
        at("pareto_nbd", (0.5, 6.0, s, 10.0)).expected_purchases(3, 20, 30, 39)[0] for s in (1 - 1e-6, 1.0, 1 + 1e-6)
    )
    assert at_one == pytest.approx((before + after) / 2, rel=1e-9)


def test_who_never_bought_again_is_alive_only_in_bg_nbd(fitted):
    assert (fitted["bg_nbd"].p_alive([0, 0], [0, 0], [5, 500]) == 1).all()
    for model in ("mbg_nbd", "pareto_nbd"):
        soon, late = fitted[model].p_alive([0, 0], [0, 0], [5, 500])
        assert 1 > soon > late > 0


@every_model
def test_limits(fitted, model):
    fit = fitted[model]
    customer = ([0, 2, 2, 7], [0, 30, 3, 38], [39, 39, 39, 39])
    assert (fit.expected_purchases(*customer, 0) == 0).all()
    horizons = np.array([fit.expected_purchases(*customer, horizon) for horizon in (1, 10, 100, 1000)])
    assert (np.diff(horizons, axis=0) > 0).all()
    assert (fit.discounted_purchases(*customer, 39, 0.01) < horizons[2]).all()
    alive = fit.p_alive(*customer)
    assert alive[1] > alive[2]  # the same purchases, but long ago
    assert fit.expected_purchases_of_new(1e-9) == pytest.approx(0, abs=1e-8)
    assert fit.p_alive([], [], []).shape == (0,)


@every_model
def test_truth_is_recovered(model):
    fit = MODELS[model].fit(*simulate(model, TRUTH[model], 8_000, seed=5))
    assert fit.converged
    assert (np.abs(np.array(fit.parameters) - TRUTH[model]) < 3 * np.array(fit.standard_errors)).all()
    assert (np.array(fit.standard_errors) < 0.5 * np.array(TRUTH[model])).all()


@every_model
def test_simulated_customers_buy_as_often_as_new_ones_should(model):
    x, _, T = simulate(model, TRUTH[model], 20_000, seed=8)
    fit = at(model, TRUTH[model])
    grid = np.linspace(T.min(), T.max(), 60)
    expected = np.interp(T, grid, [fit.expected_purchases_of_new(weeks) for weeks in grid])
    assert abs((x - expected).mean()) < 3 * x.std() / np.sqrt(len(x))


def thinned(shape, a, b, z):
    """E[(1+pz)^−(shape+1)] for p ~ beta(a, b), by the trapezoidal rule in logit p."""
    logit = np.log(a / b) + np.linspace(-1, 1, 200_001) * 45 / min(a, b, 1)
    log_p = -np.logaddexp(0, -logit)
    density = a * log_p - b * np.logaddexp(0, logit)
    density = np.exp(density - density.max())
    return density @ (1 + np.exp(log_p) * z) ** -(shape + 1) / density.sum()


@pytest.mark.parametrize(
    ("shape", "a", "b", "z"),
    [(0.5, 0.8, 2.4, 3), (200, 5, 2, 0.4), (1e4, 2e3, 9e3, 1e-4), (1e4, 0.05, 3, 1e-4), (1e4, 0.05, 3, 9e-3),
     (1.3, 300, 3000, 250), (0.3, 30, 300, 30)],
)  # fmt: skip
def test_thinned_rate(shape, a, b, z):
    found = thinned_rate(np.array([shape]), a, np.array([b]), np.log1p(np.array([z])))
    assert found == pytest.approx([thinned(shape, a, b, z)], rel=1e-9)


@pytest.mark.parametrize(("shape", "a", "b", "z"), [(0.0023, 0.088, 635, 4470), (2000, 2000, 10_000, 1)])
def test_thinned_rate_where_the_series_overflow(shape, a, b, z):
    # coarse then: to 0.001 of the rate before any dropout
    found = thinned_rate(np.array([shape]), a, np.array([b]), np.log1p(np.array([z])))
    assert found == pytest.approx([thinned(shape, a, b, z)], abs=1e-3)


def test_functions_are_the_classes():
    arguments = histories_of(cdnow())
    assert isinstance(fit_bg_nbd(**arguments), BgNbdFit)
    assert isinstance(fit_mbg_nbd(**arguments), MbgNbdFit)
    assert isinstance(fit_pareto_nbd(**arguments), ParetoNbdFit)
