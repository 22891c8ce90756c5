"""One theory of satisfaction and loyalty on one survey."""
