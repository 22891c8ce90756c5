"""What segments say of the customers' future: scores out of time, paired, with intervals."""
