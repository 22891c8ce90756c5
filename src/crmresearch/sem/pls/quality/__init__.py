"""How well constructs are measured: intervals, criteria and a verdict each."""
