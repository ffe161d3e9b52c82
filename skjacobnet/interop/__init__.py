"""Conversion of networks from and to scikit-learn's MLP estimators."""

from skjacobnet.interop.incoming import from_sklearn as from_sklearn
from skjacobnet.interop.outgoing import to_sklearn as to_sklearn
