"""Exact derivatives of what a fitted classifier answers."""

import numpy as np
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import check_is_fitted, validate_data

from skjacobnet.accumulation import MODES, accumulate_into, cotangents, count_carried
from skjacobnet.core.blocks import row_blocks, slices
from skjacobnet.core.constraints import OneOf
from skjacobnet.data.batches import cast
from skjacobnet.estimators import parameters
from skjacobnet.links import OUTPUTS


class DerivativesMixin:
    """Jacobians for the inputs and the weights, gradients of single rows, activations.

    All of them are those of the network as it predicts, without dropout.
    """

    def input_jacobian(self, X, *, output="proba", mode="auto"):
        r"""Return the Jacobian of an output for the features of each row.

        .. math:: J_{s,o,i} = \partial f_o(x_s) / \partial x_{s,i}

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            In the units that the network is given, after the scalers of a pipeline.
        output : {"proba", "raw", "log_proba"}, default="proba"
            What is differentiated: the result of `predict_proba`, the raw prediction,
            or the logarithm of the probabilities, whose derivatives stay exact where
            probabilities underflow.
        mode : {"auto", "forward", "reverse"}, default="auto"
            The order in which the layers' Jacobians are multiplied; see
            `skjacobnet.accumulation`. All give the same up to rounding.

        Returns
        -------
        array of shape (n_samples, n_outputs, n_features)
            In the units of the output per unit of each feature of `X`, in the type of
            ``weights_``. For binary problems the raw prediction has one row, the
            probabilities have two.

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        ValueError
            If `output` or `mode` is unknown, or `X` does not fit.

        See Also
        --------
        skjacobnet.inspection : What to read from it, also behind scalers in a pipeline.

        Notes
        -----
        Works on blocks of rows: memory is the result plus one block. At a kink, such as
        that of ReLU at zero, it is the Jacobian of one side.

        References
        ----------
        .. [1] A. Griewank and A. Walther, "Evaluating Derivatives", 2nd edition, SIAM
           2008, Chapter 3. https://doi.org/10.1137/1.9780898717761

        Examples
        --------
        The probabilities of a row always sum to one, so their derivatives sum to zero:

        >>> from sklearn.datasets import load_iris
        >>> from skjacobnet import JacobianMLPClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = JacobianMLPClassifier((5,), max_iter=3, tol=None, random_state=0)
        >>> jacobian = model.fit(X, y).input_jacobian(X)
        >>> jacobian.shape
        (150, 3, 4)
        >>> bool(abs(jacobian.sum(axis=1)).max() < 1e-12)
        True
        """
        X = checked(self, X, output)
        OneOf(*MODES).check(mode, "mode")
        shape = X.shape[0], n_outputs(self, output), X.shape[1]
        jacobian = np.empty(shape, self.weights_.dtype)
        for rows, at in linearizations(self, X, count_carried(mode, *shape[1:])):
            accumulate_into(jacobian[rows], with_output(self, at, output), mode)
        return jacobian

    def weight_jacobian(self, X, *, output="raw"):
        r"""Return the Jacobian of an output for all weights, row by row.

        .. math:: J_{s,o,w} = \partial f_o(x_s; \theta) / \partial \theta_w

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            In the units that the network is given, after the scalers of a pipeline.
        output : {"raw", "proba", "log_proba"}, default="raw"
            As in `input_jacobian`.

        Returns
        -------
        array of shape (n_samples, n_outputs, n_weights)
            In the order of ``weights_``.

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        ValueError
            If `output` is unknown, or `X` does not fit.

        Notes
        -----
        Works on blocks of rows, but the result itself is large: n_samples * n_outputs *
        n_weights numbers.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from skjacobnet import JacobianMLPClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = JacobianMLPClassifier((5,), max_iter=3, tol=None, random_state=0)
        >>> model.fit(X, y).weight_jacobian(X).shape
        (150, 3, 43)
        """
        X = checked(self, X, output)
        n_out, theta = n_outputs(self, output), self.weights_
        jacobian = np.empty((X.shape[0], n_out, theta.size), theta.dtype)
        basis = np.eye(n_out, dtype=theta.dtype)[:, np.newaxis]
        for rows, at in linearizations(self, X, n_out):
            link = self._targets.link
            cotangent = np.broadcast_to(basis, (n_out, at.value.shape[0], n_out))
            *_, cotangent = cotangents(link.operators(at.value, output), cotangent)
            self.network_.sample_gradients(
                theta, at, cotangent, jacobian[rows].swapaxes(0, 1)
            )
        return jacobian

    def per_sample_gradients(self, X, y):
        r"""Return the gradient of each row's loss for all weights.

        .. math:: g_s = \partial \ell(y_s, z(x_s; \theta)) / \partial \theta

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            In the units that the network is given, after the scalers of a pipeline.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            The true classes.

        Returns
        -------
        array of shape (n_samples, n_weights)
            Without weights of samples and without penalties. Their mean over the rows
            is the gradient of the loss that training uses.

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        ValueError
            If `X` does not fit, or `y` has an unknown class or another length.

        See Also
        --------
        per_sample_gradient_norms : Their lengths, without building them.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from skjacobnet import JacobianMLPClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = JacobianMLPClassifier((5,), max_iter=3, tol=None, random_state=0)
        >>> model.fit(X, y).per_sample_gradients(X, y).shape
        (150, 43)
        """
        X = checked(self, X)
        gradients = np.empty((X.shape[0], self.weights_.size), self.weights_.dtype)
        for rows, at, cotangent in loss_linearizations(self, X, y):
            self.network_.sample_gradients(
                self.weights_, at, cotangent, gradients[rows]
            )
        return gradients

    def per_sample_gradient_norms(self, X, y):
        r"""Return the length of each row's gradient of the loss for all weights.

        .. math:: \|g_s\|_2 \quad \text{with} \quad
                  \|x_s \delta_s^T\|^2 = \|x_s\|^2 \, \|\delta_s\|^2

        for a linear layer with input x and cotangent :math:`\delta`, so that the
        gradients themselves are never built.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            In the units that the network is given, after the scalers of a pipeline.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            The true classes.

        Returns
        -------
        array of shape (n_samples,)

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        ValueError
            If `X` does not fit, or `y` has an unknown class or another length.

        See Also
        --------
        per_sample_gradients : The gradients.

        References
        ----------
        .. [1] I. Goodfellow, "Efficient Per-Example Gradient Computations", 2015.
           https://arxiv.org/abs/1510.01799

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from skjacobnet import JacobianMLPClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = JacobianMLPClassifier((5,), max_iter=3, tol=None, random_state=0)
        >>> model.fit(X, y).per_sample_gradient_norms(X, y).shape
        (150,)
        """
        X = checked(self, X)
        squared = np.empty(X.shape[0], self.weights_.dtype)
        for rows, at, cotangent in loss_linearizations(self, X, y):
            squared[rows] = self.network_.sample_squared_norms(
                self.weights_, at, cotangent
            )
        return np.sqrt(squared)

    def activations(self, X):
        """Return the output of every layer.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            In the units that the network is given, after the scalers of a pipeline.

        Returns
        -------
        list of array of shape (n_samples, width)
            One for each of ``network_.layers``; the last is the raw prediction.

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        ValueError
            If `X` does not fit.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from skjacobnet import JacobianMLPClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = JacobianMLPClassifier((5,), max_iter=3, tol=None, random_state=0)
        >>> [output.shape for output in model.fit(X, y).activations(X)]
        [(150, 5), (150, 5), (150, 3)]
        """
        X = checked(self, X)
        widths = self.network_.sizes[1:]
        outputs = [np.empty((X.shape[0], n), self.weights_.dtype) for n in widths]
        for rows, at in linearizations(self, X):
            for whole, block in zip(outputs, at.outputs[1:], strict=True):
                whole[rows] = block
        return outputs


