"""What every part of a network shares: a name, arguments that are checked, a family."""

import inspect
from difflib import get_close_matches

from sklearn.base import BaseEstimator


class Component(BaseEstimator):
    """A part that is chosen by name or given as an instance.

    A part is a value: it stores its constructor arguments and nothing else, and none
    of its methods changes it. ``get_params``, ``set_params``, ``clone`` and ``repr``
    are those of scikit-learn.

    Attributes
    ----------
    name : str
        The name that stands for the part with its default arguments.
    aliases : dict of str to dict
        Further names, each with the arguments it stands for.
    constraints : dict of str to Interval or OneOf
        What each argument may be.
    member_numbers : tuple of str
        Arguments that may be an array (n_members,), a number for each of the networks
        that are trained side by side. Holds for the very class that says so, not for
        its subclasses; see ``skjacobnet.core.numbers``.
    stackable : bool
        Whether networks with this part may be trained side by side. Then every network
        must get the same numbers, bit for bit, as if it were alone.
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
        """Whether this part has these methods as `base` has them.

        If a subclass has changed one, what computes several of them at once must call
        them instead.
        """
        kind = type(self)
        # Asked for in every step: without the first case it takes a microsecond of the
        # 29 that a step of 64-30-10 takes in batches of 4.
        return kind is base or all(
            getattr(kind, name) is getattr(base, name) for name in methods
        )

    def validate(self):
        """Check the arguments.

        Raises
        ------
        TypeError, ValueError
            If an argument is of a wrong type or out of its range.
        """
        for parameter, constraint in self.constraints.items():
            label = f"{type(self).__name__}: {parameter}"
            constraint.check(getattr(self, parameter), label)


class Family:
    """The parts of one kind, found by name.

    Parameters
    ----------
    kind : str
        What one part of the family is called in messages, such as ``"optimizer"``.
    base : type
        The class that every part of the family inherits.
    namespace : dict
        The names of a module; its concrete subclasses of `base` are the family.
    elsewhere : dict of str to str, optional
        What other libraries call a part, in lower case, and its name here. Such a word
        is refused with the name as a suggestion.
    without : type, optional
        A subclass of `base` whose own subclasses are another family.

    Raises
    ------
    ValueError
        If two classes claim the same name.
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
                    raise ValueError(f"Two {kind}s are called {name!r}.")
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
        """The names that need no arguments beside them, sorted."""
        return [name for name in self.names if not self._missing(name)]

    def _missing(self, name):
        part, implied = self._makers[name]
        return [
            parameter
            for parameter, argument in inspect.signature(part).parameters.items()
            if argument.default is argument.empty and parameter not in implied
        ]

    def nearest(self, name):
        """Return the name that a wrong one may have meant, or None."""
        word = name.lower()
        near = get_close_matches(word, self._makers, n=1)
        return self.elsewhere.get(word, near[0] if near else None)

    def class_of(self, name, parameter=None):
        """Return the class that a name stands for and the arguments it implies.

        Raises
        ------
        ValueError
            If there is no such name; the message suggests the nearest one.
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
                f"{self.kind} {name!r} needs arguments: give an instance of "
                f"{part.__name__} instead of its name."
            ) from error

    def resolve(self, choice, parameter=None):
        """Return the part that a name or an instance stands for, and check it.

        Parameters
        ----------
        choice : str or instance of the family's base class
            An instance is returned as it is.
        parameter : str, optional
            What messages call it; by default the kind of the family.

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
                hint = f" It is no {self.base.__name__}."
            raise TypeError(
                f"{parameter or self.kind} must be the name of "
                f"{_article(self.kind)} or an instance of one, got {choice!r}.{hint}"
            )
        choice.validate()
        return choice


def _article(noun):
    """Return a noun with its article."""
    return f"{'an' if noun[0] in 'aeiouAEIOU' else 'a'} {noun}"
