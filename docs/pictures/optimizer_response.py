"""Impulse responses of four optimizers."""

from skjacobnet.inspection import OptimizerResponseDisplay

OptimizerResponseDisplay.from_optimizers(
    ["sgd", "momentum", "nesterov", "adam"], n_steps=30, background=1.0
)
