"""Forward and reverse mode for one vector, operator by operator."""


def cotangents(operators, cotangent):
    """Backpropagate a cotangent from the outputs to the inputs.

    Parameters
    ----------
    operators : sequence of JacobianOperator
    cotangent : array of shape (..., n_samples, n_out)
        Cotangent of the last operator's output.

    Yields
    ------
    array
        Cotangent at the output of the last operator, then of each preceding one, and
        finally at the input of the first. Each is computed on demand.

    Examples
    --------
    Two scalings by 2 and 3 multiply a cotangent by 3, then by 6:

    >>> import numpy as np
    >>> from skjacobnet.operators import Diagonal
    >>> chain = [Diagonal(np.array([[2.0]])), Diagonal(np.array([[3.0]]))]
    >>> [float(c[0, 0]) for c in cotangents(chain, np.array([[1.0]]))]
    [1.0, 3.0, 6.0]
    """
    yield cotangent
    for operator in reversed(operators):
        cotangent = operator.vjp(cotangent)
        yield cotangent


def tangents(operators, tangent):
    """Propagate a tangent from the inputs to the outputs.

    Parameters
    ----------
    operators : sequence of JacobianOperator
    tangent : array of shape (..., n_samples, n_in)
        Tangent of the first operator's input.

    Yields
    ------
    array
        Tangent at the input of the first operator, then at the output of each.

    Examples
    --------
    >>> import numpy as np
    >>> from skjacobnet.operators import Diagonal
    >>> chain = [Diagonal(np.array([[2.0]])), Diagonal(np.array([[3.0]]))]
    >>> [float(t[0, 0]) for t in tangents(chain, np.array([[1.0]]))]
    [1.0, 2.0, 6.0]
    """
    yield tangent
    for operator in operators:
        tangent = operator.jvp(tangent)
        yield tangent
