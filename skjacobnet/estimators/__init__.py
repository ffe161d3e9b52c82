"""Estimators: networks behind scikit-learn's contract."""
