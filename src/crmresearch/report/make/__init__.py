"""From a parameters file to an executed notebook, its outputs and their record."""
