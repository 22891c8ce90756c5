"""What is bought together beyond chance, what is bought next, and what to offer to whom."""
