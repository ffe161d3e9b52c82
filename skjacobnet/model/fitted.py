"""Fitted networks: predictions, and linearizations at rows of a table."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.utils import check_consistent_length

from skjacobnet.core.blocks import row_blocks, slices
from skjacobnet.core.constraints import OneOf
from skjacobnet.core.rows import cast
from skjacobnet.layers import Rescale
from skjacobnet.losses import Loss
from skjacobnet.network import Network, NetworkWorkspace
from skjacobnet.tasks import Task


@dataclass(frozen=True, eq=False)
class FittedModel:
    """Fitted network of an estimator, with its settings.

    It is never changed, only replaced, so parameters set after a fit do not change it.

    Attributes
    ----------
    network : Network
        Network from the inputs to raw predictions in the unit of the targets.
    weights : array of shape (n_weights,)
    task : Task
    loss : Loss
        Training loss.
    regularizers : tuple of Regularizer
    columns : RawColumns or None
        Types of the columns of raw tables; None without encodings.
    encoded_columns : tuple of Column
        Columns after the encodings.
    mean_encoded : array of shape (n_encoded,) or None
        Weighted mean encoded row over the rows of the fit; None without encodings.
    calibration : dict of str to array, or None
        Factor and shift of the calibration of raw predictions. The last `Rescale` of
        the network applies them. For an average they are the means over its members,
        and each member applies its calibration.
    """

    network: Network
    weights: np.ndarray
    task: Task
    loss: Loss
    regularizers: tuple = ()
    columns: Any = None
    encoded_columns: tuple = ()
    mean_encoded: np.ndarray | None = None
    calibration: dict | None = None

    @property
    def dtype(self):
        """Floating-point type of the weights and of the computation."""
        return self.weights.dtype

    @property
    def link(self):
        """Link from raw predictions to predictions."""
        return self.task.link(self.loss)

    @property
    def trained(self):
        """Network of the trained layers, whose output the loss takes.

        It excludes encodings before them and a `Rescale` after them. For an average it
        gives the average of the calibrated members.
        """
        stop = len(self.network.layers)
        if isinstance(self.network.layers[-1], Rescale):
            stop -= 1
        return self.network.part(self.network.n_encodings, stop)

    def output(self, name=None):
        """Return the checked name of an output, by default that of the prediction.

        Raises
        ------
        ValueError
            If the network has no output of that name.
        """
        if name is None:
            return self.task.outputs[0]
        OneOf(*self.task.outputs).check(name, "output")
        return name

    def astype(self, dtype):
        """Return a model that computes in another dtype."""
        return replace(self, weights=self.weights.astype(dtype, copy=False))

    def with_all_weights(self, weights):
        """Return a model with another vector of weights, (n_weights,).

        Raises
        ------
        ValueError
            If its length differs.
        """
        weights = np.array(weights, self.dtype)
        if weights.shape != self.weights.shape:
            raise ValueError(
                f"weights_ must have the shape {self.weights.shape}, got "
                f"{weights.shape}."
            )
        return replace(self, weights=weights)

    def with_weights(self, name, arrays):
        """Return a model with other weights of one name.

        Parameters
        ----------
        name : str
            Name of the weights, such as ``"coef"``.
        arrays : sequence of array-like
            One array for each layer that has weights of that name.

        Raises
        ------
        ValueError
            If their number or a shape differs.
        """
        arrays, weights = list(arrays), self.weights.copy()
        views = self.network.weights(weights, name)
        shapes = [view.shape for view in views], [np.shape(array) for array in arrays]
        if shapes[0] != shapes[1]:
            raise ValueError(
                f"{name}s_ must have the shapes {shapes[0]}, got {shapes[1]}."
            )
        for view, array in zip(views, arrays, strict=True):
            view[...] = array
        return replace(self, weights=weights)

    def raw(self, X, dtype=None):
        """Return the raw prediction of each row.

        Parameters
        ----------
        X : array or CSR matrix of shape (n_samples, n_features)
            Inputs of any numeric type; blocks are cast to that of the weights.
        dtype : data-type, optional
            Type of the result, by default that of the weights. With a wider type all is
            computed in it, so targets with a large location lose no digits.

        Returns
        -------
        array of shape (n_samples, n_raw)
        """
        if dtype is not None and dtype != self.dtype:
            wider = self.astype(np.promote_types(self.dtype, dtype))
            return wider.raw(X).astype(dtype, copy=False)
        network, dtype, n_samples = self.network, self.dtype, X.shape[0]
        block = row_blocks(network, 0, dtype.itemsize)
        if n_samples <= block:
            return network.forward(self.weights, self._inputs(X))
        raw = np.empty((n_samples, network.sizes[-1]), dtype)
        workspace = NetworkWorkspace(network)
        for rows in slices(n_samples, block):
            network.forward(self.weights, self._inputs(X[rows]), raw[rows], workspace)
        return raw

    def _inputs(self, X):
        """Return rows as inputs of the network; encodings cast them."""
        if self.network.n_encodings:
            return X
        return cast(X, self.dtype, self.network.accepts_sparse)

    def linearizations(self, X, vectors_per_row=1, trained=False):
        """Linearize the network at the rows of a table, in blocks.

        Parameters
        ----------
        X : array or CSR matrix of shape (n_samples, n_features)
        vectors_per_row : int, default=1
            Number of vectors propagated through the network for each row.
        trained : bool, default=False
            Whether to linearize `trained` instead of the whole network.

        Yields
        ------
        rows : slice
        linearization : Linearization
            Overwritten by the next one.
        """
        network = self.trained if trained else self.network
        workspace = NetworkWorkspace(network)
        block = row_blocks(self.network, vectors_per_row, self.dtype.itemsize)
        for rows in slices(X.shape[0], block):
            batch = self._inputs(X[rows])
            if trained:
                batch = self.network.encoded(batch, self.dtype)
            yield rows, network.linearize(self.weights, batch, None, workspace)

    def loss_linearizations(self, X, y):
        """Linearize the trained network, with each row's gradient of the loss.

        Parameters
        ----------
        X : array or CSR matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_columns)

        Yields
        ------
        rows : slice
        linearization : Linearization
            Of `trained`.
        cotangent : array of shape (n_rows, n_raw)
            Gradient with respect to the raw prediction.

        Raises
        ------
        ValueError
            If `y` has an unknown class or another length.
        """
        check_consistent_length(X, y)
        codes, link = self.task.codes(y), self.link
        for rows, at in self.linearizations(X, trained=True):
            encoded = self.task.encode(codes[rows], at.value.dtype)
            yield rows, at, self.loss.sample_gradients(encoded, at.value, link)

    def operators(self, linearization, output):
        """Return the Jacobians from the input to an output, in order."""
        outer = self.link.operators(linearization.value, output)
        return [*linearization.operators, *outer]
