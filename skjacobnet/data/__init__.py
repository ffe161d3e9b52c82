"""Data of a fit: encodings, weights, splits and batches of rows."""
