"""What a PLS path model foresees of respondents held out, compared, and for whom it fails."""
