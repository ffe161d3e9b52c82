r"""The objective of training: loss plus penalties, and its gradient."""

from collections import defaultdict

import numpy as np

from skjacobnet.accumulation import cotangents, tangents
from skjacobnet.core.workspace import Workspace
from skjacobnet.network.workspace import NetworkWorkspace
from skjacobnet.regularizers import (
    ActivationRegularizer,
    JacobianRegularizer,
    PredictionRegularizer,
    WeightRegularizer,
)


class Objective:
    r"""Objective of a batch of n rows as a function of the weights.

    .. math:: F(\theta) = \frac{1}{n} \sum_s w_s\, \ell(y_s, z_s) + \sum_r \lambda_r P_r

    Each kind of penalty enters the reverse pass at its place: one on predictions adds
    to the cotangent of the raw prediction, one on activations to the cotangent of that
    activation, one on weights to the gradient. One on the Jacobian adds to all three,
    so a second reverse pass is not needed.

    Parameters
    ----------
    network : Network
    loss : Loss
    link : Link
    regularizers : sequence of Regularizer

    Notes
    -----
    It holds the buffers of a run and must not be shared between threads.
    """

    def __init__(self, network, loss, link, regularizers=()):
        self.network = network
        self.loss = loss
        self.link = link
        self.on_weights = _of_kind(WeightRegularizer, regularizers)
        self.on_activations = _of_kind(ActivationRegularizer, regularizers)
        self.on_predictions = _of_kind(PredictionRegularizer, regularizers)
        self.on_jacobian = _of_kind(JacobianRegularizer, regularizers)
        self._workspace = NetworkWorkspace(network)
        # One for each batch size.
        self._batch_workspaces = defaultdict(Workspace)
        self._terms = Workspace()
        self._gradient = None

    def __call__(self, theta, X, y, sample_weight=None, rng=None):
        """Evaluate a batch.

        Parameters
        ----------
        theta : array of shape (n_weights,)
        X : array or CSR matrix of shape (n_samples, n_features)
        y : array of shape (n_samples, n_raw)
            Encoded targets.
        sample_weight : array of shape (n_samples,), optional
        rng : numpy.random.Generator, optional
            Generator for layers and penalties that draw random numbers.

        Returns
        -------
        loss, penalty : float
        gradient : array of shape (n_weights,)
            Overwritten by the next call.
        """
        if self._gradient is None:
            self._gradient = np.empty_like(theta)
        at = self.network.linearize(theta, X, rng, self._workspace)
        raw = at.value
        workspace = self._batch_workspaces[raw.shape[0]]
        loss, cotangent = self.loss.value_and_gradient(
            y, raw, sample_weight, self.link, workspace=workspace
        )
        penalty = 0.0
        for regularizer in self.on_predictions:
            penalty += regularizer.value(raw, sample_weight, self.link)
            cotangent += regularizer.cotangent(raw, sample_weight, self.link)
        added, direct = {}, []
        if self.on_activations:
            penalty += self._activation_terms(
                at.outputs, sample_weight, added, workspace
            )
        for regularizer in self.on_jacobian:
            value, gradients = self._jacobian_term(
                regularizer, theta, at, y, sample_weight, rng, added
            )
            penalty += value
            direct.append(gradients)
        gradient = self.network.gradient(theta, at, cotangent, added, self._gradient)
        for gradients in direct:
            self._add_to(gradient, gradients)
        if self.on_weights:
            penalty += self._add_weight_terms(at.layers, gradient)
        return loss, penalty, gradient

    def _activation_terms(self, outputs, sample_weight, added, workspace):
        penalty = 0.0
        for index in self.network.activation_indices:
            activation = outputs[index + 1]
            for place, regularizer in enumerate(self.on_activations):
                name = "activation", index, place
                value, cotangent = regularizer.value_and_cotangent(
                    activation,
                    sample_weight,
                    workspace.array(name, activation.shape, activation.dtype),
                )
                penalty += value
                if place == 0:
                    added[index] = cotangent
                else:
                    added[index] += cotangent
        return penalty

    def _jacobian_term(self, regularizer, theta, at, y, sample_weight, rng, added):
        """Add a Jacobian penalty to the cotangents; return it and its gradients."""
        target = at.value, y, self.loss, self.link
        probes = regularizer.probes(*target, rng)
        *received, pullback = cotangents(at.operators, probes)
        carried = tangents(at.operators, regularizer.tangent(pullback, sample_weight))
        hidden, gradients = self.network.second_gradient(at, carried, received[::-1])
        for index, cotangent in hidden.items():
            _add(added, index, cotangent)
        if regularizer.probes_depend_on_raw:
            cotangent = regularizer.probes_vjp(*target, next(carried))
            _add(added, len(self.network.layers) - 1, cotangent)
        return regularizer.value(pullback, sample_weight), gradients

    def _add_to(self, gradient, terms):
        """Add gradients for weights, layer by layer, to a vector."""
        for views, layer_terms in zip(
            self._workspace.split(gradient), terms, strict=True
        ):
            for name, term in layer_terms.items():
                views[name] += term

    def _add_weight_terms(self, layers, gradient):
        penalty = 0.0
        views = self._workspace.split(gradient)
        for index, (at, gradients) in enumerate(zip(layers, views, strict=True)):
            for name in at.layer.penalized:
                coef = at.weights[name]
                term = self._terms.array((index, name), coef.shape, coef.dtype)
                for regularizer in self.on_weights:
                    value, own_gradient = regularizer.value_and_gradient(coef, term)
                    penalty += value
                    gradients[name] += own_gradient
        return penalty


def _add(added, index, cotangent):
    added[index] = added[index] + cotangent if index in added else cotangent


def _of_kind(kind, regularizers):
    return [part for part in regularizers if isinstance(part, kind)]
