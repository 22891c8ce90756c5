"""What purchases and answers tell beside segments: trends, churn, what is bought together, the unusual, personas."""
