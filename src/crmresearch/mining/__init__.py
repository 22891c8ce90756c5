"""What purchases and answers foretell beside segments: trends, churn, what is bought together, the odd, personas."""
