"""From an executed notebook to a self-contained report."""
