# Residual correlations of covariance structures from answers with holes, with their z, by lavaan.
#
#     Rscript tests/reference/lavaan_residuals_holes.R   (from the root of the repository; writes the .json beside it)
#
# Needs R and lavaan (Debian: r-cran-lavaan). Tests read the JSON, never R. The holes are those of mobi_holes.csv.

suppressPackageStartupMessages(library(lavaan))

here <- "tests/reference"
holed <- read.csv("data/ecsi_mobile/mobi.csv")
holes <- read.csv(file.path(here, "mobi_holes.csv"), comment.char = "#")
for (i in seq_len(nrow(holes))) holed[holes$row[i], holes$item[i]] <- NA

model <- "
  value =~ PERV1 + PERV2
  satisfaction =~ CUSA1 + CUSA2 + CUSA3
  loyalty =~ CUSL1 + CUSL2 + CUSL3
  satisfaction ~ value
  loyalty ~ satisfaction
"
number <- function(x) if (is.na(x)) "null" else format(x, digits = 15)
# nlminb stops at gradients of 1e-6; Newton steps on lavaan's own gradient and observed information go on to 1e-12
estimate <- function(...) {
  fit_with <- function(...) suppressWarnings(sem(model, holed, missing = "fiml", em.h1.tol = 1e-12,
                                                 em.h1.iter.max = 20000, ...))
  fit <- fit_with(...)
  for (step in 1:20) {
    gradient <- c(lavTech(fit, "gradient"))
    if (max(abs(gradient)) < 1e-12) break
    table <- as.data.frame(parTable(fit))
    table$est[match(seq_along(gradient), table$free)] <-
      coef(fit) - drop(solve(lavTech(fit, "information.observed"), gradient))
    table$ustart <- NULL
    fit <- fit_with(..., start = table, optim.method = "none")
  }
  fit
}
of <- function(estimator) {
  fit <- estimate(estimator = estimator)
  told <- lavResiduals(fit, type = "cor.bentler", zstat = TRUE, se = TRUE, summary = FALSE)
  names <- rownames(told$cov)
  pairs <- which(lower.tri(told$cov), arr.ind = TRUE)
  lines <- apply(pairs, 1, function(at) sprintf(
    '{"item": "%s", "other": "%s", "residual": %s, "se": %s, "z": %s}', names[at[2]], names[at[1]],
    number(told$cov[at[1], at[2]]), number(told$cov.se[at[1], at[2]]), number(told$cov.z[at[1], at[2]])
  ))
  sprintf('  "%s": [\n    %s\n  ]', estimator, paste(lines, collapse = ",\n    "))
}
writeLines(c(
  "{", sprintf('  "source": "lavaan %s, lavResiduals(type = \\"cor.bentler\\"), missing = \\"fiml\\"",',
               as.character(packageVersion("lavaan"))),
  paste(of("ML"), of("MLR"), sep = ",\n"), "}"
), file.path(here, "lavaan_residuals_holes.json"))
