"""What to improve first: importance and performance, conditions without which an outcome does not occur, and both."""
