"""The constant schedule."""

from skjacobnet.schedules.base import Schedule


class Constant(Schedule):
    """Constant learning rate: the factor is 1.

    See Also
    --------
    Cosine : Lowers the learning rate to zero.

    Notes
    -----
    Mini-batch gradients are noisy, so with a constant rate the weights keep moving
    around a minimum, at a distance that shrinks with the rate.

    Examples
    --------
    >>> Constant()(step=7, n_steps=10)
    1.0
    """

    depends_on_scores = False
    name = "constant"

    def __call__(self, step, n_steps, monitored=()):
        return 1.0