def linearizations(classifier, X, n_vectors=1):
    """Linearize the network of a fitted classifier, some rows at a time.

    Parameters
    ----------
    classifier : JacobianMLPClassifier
    X : array or CSR matrix of shape (n_samples, n_features)
        Already checked.
    n_vectors : int, default=1
        How many vectors are to be carried through the network for each row; the more,
        the fewer rows.

    Yields
    ------
    rows : slice
    linearization : Linearization
    """
    network, theta = classifier.network_, classifier.weights_
    block = row_blocks(network, n_vectors, theta.itemsize)
    for rows in slices(X.shape[0], block):
        batch = cast(X[rows], theta.dtype, network.accepts_sparse)
        yield rows, network.linearize(theta, batch)


def loss_linearizations(classifier, X, y):
    """Yield what `linearizations` does, and each row's gradient of the loss for raw."""
    check_consistent_length(X, y)
    targets, loss = classifier._targets, parameters.resolve(classifier).loss
    codes = targets.codes(y)
    for rows, at in linearizations(classifier, X):
        encoded = targets.encode(codes[rows], at.value.dtype)
        yield rows, at, loss.sample_gradients(encoded, at.value, targets.link)


def with_output(classifier, linearization, output):
    """Return the operators from the input to an output of the classifier."""
    link = classifier._targets.link
    return [*linearization.operators, *link.operators(linearization.value, output)]


def n_outputs(classifier, output):
    """Return how many columns an output of the classifier has."""
    return classifier._targets.n_raw if output == "raw" else len(classifier.classes_)


def checked(classifier, X, output="raw"):
    """Return rows that fit a fitted classifier, and refuse an unknown output."""
    check_is_fitted(classifier)
    OneOf(*OUTPUTS).check(output, "output")
    return validate_data(
        classifier, X, reset=False, accept_sparse="csr", dtype="numeric"
    )
