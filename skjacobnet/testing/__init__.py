"""Checks of custom parts: finite differences, and the whole interface of a part."""

from skjacobnet.testing.encodings import check_encoding as check_encoding
from skjacobnet.testing.estimators import check_gradients as check_gradients
from skjacobnet.testing.finite_differences import (
    empirical_jacobian as empirical_jacobian,
)
from skjacobnet.testing.finite_differences import finite_difference as finite_difference
from skjacobnet.testing.layers import check_layer as check_layer
from skjacobnet.testing.layers import sanity_check as sanity_check
from skjacobnet.testing.losses import check_loss as check_loss
from skjacobnet.testing.operators import check_operator as check_operator
from skjacobnet.testing.optimizers import check_optimizer as check_optimizer
from skjacobnet.testing.regularizers import check_regularizer as check_regularizer
