"""The answers of a survey before and behind every model: their quality, gaps and moments."""
