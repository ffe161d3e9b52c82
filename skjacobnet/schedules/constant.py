"""A constant learning rate."""

from skjacobnet.schedules.base import Schedule


class Constant(Schedule):
    """Leave the learning rate as it is: the factor is 1.

    See Also
    --------
    Cosine : Lowers the learning rate to zero.

    Notes
    -----
    Mini-batch gradients are noisy, so with a constant rate the weights end up moving
    about a minimum at a distance that shrinks with the rate.

    Examples
    --------
    >>> Constant()(step=7, n_steps=10)
    1.0
    """

    depends_on_scores = False
    name = "constant"

    def __call__(self, step, n_steps, monitored=()):
        return 1.0
