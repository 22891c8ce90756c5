"""Revenue, purchases and active customers to come, and how right such forecasts were before."""
