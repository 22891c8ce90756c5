# Reference numbers for the covariance-based SEM tests, estimated by lavaan to a tight minimum.
#
#     Rscript tests/reference/lavaan_extra.R        (from the root of the repository; writes lavaan_extra.json)
#
# Needs R and lavaan (Debian: r-cran-lavaan). Tests read the JSON, never R. Holes and resamples come from the two
# CSV files beside this script, so that R and Python see the same ones.

suppressPackageStartupMessages(library(lavaan))
sink(nullfile())  # lavaan prints whole matrices when a variance is negative

here <- "tests/reference"
mobi <- read.csv("data/ecsi_mobile/mobi.csv")
reputation_data <- read.csv("data/corporate_reputation/corp_rep_data.csv")
reputation_data[reputation_data == -99] <- NA
for (item in names(reputation_data)) {
  missing <- is.na(reputation_data[[item]])
  reputation_data[[item]][missing] <- mean(reputation_data[[item]], na.rm = TRUE)
}
holes <- read.csv(file.path(here, "mobi_holes.csv"), comment.char = "#")
holed <- mobi
for (i in seq_len(nrow(holes))) holed[holes$row[i], holes$item[i]] <- NA
drawn <- read.csv(file.path(here, "mobi_resamples.csv"), comment.char = "#", colClasses = "character")$counts
resamples <- lapply(strsplit(drawn, ""), function(digits) rep(seq_len(nrow(mobi)), as.integer(digits)))

# ---- models ----------------------------------------------------------------------------------------------------

paths_of <- list(
  scsb = list(
    value = "expectation", satisfaction = c("expectation", "value"), CUSCO = "satisfaction",
    loyalty = c("satisfaction", "CUSCO")
  ),
  acsi = list(
    quality = "expectation", value = c("expectation", "quality"),
    satisfaction = c("expectation", "quality", "value"), CUSCO = "satisfaction",
    loyalty = c("satisfaction", "CUSCO")
  ),
  ecsi = list(
    expectation = "image", quality = "expectation", value = c("expectation", "quality"),
    satisfaction = c("image", "expectation", "quality", "value"), CUSCO = "satisfaction",
    loyalty = c("image", "satisfaction", "CUSCO")
  ),
  reputation = list(cusa = c("comp", "like"), cusl = c("comp", "like", "cusa")),
  staged = list(
    satisfaction = c(
      "PERQ7", "brand", "quality_stability", "price_stability", "PERQ3", "PERQ4", "IMAG1", "contact_points"
    ),
    loyalty = "satisfaction"
  )
)
ecsi_items <- list(
  image = paste0("IMAG", 1:5), expectation = paste0("CUEX", 1:3), quality = paste0("PERQ", 1:7),
  value = paste0("PERV", 1:2), satisfaction = paste0("CUSA", 1:3), loyalty = paste0("CUSL", 1:3)
)
items_of <- list(
  scsb = ecsi_items[c("expectation", "value", "satisfaction", "loyalty")],
  acsi = ecsi_items[c("expectation", "quality", "value", "satisfaction", "loyalty")],
  ecsi = ecsi_items,
  reputation = list(comp = paste0("comp_", 1:3), like = paste0("like_", 1:3), cusl = paste0("cusl_", 1:3)),
  staged = list(
    brand = c("IMAG2", "IMAG3", "IMAG5"), quality_stability = c("PERQ1", "PERQ2", "PERQ5", "PERQ6"),
    price_stability = c("PERV1", "PERV2"), contact_points = c("CUSCO", "IMAG4"),
    satisfaction = paste0("CUSA", 1:3), loyalty = paste0("CUSL", 1:3)
  )
)
measurement <- function(items) {
  vapply(names(items), function(f) paste(f, "=~", paste(items[[f]], collapse = " + ")), "")
}
regressions <- function(paths) {
  one <- function(y) paste(y, "~", paste(sprintf("p_%s_%s*%s", paths[[y]], y, paths[[y]]), collapse = " + "))
  vapply(names(paths), one, "")
}
# products of the labels along every directed path from one variable to another
chains <- function(paths, from, to) {
  unlist(lapply(paths[[to]], function(last) {
    label <- sprintf("p_%s_%s", last, to)
    c(if (last == from) label, if (last != from) {
      before <- chains(paths, from, last)
      if (length(before)) paste0(before, "*", label)
    })
  }))
}
effects <- function(paths) {
  lines <- character()
  for (to in names(paths)) {
    for (from in unique(c(unlist(paths), names(paths)))) {
      found <- chains(paths, from, to)
      if (!length(found)) next
      total <- paste(found, collapse = " + ")
      indirect <- paste(found[grepl("*", found, fixed = TRUE)], collapse = " + ")
      lines <- c(lines, sprintf("total_%s_%s := %s", from, to, total))
      if (nzchar(indirect)) lines <- c(lines, sprintf("indirect_%s_%s := %s", from, to, indirect))
    }
  }
  lines
}
syntax <- function(name, with_effects = FALSE) {
  lines <- c(measurement(items_of[[name]]), regressions(paths_of[[name]]))
  if (name == "staged") {  # every covariance of exogenous variables, observed ones included
    exogenous <- paths_of$staged$satisfaction
    pairs <- combn(exogenous, 2)
    lines <- c(lines, sprintf("%s ~~ %s", pairs[1, ], pairs[2, ]))
  }
  paste(c(lines, if (with_effects) effects(paths_of[[name]])), collapse = "\n")
}
hs_syntax <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
pd_syntax <- "ind60 =~ x1 + x2 + x3\ndem60 =~ y1 + y2 + y3 + y4\ndem65 =~ y5 + y6 + y7 + y8\ndem60 ~ ind60
dem65 ~ ind60 + dem60\ny1 ~~ y5\ny2 ~~ y4 + y6\ny3 ~~ y7\ny4 ~~ y8\ny6 ~~ y8"

