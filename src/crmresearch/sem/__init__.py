"""Estimation of structural equation models."""
