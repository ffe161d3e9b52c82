"""What is predicted: classes or labels, how they are encoded and decided."""
