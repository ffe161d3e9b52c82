"""Averages of several fitted networks, which are networks themselves."""

from dataclasses import replace

import numpy as np

from skjacobnet.layers import Average, Parallel, Rescale, Sequential
from skjacobnet.network import Network


def average_of(models):
    r"""Return the model whose prediction is the mean of several models' predictions.

    .. math:: \mu(z(x)) = \frac{1}{M} \sum_m \mu(z_m(x))

    for raw predictions z and the link :math:`\mu`. The average is over probabilities,
    numbers, sorted quantiles, or normal distributions, whose mixture has a mean and a
    standard deviation.

    Parameters
    ----------
    models : sequence of FittedModel
        Members, at least one. They must share the encodings, the columns of the table,
        the task, the loss, the regularizers and the dtype of the weights; layers may
        differ.

    Returns
    -------
    FittedModel
        Its network has the shared encodings; then `Parallel`, in which each member has
        a sequence of its trained layers, and a `Rescale` if it was calibrated; then
        `Average`, and the last `Rescale` of the task. Its weights are those of the
        members, one after another. The average of a single model is that model.

    Raises
    ------
    ValueError
        If there is no model, the models differ in a shared property, or one of several
        is an average itself.
    NotImplementedError
        If a custom link of the loss cannot average.

    See Also
    --------
    members_of : Returns the members.

    Notes
    -----
    Derivatives are exact: derivatives of predictions are the means of those of the
    members. The loss is that of the average, so its gradient differs from the gradients
    in training of the members.

    References
    ----------
    .. [1] B. Lakshminarayanan, A. Pritzel and C. Blundell, "Simple and Scalable
       Predictive Uncertainty Estimation using Deep Ensembles", NeurIPS 2017.
       https://arxiv.org/abs/1612.01474

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skjacobnet import JacobianMLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> fits = [
    ...     JacobianMLPClassifier((5,), max_iter=3, random_state=seed).fit(X, y)
    ...     for seed in range(2)
    ... ]
    >>> model = average_of([fit.model_ for fit in fits])
    >>> proba = model.link.predict_proba(model.raw(X))
    >>> mean = sum(fit.predict_proba(X) for fit in fits) / 2
    >>> bool(np.allclose(proba, mean, rtol=1e-12))
    True
    """
    models = list(models)
    if not models:
        raise ValueError("models must hold at least one model, got none.")
    first, *others = models
    for number, model in enumerate(others, 1):
        _check_alike(first, model, number)
    if not others:
        return first
    if any(map(is_average, models)):
        raise ValueError("models must be single networks, but one is an average.")
    # Raises the error of a link without average.
    first.link.average(np.zeros((1, len(models), first.task.n_raw)))
    networks = [_calibrated(model) for model in models]
    side_by_side = Network(
        [
            Parallel([Sequential(network.layers) for network in networks]),
            Average(first.link, len(models)),
        ],
        networks[0].sizes[0],
        np.concatenate([network.statistics for network in networks]),
    )
    network = _encoder(first).joined(side_by_side)
    statistics = first.task.rescaling()
    if statistics is not None:
        network = network.followed_by([Rescale()], [statistics])
    weights = np.concatenate([model.weights for model in models])
    calibration = _mean_calibration(models)
    return replace(first, network=network, weights=weights, calibration=calibration)


def members_of(model):
    """Return the members of an average.

    Parameters
    ----------
    model : FittedModel

    Returns
    -------
    list of FittedModel
        Models passed to `average_of`, with views of the weights; for a single network
        `model` itself.

    See Also
    --------
    average_of : Averages models.

    Examples
    --------
    >>> from skjacobnet import JacobianMLPRegressor
    >>> model = JacobianMLPRegressor((2,), max_iter=1)
    >>> model = model.fit([[0.0], [1.0]], [3.0, 4.0]).model_
    >>> members_of(model) == [model]
    True
    >>> len(members_of(average_of([model, model])))
    2
    """
    if not is_average(model):
        return [model]
    encoder, trained = _encoder(model), model.trained
    sequences, width = trained.layers[0].inner_layers, trained.sizes[0]
    statistics, weights, members = trained.statistics, model.weights, []
    for sequence in sequences:
        n_statistics = Network(sequence.layers, width).statistics.size
        network = Network(sequence.layers, width, statistics[:n_statistics])
        n_weights = network.n_weights
        members.append(_member(model, encoder, network, weights[:n_weights]))
        statistics, weights = statistics[n_statistics:], weights[n_weights:]
    return members


