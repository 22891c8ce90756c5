"""What estimators find of known truth in simulated samples, and how many respondents that takes."""
