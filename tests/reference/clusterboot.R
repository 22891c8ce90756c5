# Reference numbers for the stability tests: fpc::clusterboot on the iris data with draws given from outside.
#
#     Rscript tests/reference/clusterboot.R        (from the root of the repository; writes clusterboot.json)
#
# Needs R with fpc and jsonlite (Debian: r-cran-fpc, r-cran-jsonlite). Tests read the JSON, never R. The resamples come
# from the CSV beside this script, so that R and Python see the same ones: `sample` is masked for clusterboot alone.
# The methods learn from the resample with its repetitions and are compared on the distinct rows drawn.

suppressPackageStartupMessages(library(fpc))
here <- "tests/reference"
measured <- as.matrix(iris[, 1:4])
n <- nrow(measured)
drawn <- read.csv(file.path(here, "clusterboot_resamples.csv"), comment.char = "#", colClasses = "character")$counts
resamples <- lapply(strsplit(drawn, ""), function(digits) rep(seq_len(n), as.integer(digits)))

by_quantiles <- function(learners, members) {
  cuts <- quantile(learners[, "Petal.Length"], 1:3 / 4, type = 1)
  1 + rowSums(outer(members[, "Petal.Length"], cuts, ">"))
}

by_means <- function(learners, members) {
  found <- kmeans(learners, centers = measured[c(1, 51, 101, 120), ], iter.max = 1000, algorithm = "Lloyd")
  distances <- sapply(seq_len(4), function(j) colSums((t(members) - found$centers[j, ])^2))
  max.col(-distances, ties.method = "first")
}

stability <- function(method) {
  current <- NULL
  number <- 0
  given <- function(...) {
    number <<- number + 1
    current <<- resamples[[number]]
    current
  }
  interface <- function(data) {
    learners <- if (is.null(current)) measured else measured[current, ]
    partition <- method(learners, data)
    found <- sort(unique(partition))
    list(
      result = NULL, nc = length(found), clusterlist = lapply(found, function(key) partition == key),
      partition = partition, clustermethod = "given"
    )
  }
  boot <- clusterboot
  environment(boot) <- list2env(list(sample = given), parent = environment(clusterboot))
  result <- boot(
    measured, B = length(resamples), bootmethod = "boot", multipleboot = FALSE, clustermethod = interface,
    count = FALSE
  )
  list(
    size = as.vector(table(result$partition)), jaccard = result$bootmean,
    recovered = result$bootrecover / length(resamples), dissolved = result$bootbrd / length(resamples)
  )
}

found <- list(
  fpc = as.character(packageVersion("fpc")), quantiles = stability(by_quantiles), means = stability(by_means)
)
jsonlite::write_json(found, file.path(here, "clusterboot.json"), digits = 15, auto_unbox = TRUE, pretty = TRUE)
