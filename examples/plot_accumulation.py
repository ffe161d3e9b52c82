"""
Which way through the chain rule?
=================================

The Jacobian of a network is a product of its layers' Jacobians, and the order of the
multiplications decides what it costs. Reverse mode starts at the outputs and is cheap
when there are few of them, forward mode starts at the inputs. The automatic order asks
what every product costs; where a network is narrow in the middle it beats both.
"""

# %%
# Three shapes
# ------------
# Many inputs and few outputs, as in most classifiers; few inputs and many outputs; and
# a bottleneck, as in an autoencoder.

import matplotlib.pyplot as plt
import numpy as np

from skjacobnet.inspection import profile_accumulation
from skjacobnet.layers import Linear, Tanh
from skjacobnet.network import Network

shapes = {
    "wide, 400-100-100-5": (400, 100, 100, 5),
    "tall, 5-100-100-400": (5, 100, 100, 400),
    "bottleneck, 300-100-5-100-300": (300, 100, 5, 100, 300),
}

# %%
# What they cost
# --------------
# Multiplications are counted from the order that is taken; time and memory are measured
# as well.

profiles = {}
print(f"{'network':<32}{'order':<9}{'million products':>17}{'ms':>8}{'peak MB':>9}")
for name, sizes in shapes.items():
    layers = [part for width in sizes[1:] for part in (Linear(width), Tanh())][:-1]
    X = np.random.default_rng(0).standard_normal((20, sizes[0]))
    profiles[name] = profile_accumulation(Network(layers, sizes[0]), X)
    for mode, profile in profiles[name].items():
        print(
            f"{name:<32}{mode:<9}{profile.multiplications / 1e6:>17.1f}"
            f"{1e3 * profile.seconds:>8.2f}{profile.peak_bytes / 1e6:>9.1f}"
        )

# %%
# The automatic order follows the better mode where one is best, and leaves both behind
# at the bottleneck.

figure, axes = plt.subplots(1, 3, figsize=(10, 3.2), layout="constrained")
colors = {"forward": "tab:blue", "reverse": "tab:orange", "auto": "tab:green"}
for ax, (name, by_mode) in zip(axes, profiles.items(), strict=True):
    times = [1e3 * by_mode[mode].seconds for mode in colors]
    bars = ax.bar(list(colors), times, color=list(colors.values()))
    ax.bar_label(bars, fmt="%.2f")
    ax.set_title(name.replace(", ", "\n"))
    ax.margins(y=0.1)
axes[0].set_ylabel("time of one Jacobian, ms")
figure.savefig("accumulation.png", dpi=100)
