# Reference numbers for sampling weights: lavaan's sampling.weights, and means and errors by survey.
#
#     Rscript tests/reference/lavaan_weights.R      (from the root of the repository; writes lavaan_weights.json)
#
# Needs R, lavaan and survey (Debian: r-cran-lavaan, r-cran-survey). Tests read the JSON, never R. Models, estimation to a
# tight minimum and JSON are those of lavaan_extra.R beside it.

script <- readLines("tests/reference/lavaan_extra.R")
eval(parse(text = script[seq_len(grep("what is asked", script) - 1)]))
suppressPackageStartupMessages(library(survey))

# weights from 0.2 to 2.2 without a pattern
mobi$w <- holed$w <- 0.2 + ((37 * seq_len(nrow(mobi))) %% 101) / 50
result <- list(`_about` = paste(
  "Made by tests/reference/lavaan_weights.R; numbers with 10 significant digits. Weights of row i = 1, 2, ...:",
  "0.2 + (37 i mod 101) / 50. parameters: label -> [estimate, standard error, standardised estimate (std.all), its",
  "delta-method standard error]; MLR with sampling.weights. items: weighted mean, its linearised standard error and",
  "variance (divisor n - 1) by survey."
), lavaan = as.character(packageVersion("lavaan")), survey = as.character(packageVersion("survey")), R = R.version.string)

design <- svydesign(ids = ~1, weights = ~w, data = mobi)
items <- c(unlist(ecsi_items, use.names = FALSE), "CUSCO")
formula <- as.formula(paste("~", paste(items, collapse = " + ")))
average <- svymean(formula, design)
result$items <- setNames(lapply(items, function(item) {
  c(coef(average)[[item]], SE(average)[[match(item, names(coef(average)))]], diag(as.matrix(svyvar(formula, design)))[[item]])
}), items)

for (name in c("scsb", "acsi")) {
  fit <- estimate(syntax(name), mobi, estimator = "MLR", sampling.weights = "w")
  fiml <- tryCatch(
    report(estimate(syntax(name), holed, estimator = "MLR", missing = "fiml", sampling.weights = "w")),
    error = function(e) { message(conditionMessage(e)); NULL }
  )
  result[[name]] <- c(list(complete = report(fit)), if (!is.null(fiml)) list(fiml = fiml))
}
writeLines(json(result), file.path(here, "lavaan_weights.json"))
