"""Drawing a display twice on one Axes replaces its first drawing."""

from functools import wraps
from weakref import WeakKeyDictionary, WeakSet

import numpy as np

# For each display its drawings: the Axes that it was drawn on, and its artists.
# References are weak, so that neither figures nor displays are kept alive.
DRAWINGS = WeakKeyDictionary()


def replacing(plot):
    """Decorate the method `plot` of a display so that its artists are remembered.

    The method draws on the Axes of `figure_and_axes` or `figure_and_panels`, which
    remove its earlier drawing, and leaves them in ``ax_`` and ``figure_``. Other
    artists on the same Axes stay, also those of other displays of the same class.
    """

    @wraps(plot)
    def plot_and_remember(self, *args, ax=None, **options):
        given = [] if ax is None else np.ravel(np.asarray(ax, object)).tolist()
        figures = {id(one.figure): one.figure for one in given if _is_drawn(one)}
        # The artists themselves, since the number of a removed one may be used again.
        before = [artist for figure in figures.values() for artist in contents(figure)]
        numbers = set(map(id, before))
        result = plot(self, *args, ax=ax, **options)
        hosts = WeakSet([*given, *np.ravel(np.asarray(self.ax_, object))])
        drawn = WeakSet(a for a in contents(self.figure_) if id(a) not in numbers)
        DRAWINGS.setdefault(self, []).append((hosts, drawn))
        return result

    return plot_and_remember


def _is_drawn(one):
    """Tell whether an object belongs to a figure; if not, `plot` raises an error."""
    return getattr(one, "figure", None) is not None


def remove_earlier(display, axes):
    """Remove the earlier drawing of a display, with its legends and color bars.

    Parameters
    ----------
    display : object
    axes : sequence of matplotlib Axes
        These themselves stay.
    """
    drawings = DRAWINGS.get(display, [])
    earlier = [drawing for drawing in drawings if any(ax in drawing[0] for ax in axes)]
    for drawing in earlier:
        drawings.remove(drawing)
        _remove(set(drawing[1]).difference(axes))
    if earlier:
        for ax in axes:
            _measure_again(ax)


def _remove(artists):
    """Remove artists that are still drawn."""
    for artist in artists:
        color_bar = getattr(artist, "colorbar", None)
        if color_bar is not None and _is_drawn(color_bar.ax):
            if _is_on_axes(color_bar.mappable):
                color_bar.remove()  # gives its place back
            else:
                color_bar.ax.figure.delaxes(color_bar.ax)
    for ax in {id(a.axes): a.axes for a in artists if _is_on_axes(a)}.values():
        for container in list(ax.containers):
            if artists.issuperset(container.get_children()):
                container.remove()
    # Axes are removed last, with all artists on them.
    for artist in sorted(artists, key=lambda artist: artist.axes is artist):
        if _is_drawn(artist) and any(artist is one for one in contents(artist.figure)):
            artist.remove()


def _is_on_axes(artist):
    return getattr(artist, "axes", None) is not None


def _measure_again(ax):
    """Fit the limits of Axes to the artists left on them."""
    ax.relim()
    for collection in ax.collections:
        ax.update_datalim(collection.get_datalim(ax.transData))


def contents(figure):
    """Return all that can be removed from a figure: Axes and the artists on them."""
    artists = [*figure.axes, *figure.legends, *figure.texts]
    for ax in figure.axes:
        artists += [*ax.lines, *ax.patches, *ax.collections, *ax.images, *ax.texts]
        artists += [*ax.artists, *ax.tables]
        if ax.get_legend() is not None:
            artists.append(ax.get_legend())
    return artists
