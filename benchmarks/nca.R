# Seconds of processor time of one nca_analysis with both ceilings and a permutation test, and its effect sizes.
#   Rscript benchmarks/nca.R points.csv permutations
arguments <- commandArgs(TRUE)
suppressPackageStartupMessages(library(NCA))
points <- read.csv(arguments[1])
permutations <- as.integer(arguments[2])
set.seed(1)
took <- system.time(capture.output(found <- nca_analysis(points, "x", "y", ceilings = c("ce_fdh", "cr_fdh"), test.rep = permutations)))
params <- found$summaries$x$params
cat(took[["user.self"]] + took[["sys.self"]], params["Effect size", "ce_fdh"], params["Effect size", "cr_fdh"], params["p-value", "ce_fdh"], params["p-value", "cr_fdh"], "\n")
