"""What a fitted classifier answers."""

import numpy as np
from sklearn.utils.validation import check_is_fitted, validate_data

from skjacobnet.training.prediction import predict_raw


class PredictionMixin:
    """Predictions, and views of the weights and of the training behind them."""

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
    def coefs_(self):
        """The matrix of each linear layer, as views of `weights_`."""
        check_is_fitted(self)
        return self.network_.weights(self.weights_, "coef")

    @property
    def intercepts_(self):
        """The intercept of each linear layer, as views of `weights_`."""
        check_is_fitted(self)
        return self.network_.weights(self.weights_, "intercept")

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
        return self._targets_of_fit().decide(self._predict_raw(X))

    def predict_proba(self, X):
        """Return the probability of each class, in the order of `classes_`.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        array of shape (n_samples, n_classes) or (n_samples, n_labels)
        """
        return self._targets_of_fit().link.predict_proba(self._predict_raw(X))

    def predict_log_proba(self, X):
        """Return the logarithm of `predict_proba`, accurate where that rounds to one.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        array of shape (n_samples, n_classes) or (n_samples, n_labels)
        """
        return self._targets_of_fit().link.predict_log_proba(self._predict_raw(X))

    def _targets_of_fit(self):
        check_is_fitted(self)
        return self._targets
