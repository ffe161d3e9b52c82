"""What a fitted classifier answers."""

import numpy as np
from sklearn.utils.validation import check_is_fitted, validate_data

from skjacobnet.model.fitted import predict_raw


class PredictionMixin:
    """Predictions, and views of the weights and of the training behind them."""

    def __sklearn_is_fitted__(self):
        return hasattr(self, "weights_")

    @property
    def loss_curve_(self):
        """The objective after each epoch: loss and penalty together."""
        check_is_fitted(self)
        columns = self.history_.get("loss", []), self.history_.get("penalty", [])
        return [loss + penalty for loss, penalty in zip(*columns, strict=True)]

    @property
    def loss_(self):
        """The last value of `loss_curve_`, NaN before the first epoch has ended."""
        return self.loss_curve_[-1] if self.n_iter_ else np.nan

    @property
    def targets_(self):
        """How classes are encoded, and the link from raw predictions to them."""
        check_is_fitted(self)
        return self._targets

    @property
    def coefs_(self):
        """The matrix of each linear layer, as views of `weights_`."""
        return self._views("coef")

    @coefs_.setter
    def coefs_(self, coefs):
        self._write("coef", coefs)

    @property
    def intercepts_(self):
        """The intercept of each linear layer, as views of `weights_`."""
        return self._views("intercept")

    @intercepts_.setter
    def intercepts_(self, intercepts):
        self._write("intercept", intercepts)

    def _views(self, name):
        check_is_fitted(self)
        return self.network_.weights(self.weights_, name)

    def _write(self, name, arrays):
        """Write arrays into `weights_`, all or none."""
        views = self._views(name)
        shapes = [view.shape for view in views], [np.shape(array) for array in arrays]
        if shapes[0] != shapes[1]:
            raise ValueError(
                f"{name}s_ must have the shapes {shapes[0]}, got {shapes[1]}."
            )
        for view, array in zip(views, arrays, strict=True):
            view[...] = array

    def _predict_raw(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, accept_sparse="csr", dtype="numeric")
        return predict_raw(self.network_, self.weights_, X)

    def decision_function(self, X):
        """Return the raw prediction.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        array of shape (n_samples,) for binary problems, else (n_samples, n_raw)
        """
        raw = self._predict_raw(X)
        return raw[:, 0] if raw.shape[1] == 1 else raw

    def predict(self, X):
        """Return the most probable class of each row, or the labels that are likely.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        array of shape (n_samples,) or (n_samples, n_labels)
        """
        raw = self._predict_raw(X)
        return self._targets.decide(raw)

    def predict_proba(self, X):
        """Return the probability of each class, in the order of `classes_`.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        array of shape (n_samples, n_classes) or (n_samples, n_labels)
        """
        raw = self._predict_raw(X)
        return self._targets.link.predict_proba(raw)

    def predict_log_proba(self, X):
        """Return the logarithm of `predict_proba`, accurate where that rounds to one.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        array of shape (n_samples, n_classes) or (n_samples, n_labels)
        """
        raw = self._predict_raw(X)
        return self._targets.link.predict_log_proba(raw)
