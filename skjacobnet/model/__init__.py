"""What a fitted network answers: predictions and derivatives."""
