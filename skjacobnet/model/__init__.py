"""What a fitted network answers: predictions and derivatives."""

from skjacobnet.model.fitted import FittedModel as FittedModel
