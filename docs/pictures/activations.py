"""Six activations and their derivatives."""

import matplotlib.pyplot as plt
import numpy as np

from skjacobnet.layers import LAYERS

x = np.linspace(-4.0, 4.0, 401)
figure, axes = plt.subplots(
    2, 3, figsize=(9, 5), sharex=True, sharey=True, layout="constrained"
)
names = ["sigmoid", "tanh", "relu", "softplus", "elu", "gelu"]
for ax, name in zip(axes.flat, names, strict=True):
    layer = LAYERS.make(name)
    y = layer.function(x)
    ax.plot(x, y, color="#0072B2", label="output")
    ax.plot(x, layer.derivative(x, y), "--", color="#D55E00", label="derivative")
    ax.axhline(0.0, color="0.8", linewidth=0.8, zorder=0)
    ax.set_title(name, fontsize="medium")
axes[0, 0].set_ylim(-1.2, 3.0)
axes[0, 0].legend(loc="upper left")
for ax in axes[:, 0]:
    ax.set_ylabel("output, derivative")
for ax in axes[1]:
    ax.set_xlabel("input")
