"""Twenty steps of each rule against PyTorch in float64."""

import numpy as np
import pytest

from skjacobnet.optimizers import (
    SGD,
    AdaDelta,
    AdaGrad,
    Adam,
    AdaMax,
    AdamW,
    NAdam,
    RMSProp,
)

torch = pytest.importorskip("torch")

CASES = [
    (SGD(), "SGD", {}),
    (SGD(0.9), "SGD", {"momentum": 0.9}),
    (SGD(0.9, True), "SGD", {"momentum": 0.9, "nesterov": True}),
    (AdaGrad(), "Adagrad", {}),
    (AdaGrad(0.1), "Adagrad", {"eps": 0.1}),
    (AdaDelta(), "Adadelta", {}),
    (AdaDelta(0.7, 0.1), "Adadelta", {"rho": 0.7, "eps": 0.1}),
    (RMSProp(), "RMSprop", {}),
    (
        RMSProp(0.7, 0.1, 0.8),
        "RMSprop",
        {"alpha": 0.7, "eps": 0.1, "momentum": 0.8},
    ),
    (Adam(), "Adam", {}),
    (Adam(0.8, 0.7, 0.1), "Adam", {"betas": (0.8, 0.7), "eps": 0.1}),
    (Adam(0.0, 0.0, 0.1), "Adam", {"betas": (0.0, 0.0), "eps": 0.1}),
    (Adam(amsgrad=True), "Adam", {"amsgrad": True}),
    (
        Adam(0.8, 0.7, 0.1, True),
        "Adam",
        {"betas": (0.8, 0.7), "eps": 0.1, "amsgrad": True},
    ),
    (AdaMax(), "Adamax", {}),
    (AdaMax(0.8, 0.7, 0.1), "Adamax", {"betas": (0.8, 0.7), "eps": 0.1}),
    (NAdam(), "NAdam", {}),
    (
        NAdam(0.8, 0.7, 0.1, 2.0),
        "NAdam",
        {"betas": (0.8, 0.7), "eps": 0.1, "momentum_decay": 2.0},
    ),
    (AdamW(), "AdamW", {}),
    (
        AdamW(0.8, 0.7, 0.1, 0.5, True),
        "AdamW",
        {"betas": (0.8, 0.7), "eps": 0.1, "weight_decay": 0.5, "amsgrad": True},
    ),
]


@pytest.fixture(autouse=True)
def _scalars_in_float64():
    # PyTorch keeps the product of NAdam's momenta in the default type.
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(default)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(("optimizer", "name", "arguments"), CASES)
def test_twenty_steps(optimizer, name, arguments, seed):
    rng = np.random.default_rng(seed)
    theta = rng.normal(size=(3, 4))
    weights = torch.tensor(theta.copy(), requires_grad=True)
    rates = rng.uniform(0.01, 0.3, size=20)
    reference = getattr(torch.optim, name)([weights], lr=float(rates[0]), **arguments)
    state = optimizer.init(theta)
    for rate in rates.tolist():
        gradient = rng.normal(size=theta.shape) * [1e-3, 1.0, 1.0, 100.0]
        optimizer.step(theta, gradient, state, rate)
        weights.grad = torch.tensor(gradient)
        reference.param_groups[0]["lr"] = rate
        reference.step()
        np.testing.assert_allclose(
            theta, weights.detach().numpy(), rtol=1e-10, atol=1e-10
        )
