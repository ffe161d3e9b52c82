"""The rows of a fit: encoded, weighted, split, and in batches."""
