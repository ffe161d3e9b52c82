"""Base class of parts, with names and checked arguments, and families of parts."""

import inspect
from difflib import get_close_matches

from sklearn.base import BaseEstimator


class Component(BaseEstimator):
    """Base class of parts that are chosen by name or given as an instance.

    A part is immutable: it stores only its constructor arguments, and no method changes
    it. ``get_params``, ``set_params``, ``clone`` and ``repr`` are those of
    scikit-learn.

    Attributes
    ----------
    name : str
        Name of the part with its default arguments.
    aliases : dict of str to dict
        Further names, each with its arguments.
    constraints : dict of str to Interval or OneOf
        Allowed values of each argument.
    member_numbers : tuple of str
        Arguments that may be an array (n_members,), with a number for each of the
        networks trained side by side. Applies to the declaring class only, not to its
        subclasses; see ``skjacobnet.core.numbers``.
    stackable : bool
        Whether networks with this part may be trained side by side. The results of each
        network must then be bit-identical to those it has alone.
    """

    name = None
    aliases = {}
    constraints = {}
    member_numbers = ()
    stackable = True

    def same_as(self, other):
        """Whether another object is the same part with the same arguments."""
        return type(other) is type(self) and other.get_params() == self.get_params()

    def _keeps(self, base, *methods):
        """Whether this part inherits these methods unchanged from `base`.

        If a subclass overrides one, fused computations must call the methods instead.
        """
        kind = type(self)
        # Called in each step: without the first case it takes a microsecond of the 29
        # of a step of 64-30-10 in batches of 4.
        return kind is base or all(
            getattr(kind, name) is getattr(base, name) for name in methods
        )

    def validate(self):
        """Check the arguments.

        Raises
        ------
        TypeError, ValueError
            If an argument has a wrong type or is out of its range.
        """
        for parameter, constraint in self.constraints.items():
            label = f"{type(self).__name__}: {parameter}"
            constraint.check(getattr(self, parameter), label)


class Family:
    """Family: all parts of one kind, by name.

    Parameters
    ----------
    kind : str
        Name of a part of the family in messages, such as ``"optimizer"``.
    base : type
        Base class of all parts of the family.
    namespace : dict
        Namespace of a module; its concrete subclasses of `base` are the family.
    elsewhere : dict of str to str, optional
        Names in other libraries, in lower case, with the names here. The error for such
        a name suggests the name here.
    without : type, optional
        Subclass of `base` whose subclasses form another family.

    Raises
    ------
    ValueError
        If two classes have the same name.
    """

    def __init__(self, kind, base, namespace, elsewhere=None, without=None):
        self.kind = kind
        self.base = base
        self.elsewhere = elsewhere or {}
        self.without = without
        self.classes = tuple(
            part
            for part in namespace.values()
            if inspect.isclass(part) and self.takes(part) and part.name
        )
        self._makers = {}
        for part in self.classes:
            for name, arguments in {part.name: {}, **part.aliases}.items():
                if name in self._makers:
                    raise ValueError(f"Two {kind}s have the name {name!r}.")
                self._makers[name] = (part, arguments)

    def takes(self, part):
        """Whether a class belongs to the family."""
        excluded = self.without is not None and issubclass(part, self.without)
        return issubclass(part, self.base) and not excluded

    @property
    def names(self):
        """All names, sorted."""
        return sorted(self._makers)

    @property
    def names_alone(self):
        """Names of parts without required arguments, sorted."""
        return [name for name in self.names if not self._missing(name)]

    def _missing(self, name):
        part, implied = self._makers[name]
        return [
            parameter
            for parameter, argument in inspect.signature(part).parameters.items()
            if argument.default is argument.empty and parameter not in implied
        ]

    def nearest(self, name):
        """Return the name closest to a wrong one, or None."""
        word = name.lower()
        near = get_close_matches(word, self._makers, n=1)
        return self.elsewhere.get(word, near[0] if near else None)

    def class_of(self, name, parameter=None):
        """Return the class of a name and the arguments it implies.

        Raises
        ------
        ValueError
            If the name is unknown; the message suggests the closest one.
        """
        if name not in self._makers:
            near = self.nearest(name)
            hint = f" Did you mean {near!r}?" if near else ""
            raise ValueError(
                f"Unknown {parameter or self.kind} {name!r}.{hint} "
                f"Available: {', '.join(map(repr, self.names))}."
            )
        return self._makers[name]

    def make(self, name, **arguments):
        """Return a new part by its name."""
        part, implied = self.class_of(name)
        try:
            return part(**{**implied, **arguments})
        except TypeError as error:
            raise ValueError(
                f"{self.kind} {name!r} needs arguments: pass an instance of "
                f"{part.__name__} instead of its name."
            ) from error

    def resolve(self, choice, parameter=None):
        """Return the checked part for a name or an instance.

        Parameters
        ----------
        choice : str or instance of the family's base class
            Name, or an instance, which is returned unchanged.
        parameter : str, optional
            Name in messages; by default the kind of the family.

        Raises
        ------
        TypeError
            If `choice` is neither a name nor an instance.
        ValueError
            If the name is unknown, or an argument is out of its range.
        """
        if isinstance(choice, str):
            self.class_of(choice, parameter)
            choice = self.make(choice)
        elif not self.takes(type(choice)):
            hint = ""
            if inspect.isclass(choice) and self.takes(choice):
                hint = f" Did you mean {choice.__name__}()?"
            elif isinstance(choice, self.base):
                hint = f" It is {_article(self.without.__name__)}."
            elif isinstance(choice, Component):
                hint = f" It is not a {self.base.__name__}."
            raise TypeError(
                f"{parameter or self.kind} must be the name of "
                f"{_article(self.kind)} or an instance of one, got {choice!r}.{hint}"
            )
        choice.validate()
        return choice


def _article(noun):
    """Return a noun with its article."""
    return f"{'an' if noun[0] in 'aeiouAEIOU' else 'a'} {noun}"
