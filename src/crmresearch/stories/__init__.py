"""What each report says: one folder a notebook, each with its story, tables, charts, cautions and texts."""