# ---- estimation ------------------------------------------------------------------------------------------------

# lavaan's nlminb stalls at gradients of 1e-6 and, asked for more, reports false convergence. So: nlminb, then Newton
# steps on lavaan's own gradient and observed information, along the equality constraints, down to 1e-12. lavaan
# overrules a start with a correlation above 1 (the staged model's minimum has one): there its Gauss-Newton steps finish.
# Those are not used elsewhere, as they leave the minimum with missing answers and with constrained intercepts. Bounded
# fits stay with nlminb.
directions <- function(fit) {
  if (fit@Model@eq.constraints) fit@Model@eq.constraints.K else diag(fit@Model@nx.free)
}
reduced_gradient <- function(fit) drop(crossprod(directions(fit), c(lavTech(fit, "gradient"))))
gradient_of <- function(fit) max(abs(reduced_gradient(fit)))
estimate <- function(model, data, ...) {
  fit_with <- function(...) {
    suppressWarnings(sem(model, data, fixed.x = FALSE, em.h1.tol = 1e-12, em.h1.iter.max = 20000, ...))
  }
  fit <- fit_with(...)
  if ("bounds" %in% ...names() || !lavInspect(fit, "converged")) return(fit)
  best <- fit
  for (step in 1:20) {
    if (gradient_of(best) < 1e-12) break
    K <- directions(fit)
    H <- crossprod(K, lavTech(fit, "information.observed") %*% K)
    table <- as.data.frame(parTable(fit))
    table$est[match(seq_len(nrow(K)), table$free)] <- coef(fit) - drop(K %*% solve(H, reduced_gradient(fit)))
    table$ustart <- NULL
    fit <- fit_with(..., start = table, optim.method = "none")
    if (gradient_of(fit) > 1e-2) break
    if (gradient_of(fit) < gradient_of(best)) best <- fit
  }
  if (gradient_of(best) > 1e-8) {
    scored <- fit_with(..., start = best, optim.method = "GN", optim.gn.tol.x = 1e-11, optim.gn.iter.max = 5000)
    if (gradient_of(scored) < gradient_of(best)) best <- scored
  }
  best
}

