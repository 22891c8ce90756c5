"""Files to begin with: a survey, a shop, a theory, a report."""
