"""Fitted networks from scikit-learn's own networks, and back to them."""

from skjacobnet.interop.incoming import from_sklearn as from_sklearn
from skjacobnet.interop.outgoing import to_sklearn as to_sklearn
