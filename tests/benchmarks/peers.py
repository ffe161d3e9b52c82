"""The same training with each library: ReLU, Adam, cross-entropy, mini-batches.

Each peer is a class. ``Peer(net, dtype)`` prepares what is not timed; ``fit(X, y,
n_epochs)`` is what is timed, a whole training from weights that it draws itself, on
rows that it shuffles itself; ``losses(X, y, n_epochs, coefs, intercepts)`` trains from
given weights on the rows in their order and returns the mean loss of each epoch, to
show that all do the same work. ``predictor(X, y, coefs, intercepts)`` returns the
function of X that gives the probabilities of several classes with these weights; it
may learn the classes from the rows.
"""

import importlib.util
import itertools
import warnings

import numpy as np
from nets import plain
from sklearn.neural_network import MLPClassifier

from skjacobnet import JacobianMLPClassifier

LEARNING_RATE = 1e-3


def installed(name):
    """Whether a package can be imported."""
    return importlib.util.find_spec(name) is not None


class Here:
    """This package."""

    name = "skjacobnet"

    def __init__(self, net, dtype):
        self.parameters = {
            "hidden": net.hidden,
            "batch_size": net.batch_size,
            "learning_rate": LEARNING_RATE,
            "random_state": 0,
        }

    def fit(self, X, y, n_epochs):
        self._network(max_iter=n_epochs).fit(X, y)

    def losses(self, X, y, n_epochs, coefs, intercepts):
        model = self._model(X, y, coefs, intercepts)
        model.set_params(
            batch_size=self.parameters["batch_size"],
            max_iter=n_epochs,
            warm_start=True,
        )
        return model.fit(X, y).loss_curve_[-n_epochs:]

    def predictor(self, X, y, coefs, intercepts):
        return self._model(X, y, coefs, intercepts).predict_proba

    def _network(self, **parameters):
        return plain(JacobianMLPClassifier, **self.parameters, **parameters)

    def _model(self, X, y, coefs, intercepts):
        model = self._network(max_iter=1, shuffle=False)
        model.set_params(batch_size=len(X)).fit(X, y)
        model.coefs_, model.intercepts_ = coefs, intercepts
        return model


class Sklearn:
    """MLPClassifier."""

    name = "MLPClassifier"

    def __init__(self, net, dtype):
        self.parameters = {
            "hidden_layer_sizes": net.hidden,
            "batch_size": net.batch_size,
            "learning_rate_init": LEARNING_RATE,
            "alpha": 0.0,
            "tol": 0.0,
            "n_iter_no_change": 10**6,
            "random_state": 0,
        }

    def fit(self, X, y, n_epochs):
        MLPClassifier(**self.parameters, max_iter=n_epochs).fit(X, y)

    def losses(self, X, y, n_epochs, coefs, intercepts):
        model = self._model(X, y, coefs, intercepts)
        model.set_params(max_iter=n_epochs, warm_start=True, shuffle=False)
        return model.fit(X, y).loss_curve_[-n_epochs:]

    def predictor(self, X, y, coefs, intercepts):
        return self._model(X, y, coefs, intercepts).predict_proba

    def _model(self, X, y, coefs, intercepts):
        model = MLPClassifier(**self.parameters, max_iter=1).fit(X, y)
        model.coefs_ = [coef.copy() for coef in coefs]
        model.intercepts_ = [intercept.copy() for intercept in intercepts]
        return model


