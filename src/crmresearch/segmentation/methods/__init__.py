"""Segmentation methods, one module a family."""
