"""The contracts of the optimizers: one step at a time, or the whole way at once."""

from abc import abstractmethod

from skjacobnet.core.component import Component


class AnyOptimizer(Component):
    """What both kinds of optimizers have in common; subclass one of the two.

    Attributes
    ----------
    default_learning_rate : float or None
        What ``learning_rate="auto"`` stands for; none where there is no learning rate.
    """

    default_learning_rate = None


class Optimizer(AnyOptimizer):
    """A rule that turns gradients into steps.

    The rule is a value. All it must remember travels in a state, a dict of arrays and
    numbers that `init` makes and `step` changes.

    Attributes
    ----------
    default_learning_rate : float
        What ``learning_rate="auto"`` stands for where the rate stays constant.
    annealing_gain : float
        How many times larger the automatic rate is where a schedule lets it fall.
    """

    default_learning_rate = 1e-3
    # Of 1, 3, 10 and 30 the best one on six tables, but for steps without momentum.
    annealing_gain = 10.0

    @abstractmethod
    def init(self, theta):
        """Return the state before the first step.

        Parameters
        ----------
        theta : array of shape (..., n_weights)
            The weights; only their shape and type count.

        Returns
        -------
        dict
        """

    @abstractmethod
    def step(self, theta, gradient, state, learning_rate, decay_mask=None):
        """Take one step: change `theta` and `state` in place.

        Parameters
        ----------
        theta : array of shape (..., n_weights)
        gradient : array of shape (..., n_weights)
            Of the objective for `theta`; left as it is.
        state : dict
        learning_rate : float, or array of shape (..., 1)
            For a stack a rate for each member. In float64 it is rounded once, as a
            number is.
        decay_mask : array of shape (n_weights,), optional
            One for weights that decay, zero for intercepts. Only rules with a weight
            decay of their own look at it; none means that all weights decay.
        """


class FullBatchOptimizer(AnyOptimizer):
    """A rule that minimizes a function of the weights that has no noise."""

    @abstractmethod
    def minimize(self, objective, theta, max_iter, tol, callback=None):
        """Minimize.

        Parameters
        ----------
        objective : callable
            ``objective(theta) -> (value, gradient)``.
        theta : array of shape (n_weights,)
            Where to start; changed in place to the best weights found.
        max_iter : int >= 1
            The most iterations.
        tol : float >= 0
            Stop when no component of the gradient is larger. 0 never stops early.
        callback : callable, optional
            ``callback(theta, value, gradient) -> bool`` after each iteration; true
            stops.

        Returns
        -------
        converged : bool
            False when `max_iter` was reached first.
        """
