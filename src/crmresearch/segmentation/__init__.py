"""Customers in groups and customers in money: features of past purchases, and what they say about later ones."""
