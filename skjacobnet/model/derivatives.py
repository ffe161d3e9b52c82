"""Exact derivatives of the outputs of a fitted network.

All are computed in blocks of rows: memory is the result plus one block.
"""

import numpy as np
from scipy.sparse import issparse

from skjacobnet.accumulation import accumulate_into, cotangents, count_carried


def input_jacobian(model, X, output, mode="auto"):
    """Return the Jacobian of an output with respect to the inputs of each row.

    Parameters
    ----------
    model : FittedModel
    X : array or CSR matrix of shape (n_samples, n_features)
    output : str
        One of ``model.task.outputs``.
    mode : {"auto", "forward", "reverse"}, default="auto"
        Order in which the layers' Jacobians are multiplied.

    Returns
    -------
    array of shape (n_samples, n_outputs, n_features)
        Jacobian, NaN for categorical columns.
    """
    shape = X.shape[0], model.task.n_outputs(output), X.shape[1]
    jacobian = np.empty(shape, model.dtype)
    for rows, at in model.linearizations(X, count_carried(mode, *shape[1:])):
        accumulate_into(jacobian[rows], model.operators(at, output), mode)
    if model.columns is not None:
        # A category has no derivative.
        jacobian[..., model.columns.is_category] = np.nan
    return jacobian


def weight_jacobian(model, X, output):
    """Return the Jacobian of an output with respect to all weights, for each row.

    Parameters
    ----------
    model, X, output
        As in `input_jacobian`.

    Returns
    -------
    array of shape (n_samples, n_outputs, n_weights)
    """
    n_out, theta, link = model.task.n_outputs(output), model.weights, model.link
    jacobian = np.empty((X.shape[0], n_out, theta.size), theta.dtype)
    basis = np.eye(n_out, dtype=theta.dtype)[:, np.newaxis]
    for rows, at in model.linearizations(X, n_out):
        cotangent = np.broadcast_to(basis, (n_out, at.value.shape[0], n_out))
        *_, cotangent = cotangents(link.operators(at.value, output), cotangent)
        by_output = jacobian[rows].swapaxes(0, 1)
        model.network.sample_gradients(theta, at, cotangent, by_output)
    return jacobian


def per_sample_gradients(model, X, y):
    """Return the gradient of each row's loss with respect to all weights.

    Parameters
    ----------
    model, X
        As in `input_jacobian`.
    y : array-like of shape (n_samples,) or (n_samples, n_labels)

    Returns
    -------
    array of shape (n_samples, n_weights)
    """
    gradients = np.empty((X.shape[0], model.weights.size), model.dtype)
    network = model.trained
    for rows, at, cotangent in model.loss_linearizations(X, y):
        network.sample_gradients(model.weights, at, cotangent, gradients[rows])
    return gradients


def per_sample_gradient_norms(model, X, y):
    """Return the norms of `per_sample_gradients`, (n_samples,), without these."""
    squared, network = np.empty(X.shape[0], model.dtype), model.trained
    for rows, at, cotangent in model.loss_linearizations(X, y):
        squared[rows] = network.sample_squared_norms(model.weights, at, cotangent)
    return np.sqrt(squared)


def activations(model, X):
    """Return the output of every layer, a list of arrays (n_samples, width)."""
    widths = model.network.sizes[1:]
    outputs = [np.empty((X.shape[0], n), model.dtype) for n in widths]
    for rows, at in model.linearizations(X):
        for whole, block in zip(outputs, at.outputs[1:], strict=True):
            # The encodings of a sparse table keep it sparse.
            whole[rows] = block.toarray() if issparse(block) else block
    return outputs