measures_wanted <- c(
  "npar", "fmin", "chisq", "df", "pvalue", "chisq.scaled", "df.scaled", "pvalue.scaled", "chisq.scaling.factor",
  "baseline.chisq", "baseline.df", "baseline.pvalue", "baseline.chisq.scaled", "baseline.df.scaled",
  "baseline.chisq.scaling.factor", "cfi", "tli", "nfi", "cfi.scaled", "tli.scaled", "cfi.robust", "tli.robust",
  "rmsea", "rmsea.ci.lower", "rmsea.ci.upper", "rmsea.pvalue", "rmsea.scaled", "rmsea.ci.lower.scaled",
  "rmsea.ci.upper.scaled", "rmsea.pvalue.scaled", "rmsea.robust", "rmsea.ci.lower.robust", "rmsea.ci.upper.robust",
  "rmsea.pvalue.robust", "srmr", "srmr_bentler", "srmr_bentler_nomean", "srmr_mplus", "srmr_mplus_nomean", "crmr",
  "crmr_nomean", "gfi", "logl", "unrestricted.logl", "scaling.factor.h0", "scaling.factor.h1", "aic", "bic", "bic2",
  "ntotal"
)
fit_of <- function(fit) {
  measures <- fitMeasures(fit)
  as.list(measures[intersect(measures_wanted, names(measures))])
}
label_of <- function(table) {
  # effects are named "total_<from>_<to>": with := they keep lavaan's name, other rows "left operator right"
  label <- paste(table$lhs, table$op, table$rhs)
  label[table$op == "~1"] <- paste(table$lhs, "~1")[table$op == "~1"]
  label[table$op == ":="] <- table$lhs[table$op == ":="]
  label
}
parameters_of <- function(fit) {
  table <- parameterEstimates(fit, ci = FALSE, zstat = FALSE, pvalue = FALSE, remove.nonfree = FALSE)
  table <- table[!table$op %in% c("==", "<", ">"), ]
  standard <- standardizedSolution(fit, ci = FALSE, zstat = FALSE, pvalue = FALSE)
  standard <- standard[!standard$op %in% c("==", "<", ">"), ]
  stopifnot(identical(label_of(table), label_of(standard)))
  rows <- lapply(seq_len(nrow(table)), function(i) c(table$est[i], table$se[i], standard$est.std[i], standard$se[i]))
  names(rows) <- label_of(table)
  if (lavInspect(fit, "ngroups") > 1) {
    split(rows, factor(lavInspect(fit, "group.label")[table$group], levels = lavInspect(fit, "group.label")))
  } else {
    rows
  }
}
ses_of <- function(fit) {
  table <- parameterEstimates(fit, ci = FALSE, zstat = FALSE, pvalue = FALSE, remove.nonfree = FALSE)
  table <- table[table$se > 0 & !table$op %in% c("==", "<", ">"), ]
  as.list(setNames(table$se, label_of(table)))
}
report <- function(fit) {
  message(sprintf("chi-square %.6f, gradient %.1e", fitMeasures(fit, "chisq"), gradient_of(fit)))
  list(gradient = gradient_of(fit), fit = fit_of(fit), parameters = parameters_of(fit))
}

# ---- JSON with 10 significant digits ----------------------------------------------------------------------------

quoted <- function(x) paste0("\"", gsub("\n", "\\n", gsub("\"", "\\\"", x, fixed = TRUE), fixed = TRUE), "\"")
scalar <- function(x) {
  if (is.character(x)) quoted(x)
  else if (is.logical(x)) ifelse(is.na(x), "null", ifelse(x, "true", "false"))
  else ifelse(is.finite(x), trimws(formatC(x, digits = 10, width = 1, format = "g")), "null")
}
json <- function(x, depth = 0) {
  if (!is.list(x)) {
    if (length(x) == 1) return(scalar(unname(x)))
    return(paste0("[", paste(scalar(unname(x)), collapse = ", "), "]"))
  }
  flat <- !any(vapply(x, function(part) is.list(part) || length(part) > 1, TRUE))
  values <- paste0(quoted(names(x)), ": ", vapply(x, json, "", depth = depth + 1))
  if (flat) return(paste0("{", paste(values, collapse = ", "), "}"))
  margin <- strrep(" ", depth + 1)
  paste0("{\n", paste0(margin, values, collapse = ",\n"), "\n", strrep(" ", depth), "}")
}

# ---- what is asked ----------------------------------------------------------------------------------------------

result <- list(`_about` = paste(
  "Made by tests/reference/lavaan_extra.R; numbers with 10 significant digits.",
  "parameters: label -> [estimate, standard error, standardised estimate (std.all), its delta-method standard error];",
  "standard errors by expected information unless said otherwise. gradient: largest entry of lavaan's gradient of",
  "its objective (half the discrepancy) at its estimates, along the equality constraints."
), lavaan = as.character(packageVersion("lavaan")), R = R.version.string)

complete <- list(
  hs = list(hs_syntax, HolzingerSwineford1939), pd = list(pd_syntax, PoliticalDemocracy),
  scsb = list(syntax("scsb", TRUE), mobi), acsi = list(syntax("acsi", TRUE), mobi),
  ecsi = list(syntax("ecsi", TRUE), mobi), staged = list(syntax("staged"), mobi),
  reputation = list(syntax("reputation", TRUE), reputation_data)
)
for (name in names(complete)) {
  model <- complete[[name]][[1]]
  data <- complete[[name]][[2]]
  ml <- report(estimate(model, data))
  ml$observed_se <- ses_of(estimate(model, data, information = "observed"))
  result[[name]] <- list(syntax = model, ML = ml, MLR = report(estimate(model, data, estimator = "MLR")))
}

