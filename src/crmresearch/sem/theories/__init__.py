"""Several theories on the same respondents: what each explains, foresees, and may be told beyond chance."""
