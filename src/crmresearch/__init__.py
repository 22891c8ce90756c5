"""The reproducible laboratory for customer satisfaction, loyalty and customer value."""

__version__ = "0.1.0"
