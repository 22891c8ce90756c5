"""Orders, customers, days and respondents unlike the others, at a stated rate of false alarms."""
