# Milliseconds of seminr's predict_pls, or of seminrExtras' assess_cvpat, of one model: called by plspredict.py.
# Arguments: model (lines "construct mode items…" and "> predictor outcome"), answers (csv), folds, predict or cvpat.
suppressPackageStartupMessages(library(seminr))
arguments <- commandArgs(trailingOnly = TRUE)
lines <- strsplit(readLines(arguments[1]), " ")
answers <- read.csv(arguments[2], check.names = FALSE)
folds <- as.integer(arguments[3])
is_path <- sapply(lines, function(line) line[1] == ">")
blocks <- lapply(lines[!is_path], function(line) {
  composite(line[1], line[-(1:2)], weights = if (line[2] == "B") mode_B else mode_A)
})
arrows <- lapply(lines[is_path], function(line) paths(line[2], line[3]))
model <- suppressMessages(estimate_pls(answers, do.call(constructs, blocks), do.call(relationships, arrows)))
work <- if (arguments[4] == "cvpat") {
  function() seminrExtras::assess_cvpat(model, testtype = "two.sided", nboot = 1000, seed = 1,
                                        technique = predict_EA, noFolds = folds, cores = 1)
} else {
  function() summary(predict_pls(model, technique = predict_EA, noFolds = folds))
}
set.seed(1)
took <- system.time(suppressMessages(invisible(work())))
cat(1000 * (took[["user.self"]] + took[["sys.self"]]))
