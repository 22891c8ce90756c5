"""What `import crmresearch` offers: thin functions that take models and tables as the reader has them in hand."""
