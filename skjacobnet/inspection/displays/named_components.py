"""Names of the components, such as optimizers, that a display compares."""

from skjacobnet.inspection.displays.names import checked_names


def named_components(choices, family, names=None):
    """Return a name for each component, and the components, as a user chose them.

    Parameters
    ----------
    choices : str, component, or iterable of them
        Names or instances. One may stand alone.
    family : Family
        Family of components in which names are looked up.
    names : sequence of str, optional
        Names to show. By default the chosen name, or the ``repr`` of an instance.

    Raises
    ------
    TypeError
        If a choice is neither a name nor a component.
    ValueError
        If there is no choice or no such name, or `names` has another number.

    Examples
    --------
    >>> from skjacobnet.optimizers import OPTIMIZERS, SGD
    >>> named_components(["adam", SGD(momentum=0.5)], OPTIMIZERS)
    (['adam', 'SGD(momentum=0.5)'], [Adam(), SGD(momentum=0.5)])
    """
    if isinstance(choices, str):
        choices = [choices]
    try:
        choices = list(choices)
    except TypeError:
        choices = [choices]
    if not choices:
        raise ValueError(
            f"{family.kind}s must have at least one {family.kind}, got none. "
            f"Available: {', '.join(map(repr, family.names))}."
        )
    components = [family.resolve(choice) for choice in choices]
    if names is None:
        # Long ones are printed over several lines.
        names = [" ".join(str(choice).split()) for choice in choices]
    return checked_names(names, len(components), "names"), components
