"""Who the customers of a segment are, by which rule it is told, and what nothing tells apart."""
