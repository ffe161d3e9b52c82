"""Neural networks for scikit-learn, built of layers that know their exact Jacobians."""

__version__ = "0.1.0"