class Torch:
    """PyTorch, eager, its default Adam; tensors in memory."""

    name = "PyTorch"
    fused = None
    compiled = False

    def __init__(self, net, dtype):
        import torch

        self.torch, self.net = torch, net
        self.dtype = getattr(torch, np.dtype(dtype).name)
        self.binary = net.sizes[-1] == 2
        self.kept = self._module() if self.compiled else None

    def _module(self):
        nn, sizes = self.torch.nn, list(self.net.sizes)
        if self.binary:
            sizes[-1] = 1  # as the others do: one raw prediction for two classes
        layers = []
        for n_in, n_out in itertools.pairwise(sizes):
            layers += [nn.Linear(n_in, n_out, dtype=self.dtype), nn.ReLU()]
        module = nn.Sequential(*layers[:-1])
        return self.torch.compile(module) if self.compiled else module

    def _train(self, module, X, y, n_epochs, shuffle):
        torch, functional = self.torch, self.torch.nn.functional
        X = torch.from_numpy(X)
        y = torch.from_numpy(y.astype(X.numpy().dtype) if self.binary else y)
        loss_of = (
            functional.binary_cross_entropy_with_logits
            if self.binary
            else functional.cross_entropy
        )
        optimizer = torch.optim.Adam(
            module.parameters(), lr=LEARNING_RATE, fused=self.fused
        )
        losses, size = [], self.net.batch_size
        for _ in range(n_epochs):
            order = torch.randperm(len(X)) if shuffle else torch.arange(len(X))
            total = torch.zeros((), dtype=self.dtype)
            for start in range(0, len(X), size):
                rows = order[start : start + size]
                optimizer.zero_grad()
                raw = module(X[rows])
                loss = loss_of(raw[:, 0] if self.binary else raw, y[rows])
                loss.backward()
                optimizer.step()
                total += loss.detach() * len(rows)
            losses.append(float(total) / len(X))
        return losses

    def fit(self, X, y, n_epochs):
        self._train(self.kept or self._module(), X, y, n_epochs, shuffle=True)

    def losses(self, X, y, n_epochs, coefs, intercepts):
        module = self._module_of(coefs, intercepts)
        return self._train(module, X, y, n_epochs, shuffle=False)

    def predictor(self, X, y, coefs, intercepts):
        module = self._module_of(coefs, intercepts)

        def predict_proba(X):
            with self.torch.inference_mode():
                return module(self.torch.from_numpy(X)).softmax(dim=1).numpy()

        return predict_proba

    def _module_of(self, coefs, intercepts):
        module = self._module()
        tensors = [
            self.torch.from_numpy(array)
            for pair in zip(coefs, intercepts, strict=True)
            for array in (pair[0].T, pair[1])
        ]
        with self.torch.no_grad():
            for parameter, value in zip(module.parameters(), tensors, strict=True):
                parameter.copy_(value)
        return module


class FusedTorch(Torch):
    """PyTorch with its fused Adam."""

    name = "PyTorch, fused Adam"
    fused = True


class CompiledTorch(Torch):
    """PyTorch with the module compiled; the time to compile does not count."""

    name = "PyTorch, compiled"
    fused = True
    compiled = True

    def __init__(self, net, dtype):
        super().__init__(net, dtype)
        self.torch.compiler.reset()  # what was compiled for other nets


class Skorch(Torch):
    """skorch, without callbacks."""

    name = "skorch"

    def fit(self, X, y, n_epochs):
        self._net(self._module(), n_epochs).fit(X, self._targets(X, y))

    def losses(self, X, y, n_epochs, coefs, intercepts):
        module = self._module_of(coefs, intercepts)
        net = self._net(module, n_epochs, shuffle=False).fit(X, self._targets(X, y))
        return [
            np.average(
                [batch["train_loss"] for batch in epoch["batches"]],
                weights=[batch["train_batch_size"] for batch in epoch["batches"]],
            )
            for epoch in net.history
        ]

    def predictor(self, X, y, coefs, intercepts):
        net = self._net(self._module_of(coefs, intercepts), 1)
        # Those for training would be a hundred times slower.
        net.set_params(iterator_valid__batch_size=10_000)
        return net.initialize().predict_proba

    def _targets(self, X, y):
        return y.astype(X.dtype) if self.binary else y

    def _net(self, module, n_epochs, shuffle=True):
        from skorch import NeuralNetBinaryClassifier, NeuralNetClassifier

        kind = NeuralNetBinaryClassifier if self.binary else NeuralNetClassifier
        criterion = {} if self.binary else {"criterion": self.torch.nn.CrossEntropyLoss}
        return kind(
            module,
            **criterion,
            optimizer=self.torch.optim.Adam,
            lr=LEARNING_RATE,
            batch_size=self.net.batch_size,
            max_epochs=n_epochs,
            iterator_train__shuffle=shuffle,
            train_split=None,
            callbacks="disable",
        )


