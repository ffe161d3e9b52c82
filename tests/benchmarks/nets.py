"""The networks that are timed, and tables of the right size for them."""

from dataclasses import dataclass
from inspect import signature

import numpy as np
from sklearn.datasets import load_digits

# Nothing is encoded, smoothed, annealed, decayed or calibrated.
PLAIN = {
    "encoding": None,
    "initializer": "glorot_uniform",
    "schedule": "constant",
    "total_weight_decay": 0.0,
    "batch_size": 200,
    "tol": None,
    "calibration": None,
}


def plain(kind, hidden=(100,), **parameters):
    """Return a network without what its defaults add, the same at every commit.

    Parameters
    ----------
    kind : type
        ``JacobianMLPClassifier`` or ``JacobianMLPRegressor``, of this commit or of
        another one, which may lack some of the parameters.
    hidden : sequence of int
        Widths of the hidden layers.
    **parameters : object
        Others, and those that are not to be plain.
    """
    known = signature(kind).parameters
    loss = "cross_entropy" if "class_weight" in known else "squared_error"
    chosen = {name: value for name, value in PLAIN.items() if name in known}
    return kind(**{"hidden_layer_sizes": hidden, "loss": loss, **chosen, **parameters})


@dataclass(frozen=True)
class Net:
    """A network, the size of its table and how it is trained."""

    sizes: tuple
    n_rows: int
    batch_size: int
    n_epochs: int
    n_rounds: int

    def __str__(self):
        sizes = "-".join(map(str, self.sizes))
        return f"{sizes}, {self.n_rows:,} rows, batch {self.batch_size}"

    @property
    def hidden(self):
        """Widths of the hidden layers."""
        return self.sizes[1:-1]

    def table(self, dtype):
        """Return X and y: the digits where they fit, else numbers drawn at random."""
        n_features, n_classes = self.sizes[0], self.sizes[-1]
        if (self.n_rows, n_features, n_classes) == (1797, 64, 10):
            X, y = load_digits(return_X_y=True)
            return (X / 16.0).astype(dtype), y
        rng = np.random.default_rng(0)
        X = rng.random((self.n_rows, n_features))
        # Classes that can be learned, so that gradients are those of real training.
        y = np.argmax((X - 0.5) @ rng.standard_normal((n_features, n_classes)), axis=1)
        return X.astype(dtype), y


NETS = [
    Net((64, 30, 10), 1797, 4, 4, 7),
    Net((64, 100, 10), 1797, 32, 10, 9),
    Net((64, 100, 10), 1797, 200, 20, 9),
    Net((30, 64, 64, 2), 5000, 32, 5, 7),
    Net((784, 256, 128, 10), 20000, 128, 1, 5),
    Net((784, 1024, 1024, 10), 20000, 256, 1, 3),
]
