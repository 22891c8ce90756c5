"""Respondents of known truth: the answers that a theory with stated loadings, paths and groups would give."""