def is_average(model):
    """Tell whether a model is the average of several.

    Parameters
    ----------
    model : FittedModel

    Returns
    -------
    bool
    """
    return any(isinstance(layer, Average) for layer in model.network.layers)


def _check_alike(first, other, number):
    """Check that two models share what an average needs.

    Raises
    ------
    ValueError
        If they do not; the message names the first difference.
    """
    encoders = _encoder(first), _encoder(other)
    same = {
        "task": first.task.same_as(other.task)
        and _same_arrays(first.task.rescaling(), other.task.rescaling()),
        "loss": _same_parts([first.loss], [other.loss]),
        "regularizers": _same_parts(first.regularizers, other.regularizers),
        "columns": first.network.sizes[0] == other.network.sizes[0]
        and _same_columns(first.columns, other.columns),
        "encodings": _same_parts(*(encoder.layers for encoder in encoders))
        and np.array_equal(*(encoder.statistics for encoder in encoders)),
        "type of weights": first.dtype == other.dtype,
    }
    for what, is_same in same.items():
        if not is_same:
            raise ValueError(
                f"models[{number}] differs from models[0] in its {what}. Average "
                "models fitted to one table with the same parameters."
            )


def _same_arrays(first, other):
    """Whether two dicts of arrays, or nothing, are equal."""
    if first is None or other is None:
        return first is other
    return first.keys() == other.keys() and all(
        np.array_equal(array, other[name]) for name, array in first.items()
    )


def _same_parts(first, other):
    return len(first) == len(other) and all(
        part is twin or part.same_as(twin)
        for part, twin in zip(first, other, strict=True)
    )


def _same_columns(first, other):
    if first is None or other is None:
        return first is other
    return vars(first) == vars(other)


def _encoder(model):
    """Return the network of the encodings only."""
    return model.network.part(0, model.network.n_encodings)


def _calibrated(model):
    """Return the trained network, with a last `Rescale` if it was calibrated."""
    if model.calibration is None:
        return model.trained
    return model.trained.followed_by([Rescale()], [model.calibration])


def _mean_calibration(models):
    """Return the means of the members' calibrations, None if there are none."""
    n_raw = models[0].task.n_raw
    neutral = Rescale().neutral_statistics(n_raw)
    found = [model.calibration for model in models]
    if all(calibration is None for calibration in found):
        return None
    found = [neutral if calibration is None else calibration for calibration in found]
    return {name: np.mean([own[name] for own in found], axis=0) for name in neutral}


def _member(average, encoder, network, weights):
    """Return one member of an average.

    Parameters
    ----------
    average : FittedModel
    encoder : Network
    network : Network
        As from `_calibrated`.
    weights : array of shape (n_weights,)
    """
    rescaling, calibration = average.task.rescaling(), None
    if isinstance(network.layers[-1], Rescale):
        last = len(network.layers) - 1
        numbers = np.split(network.part(last, last + 1).statistics, 2)
        calibration = dict(zip(Rescale.statistics, numbers, strict=True))
        network = network.part(0, last)
        if rescaling is None:
            rescaling = calibration
        else:
            shift = rescaling["shift"] + rescaling["factor"] * calibration["shift"]
            factor = rescaling["factor"] * calibration["factor"]
            rescaling = {"factor": factor, "shift": shift}
    network = encoder.joined(network)
    if rescaling is not None:
        network = network.followed_by([Rescale()], [rescaling])
    return replace(average, network=network, weights=weights, calibration=calibration)