class Jax:
    """JAX, a whole epoch jitted; the time to compile does not count."""

    name = "JAX, jitted epoch"

    def __init__(self, net, dtype):
        import jax

        jax.config.update("jax_enable_x64", np.dtype(dtype).itemsize == 8)
        self.jax, self.net, self.dtype = jax, net, dtype
        self.binary = net.sizes[-1] == 2
        self.epoch = jax.jit(self._epoch)

    def _raw(self, weights, X):
        for coef, intercept in weights[:-1]:
            X = self.jax.nn.relu(X @ coef + intercept)
        return X @ weights[-1][0] + weights[-1][1]

    def _loss(self, weights, X, y):
        jax, jnp = self.jax, self.jax.numpy
        raw = self._raw(weights, X)
        if self.binary:
            return jnp.mean(jnp.logaddexp(0.0, raw[:, 0]) - y * raw[:, 0])
        picked = jnp.take_along_axis(jax.nn.log_softmax(raw), y[:, None], axis=1)
        return -jnp.mean(picked)

    def _epoch(self, state, X, y, order):
        jax, jnp = self.jax, self.jax.numpy
        size = self.net.batch_size
        n_whole = len(X) // size

        def step(state, rows):
            weights, first, second, t = state
            loss, gradient = jax.value_and_grad(self._loss)(weights, X[rows], y[rows])
            t += 1.0
            first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
            second = jax.tree.map(
                lambda v, g: 0.999 * v + 0.001 * g * g, second, gradient
            )
            rate = LEARNING_RATE / (1.0 - 0.9**t)
            root = jnp.sqrt(1.0 - 0.999**t)
            weights = jax.tree.map(
                lambda w, m, v: w - rate * m / (jnp.sqrt(v) / root + 1e-8),
                weights,
                first,
                second,
            )
            return (weights, first, second, t), loss * len(rows)

        batches = order[: n_whole * size].reshape(n_whole, size)
        state, losses = jax.lax.scan(step, state, batches)
        total = losses.sum()
        if n_whole * size < len(X):
            state, loss = step(state, order[n_whole * size :])
            total += loss
        return state, total / len(X)

    def _train(self, weights, X, y, n_epochs, rng):
        jnp = self.jax.numpy
        zeros = self.jax.tree.map(jnp.zeros_like, weights)
        state = weights, zeros, zeros, jnp.zeros((), self.dtype)
        X, y, losses = jnp.asarray(X), jnp.asarray(y), []
        for _ in range(n_epochs):
            order = np.arange(len(X)) if rng is None else rng.permutation(len(X))
            state, loss = self.epoch(state, X, y, order)
            losses.append(float(loss))
        return losses

    def fit(self, X, y, n_epochs):
        rng = np.random.default_rng(0)
        sizes = [*self.net.sizes[:-1], 1] if self.binary else self.net.sizes
        weights = [
            (
                rng.normal(scale=n_in**-0.5, size=(n_in, n_out)).astype(self.dtype),
                np.zeros(n_out, self.dtype),
            )
            for n_in, n_out in itertools.pairwise(sizes)
        ]
        self._train(weights, X, y, n_epochs, rng)

    def losses(self, X, y, n_epochs, coefs, intercepts):
        return self._train(
            list(zip(coefs, intercepts, strict=True)), X, y, n_epochs, None
        )

    def predictor(self, X, y, coefs, intercepts):
        weights = list(zip(coefs, intercepts, strict=True))
        proba = self.jax.jit(lambda X: self.jax.nn.softmax(self._raw(weights, X)))
        return lambda X: np.asarray(proba(X))


def peers_for(net, dtype, compiled=True):
    """Return the peers that are installed and can do this."""
    kinds = [Here, Sklearn]
    if installed("torch"):
        kinds += [Torch, FusedTorch]
        if compiled:
            kinds.append(CompiledTorch)
        if installed("skorch"):
            kinds.append(Skorch)
    if installed("jax"):
        kinds.append(Jax)
    warnings.simplefilter("ignore")
    return [kind(net, dtype) for kind in kinds]