result$subsets <- list()
for (name in c("scsb", "acsi")) {
  result$subsets[[name]] <- list(
    `1-150` = report(estimate(syntax(name), mobi[1:150, ])), `101-250` = report(estimate(syntax(name), mobi[101:250, ]))
  )
}

result$fiml <- list(about = paste(
  "the cells of mobi_holes.csv missing; missing=\"fiml\". parameters: standard errors by observed information;",
  "expected_se: by expected information; MLR: observed-information bread."
))
for (name in c("scsb", "acsi")) {
  ml <- report(estimate(syntax(name), holed, missing = "fiml"))
  ml$expected_se <- ses_of(estimate(syntax(name), holed, missing = "fiml", information = "expected"))
  fit <- estimate(syntax(name), holed, missing = "fiml")
  ml$patterns <- nrow(lavInspect(fit, "patterns"))
  h1 <- lavInspect(fit, "sampstat.h1")
  ml$unrestricted <- list(
    means = as.list(h1$mean), covariances = as.list(apply(h1$cov, 1, as.numeric, simplify = FALSE))
  )
  result$fiml[[name]] <- list(ML = ml, MLR = report(estimate(syntax(name), holed, missing = "fiml", estimator = "MLR")))
}

# Bollen & Stine (1992): Z = Y S^(-1/2) Sigma^(1/2) of the centred answers, whose covariance is the model's
root <- function(M, power) {
  e <- eigen(M, symmetric = TRUE)
  e$vectors %*% (e$values^power * t(e$vectors))
}
result$resamples <- list(about = paste(
  "40 resamples of mobi (mobi_resamples.csv), unbounded and with all variances at least 0 (bounds=\"pos.var\").",
  "admissible: lavaan's post.check; smallest_variance: the least estimated one; gradient: of the unbounded fit.",
  "bollen_stine: chi-squares of the same resamples of answers made to fit the model."
))
for (name in c("scsb", "acsi")) {
  model <- syntax(name)
  original <- estimate(model, mobi)
  observed <- lavNames(original, "ov")
  centred <- scale(as.matrix(mobi[, observed]), scale = FALSE)
  S <- crossprod(centred) / nrow(mobi)
  Sigma <- fitted(original)$cov[observed, observed]
  fitting <- as.data.frame(centred %*% root(S, -0.5) %*% root(Sigma, 0.5))
  names(fitting) <- observed
  one <- function(rows) {
    free <- estimate(model, mobi[rows, ])
    bounded <- estimate(model, mobi[rows, ], bounds = "pos.var")
    stine <- estimate(model, fitting[rows, ])
    variances <- function(fit) {
      table <- parameterTable(fit)
      min(table$est[table$op == "~~" & table$lhs == table$rhs])
    }
    chisq <- function(fit) if (lavInspect(fit, "converged")) unname(fitMeasures(fit, "chisq")) else NA
    data.frame(
      chisq = chisq(free), converged = lavInspect(free, "converged"),
      admissible = suppressWarnings(lavInspect(free, "post.check")), smallest_variance = variances(free),
      gradient = gradient_of(free), bounded_chisq = chisq(bounded),
      bounded_converged = lavInspect(bounded, "converged"), bounded_smallest_variance = variances(bounded),
      bollen_stine = chisq(stine)
    )
  }
  result$resamples[[name]] <- as.list(do.call(rbind, lapply(resamples, one)))
  message(name, ": ", sum(result$resamples[[name]]$converged), " of 40 converged, ",
          sum(result$resamples[[name]]$admissible, na.rm = TRUE), " admissible")
}

# equal loadings within a factor (the first is fixed at 1), and two groups with means
equal <- "visual =~ x1 + a*x2 + a*x3\ntextual =~ x4 + b*x5 + b*x6\nspeed =~ x7 + c*x8 + c*x9"
result$hs_equal <- c(list(syntax = equal), report(estimate(equal, HolzingerSwineford1939)))
two <- function(...) estimate(hs_syntax, HolzingerSwineford1939, group = "school", ...)
result$hs_mg <- list(
  configural = report(two(meanstructure = TRUE)), metric = report(two(meanstructure = TRUE, group.equal = "loadings")),
  scalar = report(two(group.equal = c("loadings", "intercepts")))
)

writeLines(json(result), file.path(here, "lavaan_extra.json"))
