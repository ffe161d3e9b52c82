"""Time of derivatives and explanations on the digits; run with one BLAS thread."""

from time import perf_counter

from nets import plain
from sklearn.datasets import load_digits

from skjacobnet import JacobianMLPClassifier
from skjacobnet.inspection import (
    boundary_distance,
    influence,
    integrated_gradients,
    saliency,
    sensitivity,
)


def best_of(call, rounds=5):
    """Return the least of several times, in milliseconds, and the last result."""
    times = []
    for _ in range(rounds):
        start = perf_counter()
        result = call()
        times.append(perf_counter() - start)
    return 1e3 * min(times), result


def calls_of(model, X, y):
    """Return what is timed, by name."""
    return {
        "input_jacobian, 1,797 rows": lambda: model.input_jacobian(X),
        "saliency, 1,797 rows": lambda: saliency(model, X),
        "sensitivity, 1,797 rows": lambda: sensitivity(model, X),
        "boundary_distance, 1,797 rows": lambda: boundary_distance(model, X),
        "per_sample_gradient_norms, 1,797 rows": lambda: (
            model.per_sample_gradient_norms(X, y)
        ),
        "influence of 1,797 rows on 10": lambda: influence(model, X, y, X[:10]),
        "integrated_gradients, 100 rows": lambda: integrated_gradients(model, X[:100]),
    }


X, y = load_digits(return_X_y=True)
for sizes in [(100,), (100, 50)]:
    model = plain(JacobianMLPClassifier, sizes, max_iter=30, random_state=0)
    model.fit(X, y)
    print("hidden layers", sizes)
    for name, call in calls_of(model, X, y).items():
        milliseconds, result = best_of(call)
        print(f"  {name:40s} {milliseconds:8.1f} ms")
    print(f"  largest error of the integral {result.error.max():.1e}")
