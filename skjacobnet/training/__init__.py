"""Training: the objective, the loops over it, and when to stop."""
