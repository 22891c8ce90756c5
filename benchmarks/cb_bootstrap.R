# Rscript benchmarks/cb_bootstrap.R <model.lav> <answers.csv> <counts.csv>: one lavaan fit per row of counts; prints
# processor milliseconds and whether it converged, fit by fit. The first two fits warm up and are done again.
suppressPackageStartupMessages(library(lavaan))
arguments <- commandArgs(trailingOnly = TRUE)
model <- paste(readLines(arguments[1]), collapse = "\n")
answers <- read.csv(arguments[2])
counts <- as.matrix(read.csv(arguments[3], header = FALSE))
one <- function(b) {
  data <- answers[rep(seq_len(nrow(answers)), counts[b, ]), ]
  suppressWarnings(
    sem(model, data, fixed.x = FALSE, se = "none", test = "standard", baseline = FALSE, likelihood = "normal")
  )
}
for (b in 1:2) one(b)
for (b in seq_len(nrow(counts))) {
  before <- proc.time()
  fit <- one(b)
  took <- proc.time() - before
  chisq <- if (lavInspect(fit, "converged")) fitMeasures(fit, "chisq") else NA
  cat(1000 * (took[["user.self"]] + took[["sys.self"]]), lavInspect(fit, "converged"), chisq, "\n")
}
