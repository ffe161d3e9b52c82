"""Fitted networks: predictions and derivatives."""

from skjacobnet.model.average import average_of as average_of
from skjacobnet.model.average import is_average as is_average
from skjacobnet.model.average import members_of as members_of
from skjacobnet.model.fitted import FittedModel as FittedModel
