"""One vector carried through a chain of Jacobians, operator by operator."""


def cotangents(operators, cotangent):
    """Carry a cotangent from the outputs to the inputs, one operator at a time.

    Parameters
    ----------
    operators : sequence of JacobianOperator
    cotangent : array of shape (..., n_samples, n_out)
        Of the last operator's output.

    Yields
    ------
    array
        The cotangent at the output of the last operator, then of each one before it,
        and in the end at the input of the first. Each is computed when it is asked
        for: who stops early does not pay for the rest.

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
    """Carry a tangent from the inputs to the outputs, one operator at a time.

    Parameters
    ----------
    operators : sequence of JacobianOperator
    tangent : array of shape (..., n_samples, n_in)
        Of the first operator's input.

    Yields
    ------
    array
        The tangent at the input of the first operator, then at each one's output.

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
