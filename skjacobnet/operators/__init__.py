r"""Jacobians as structured operators.

The Jacobian of a layer at a batch of inputs is one matrix for each sample,

.. math:: J_{s,o,i} = \partial y_{s,o} / \partial x_{s,i},

and it is nearly always structured: a diagonal, one matrix shared by all samples, a
diagonal minus a rank-one term. An operator keeps that structure and applies the matrix
from either side. Only `todense` writes the matrix out.

Shapes: tangents are ``(..., n_samples, n_in)``, cotangents ``(..., n_samples, n_out)``,
with any number of leading axes, so that one call serves a vector, a basis or a stack of
networks.
"""

from skjacobnet.operators.base import JacobianOperator as JacobianOperator
from skjacobnet.operators.base import Product as Product
from skjacobnet.operators.block_row import BlockRow as BlockRow
from skjacobnet.operators.constant_matrix import ConstantMatrix as ConstantMatrix
from skjacobnet.operators.dense import Dense as Dense
from skjacobnet.operators.diagonal import Diagonal as Diagonal
from skjacobnet.operators.expansion import Expansion as Expansion
from skjacobnet.operators.identity import IdentityOperator as IdentityOperator
from skjacobnet.operators.multiplication import multiply as multiply
from skjacobnet.operators.multiplication import (
    multiply_around_diagonal as multiply_around_diagonal,
)
from skjacobnet.operators.rank_one import DiagonalMinusRankOne as DiagonalMinusRankOne
from skjacobnet.operators.selection import Selection as Selection
from skjacobnet.operators.simplification import multiplied_out as multiplied_out
from skjacobnet.operators.simplification import simplified as simplified
from skjacobnet.operators.stack import Stack as Stack
from skjacobnet.operators.sum import Sum as Sum
