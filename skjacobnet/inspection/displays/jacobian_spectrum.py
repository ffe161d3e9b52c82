"""Jacobian spectrum: singular values of every layer and of the whole network."""

import numpy as np

from skjacobnet.inspection.displays.depth import layer_names, name_layers
from skjacobnet.inspection.displays.drawing import (
    COLORS,
    figure_and_axes,
    legend_above,
    log_ticks,
)
from skjacobnet.inspection.displays.names import checked_names
from skjacobnet.inspection.displays.replacing import replacing
from skjacobnet.inspection.pipelines import steps_and_network
from skjacobnet.inspection.singular_values import jacobian_spectrum

# Statistics of the singular values of one row, and their markers.
STATISTICS = {
    "largest": (lambda values: values[:, 0], "^"),
    "median": (lambda values: np.median(values, axis=1), "o"),
    "smallest": (lambda values: values[:, -1], "s"),
}

ZERO = {"marker": "v", "markerfacecolor": "none", "linestyle": ""}


class JacobianSpectrumDisplay:
    """Singular values of the Jacobians, layer by layer and end to end.

    A marker is at the median over rows, and a bar goes over all rows. The scale is
    logarithmic: values of zero are at the bottom, as open triangles. Values that are
    zero up to rounding count as zero, as in `numpy.linalg.matrix_rank`.

    Make one with `from_estimator`; the constructor takes the numbers themselves.

    Parameters
    ----------
    layers : sequence of array-like of shape (n_samples, n_values)
        Singular values of each layer, the largest first, as `jacobian_spectrum` returns
        them.
    whole : array-like of shape (n_samples, n_values)
        Singular values of the whole network.
    layer_names : sequence of str, optional
        Names of the layers. By default they are numbered.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the plot.
    figure_ : matplotlib Figure
        Figure of the plot.

    See Also
    --------
    skjacobnet.inspection.jacobian_spectrum : Computation of the numbers.

    Notes
    -----
    Where the largest values of many layers are below one, gradients vanish on their way
    back; where they are above one, they may explode. A ReLU has values of one for the
    units that are on and of zero for those that are off. After a scaler "end to end" is
    in the units of the scaler's input, and the layers are not.

    References
    ----------
    .. [1] J. Pennington, S. Schoenholz and S. Ganguli, "Resurrecting the sigmoid in
       deep learning through dynamical isometry: theory and practice", NeurIPS 2017.
       https://arxiv.org/abs/1711.04735

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skjacobnet import JacobianMLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = JacobianMLPClassifier((5,), encoding=None, calibration=None, max_iter=4)
    >>> display = JacobianSpectrumDisplay.from_estimator(model.fit(X, y), X)
    >>> display.layer_names
    ['1 Linear(4 -> 5)', '2 ReLU', '3 Linear(5 -> 3)']
    """

    def __init__(self, layers, whole, *, layer_names=None):
        self.layers = layers
        self.whole = whole
        self.layer_names = layer_names

    @classmethod
    def from_estimator(cls, estimator, X, *, ax=None):
        """Compute the singular values at some rows and draw them.

        Parameters
        ----------
        estimator : JacobianMLPClassifier, JacobianMLPRegressor or Pipeline
            Fitted estimator. The steps before the network must be affine, such as
            scalers and PCA.
        X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
            Rows, as passed to the pipeline.
        ax : matplotlib Axes, optional
            Axes to draw on. By default a new figure is made.

        Returns
        -------
        JacobianSpectrumDisplay

        Raises
        ------
        TypeError
            If `estimator` is none of them, or a step before the network is not affine.
        ValueError
            If `X` does not fit.
        NotFittedError
            If `estimator` is not fitted.
        ImportError
            If matplotlib is not installed.
        """
        _, fitted = steps_and_network(estimator)
        layers, whole = jacobian_spectrum(estimator, X)
        names = layer_names(fitted.network_)
        return cls(layers, whole, layer_names=names).plot(ax=ax)

    @replacing
    def plot(self, *, ax=None):
        """Draw the singular values, in place of earlier ones on the same Axes.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Axes to draw on. By default a new figure is made.

        Returns
        -------
        JacobianSpectrumDisplay
            This display.

        Raises
        ------
        ValueError
            If there are not as many names as layers.
        ImportError
            If matplotlib is not installed.
        """
        n_layers = len(self.layers)
        names = checked_names(self.layer_names, n_layers, "layer_names")
        self.figure_, self.ax_ = figure_and_axes(self, ax)
        self.ax_.set_yscale("log")
        self.ax_.axhline(1.0, color="0.7", linewidth=0.8, zorder=0)
        self.ax_.axvline(n_layers - 0.5, color="0.7", linewidth=0.8, zorder=0)
        spectra = [without_rounding(values) for values in [*self.layers, self.whole]]
        places = np.arange(n_layers + 1)
        for shift, color, (label, (statistic, marker)) in zip(
            (-0.2, 0.0, 0.2), COLORS, STATISTICS.items(), strict=False
        ):
            rows = [statistic(values) for values in spectra]
            self._draw(places + shift, rows, color=color, marker=marker, label=label)
        # The last ones drawn are the smallest.
        if any(np.median(values) == 0.0 for values in rows):
            self.ax_.plot([], [], color="0.3", label="zero", **ZERO)
        self.ax_.margins(y=0.1)
        log_ticks(self.ax_.yaxis)
        name_layers(self.ax_, [*names, "end to end"])
        self.ax_.set(
            xlim=(-0.5, n_layers + 0.5), xlabel="layer", ylabel="singular value"
        )
        legend_above(self.ax_)
        return self

    def _draw(self, places, rows, color, marker, label):
        """Draw the median and the range of one statistic over the rows."""
        middle = np.array([np.median(values) for values in rows])
        low, high = (np.array([f(values) for values in rows]) for f in (np.min, np.max))
        positive = middle > 0.0
        self.ax_.vlines(places, low, high, color=color, alpha=0.4, linewidth=3)
        self.ax_.plot(
            places[positive],
            middle[positive],
            color=color,
            marker=marker,
            linestyle="",
            label=label,
        )
        self.ax_.plot(
            places[~positive],
            np.full((~positive).sum(), 0.02),
            color=color,
            **ZERO,
            transform=self.ax_.get_xaxis_transform(),
        )


def without_rounding(values):
    """Return singular values of rows, with zero for those that are only rounding.

    Examples
    --------
    >>> without_rounding([[3.0, 0.5, 1e-17]])
    array([[3. , 0.5, 0. ]])
    """
    values = np.asarray(values)
    dtype = values.dtype if values.dtype.kind == "f" else float
    rounding = values.shape[1] * np.finfo(dtype).eps * values[:, :1]
    return np.where(values > rounding, values, 0.0)
