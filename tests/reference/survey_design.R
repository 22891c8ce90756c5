# Reference numbers for strata and clusters: linearised errors by survey, cluster-robust ML by lavaan.
#
#     Rscript tests/reference/survey_design.R      (from the root of the repository; writes survey_design.json)
#
# Needs R, lavaan and survey (Debian: r-cran-lavaan, r-cran-survey). Tests read the JSON, never R. Models, estimation to a
# tight minimum and JSON are those of lavaan_extra.R beside it. The design is invented: row i = 1, 2, … of the mobile
# survey has the weight 0.2 + (37 i mod 101) / 50; ten rows of like satisfaction and loyalty are a cluster, but every third
# row is anywhere; clusters 0–4, 5–14 and 15–24 are the three strata.

script <- readLines("tests/reference/lavaan_extra.R")
eval(parse(text = script[seq_len(grep("what is asked", script) - 1)]))
suppressPackageStartupMessages(library(survey))

n <- nrow(mobi)
mobi$w <- holed$w <- 0.2 + ((37 * seq_len(n)) %% 101) / 50
rank <- order(order(rowSums(mobi[, grep("^CUSA|^CUSL", names(mobi))]), seq_len(n)))  # 1 … n, ties by row
# rows of like rank in one cluster, but every third row anywhere
mobi$cluster <- ifelse(seq_len(n) %% 3 == 0, seq_len(n) %% 25, (rank - 1) %/% 10)
mobi$stratum <- ifelse(mobi$cluster < 5, "a", ifelse(mobi$cluster < 15, "b", "c"))
holed$cluster <- mobi$cluster
items <- c(unlist(ecsi_items, use.names = FALSE), "CUSCO")
result <- list(`_about` = paste(
  "Made by tests/reference/survey_design.R; numbers with 10 significant digits. clusters: of every row. items: of",
  "design -> item, weighted mean, its linearised standard error, design effect (with replacement). domain: the same of",
  "rows with PERQ1 of 9 or more. slope: weighted regression of CUSL1 on CUSA1 and CUSA2, the slopes and their errors.",
  "ratio: CUSL1 over CUSA1. lavaan: MLR with cluster and sampling.weights, without strata, which it does not know."
), lavaan = as.character(packageVersion("lavaan")), survey = as.character(packageVersion("survey")),
   R = R.version.string, clusters = mobi$cluster)

designs <- list(
  both = svydesign(ids = ~cluster, strata = ~stratum, weights = ~w, data = mobi),
  cluster = svydesign(ids = ~cluster, weights = ~w, data = mobi),
  stratum = svydesign(ids = ~1, strata = ~stratum, weights = ~w, data = mobi)
)
formula <- as.formula(paste("~", paste(items, collapse = " + ")))
for (name in names(designs)) {
  design <- designs[[name]]
  average <- svymean(formula, design, deff = "replace")
  part <- svymean(formula, subset(design, PERQ1 >= 9))
  slope <- svyglm(CUSL1 ~ CUSA1 + CUSA2, design)
  ratio <- svyratio(~CUSL1, ~CUSA1, design)
  each <- function(values, f) setNames(lapply(seq_along(items), f), items)
  result[[name]] <- list(
    items = each(items, function(j) c(coef(average)[[j]], SE(average)[[j]], deff(average)[[j]])),
    domain = each(items, function(j) c(coef(part)[[j]], SE(part)[[j]])),
    slope = c(coef(slope)[-1], SE(slope)[-1]), ratio = c(coef(ratio)[[1]], SE(ratio)[[1]]),
    degf = degf(design), domain_degf = degf(subset(design, PERQ1 >= 9))
  )
}
for (name in c("scsb", "acsi")) {
  result[[name]] <- list(
    complete = report(estimate(syntax(name), mobi, estimator = "MLR", sampling.weights = "w", cluster = "cluster")),
    fiml = report(estimate(
      syntax(name), holed, estimator = "MLR", missing = "fiml", sampling.weights = "w", cluster = "cluster"
    ))
  )
}
writeLines(json(result), file.path(here, "survey_design.json"))
