"""Training: the objective, the training loops, and stopping."""
