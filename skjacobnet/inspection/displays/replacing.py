"""A display drawn on Axes replaces the earlier drawing of its class on them."""

from functools import wraps
from weakref import WeakKeyDictionary, WeakSet

import numpy as np

# For each Axes and each class of display, the artists of its last drawing there. All
# references to artists are weak, so that figures are not kept alive.
DRAWINGS = WeakKeyDictionary()


def replacing(plot):
    """Decorate the method `plot` of a display so that its artists are remembered.

    The method draws on the Axes of `figure_and_axes` or `figure_and_panels`, which
    remove the earlier drawing, and leaves them in ``ax_`` and ``figure_``. Artists of
    the user and of displays of other classes stay.
    """

    @wraps(plot)
    def plot_and_remember(self, *args, ax=None, **options):
        given = [] if ax is None else np.ravel(np.asarray(ax, object)).tolist()
        given = {one for one in given if _has_figure(one)}  # others raise an error
        # The title of a replaced drawing is used again.
        replaced = {a for one in given for a in _drawings(one).get(type(self), ())}
        before = (_contents_around(given) - replaced) | given
        result = plot(self, *args, ax=ax, **options)
        hosts = given.union(np.ravel(np.asarray(self.ax_, object)))
        drawn = WeakSet(_contents_around(hosts) - before)
        for host in hosts:
            DRAWINGS.setdefault(host, {})[type(self)] = drawn
        return result

    return plot_and_remember


def _drawings(ax):
    return DRAWINGS.get(ax, {})


def _contents_around(axes):
    """Return the contents of all figures of some Axes."""
    figures = {ax.figure for ax in axes}
    return {artist for figure in figures for artist in contents(figure)}


def _has_figure(artist):
    return getattr(artist, "figure", None) is not None


def remove_earlier(display, axes):
    """Remove earlier drawings by displays of one class, with legends and color bars.

    Parameters
    ----------
    display : object
        Display of that class.
    axes : sequence of matplotlib Axes
        Axes of the drawings. They stay themselves.
    """
    for ax in axes:
        artists = _drawings(ax).pop(type(display), None)
        if artists is not None:
            _remove(set(artists).difference(axes))
            _measure_again(ax)


def _remove(artists):
    """Remove those of some artists that are still drawn."""
    for panel in artists:  # with all later drawings on it
        for drawing in DRAWINGS.pop(panel, {}).values():
            _remove(set(drawing))
    for artist in artists:
        color_bar = getattr(artist, "colorbar", None)
        if color_bar is not None and _is_drawn(color_bar.ax):
            if _is_drawn(color_bar.mappable):
                color_bar.remove()  # gives its place back
            else:
                color_bar.ax.figure.delaxes(color_bar.ax)
    artists = {artist for artist in artists if _is_drawn(artist)}
    for ax in {artist.axes for artist in artists} - {None}:
        for container in list(ax.containers):
            if artists.issuperset(container.get_children()):
                container.remove()
    # Axes are removed last, with all artists on them.
    for artist in sorted(artists, key=lambda artist: artist.axes is artist):
        if _is_drawn(artist):
            if artist is getattr(artist.axes, "title", None):
                artist.set_text("")
            else:
                artist.remove()


def _is_drawn(artist):
    return _has_figure(artist) and any(one is artist for one in contents(artist.figure))


def _measure_again(ax):
    """Fit the limits of Axes to the artists left on them."""
    ax.relim()
    for collection in ax.collections:
        ax.update_datalim(collection.get_datalim(ax.transData))


def contents(figure):
    """Return all that a display adds to a figure: Axes and the artists on them."""
    artists = [*figure.axes, *figure.legends, *figure.texts]
    for ax in figure.axes:
        artists += [*ax.lines, *ax.patches, *ax.collections, *ax.images, *ax.texts]
        artists += [*ax.artists, *ax.tables]
        if ax.get_legend() is not None:
            artists.append(ax.get_legend())
        if ax.get_title():
            artists.append(ax.title)
    return artists
