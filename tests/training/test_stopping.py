import numpy as np

from skjacobnet.training.stopping import Stopping, validation_patience


def run(stopping, scores):
    for epoch, score in enumerate(scores, start=1):
        if stopping.update(score, epoch, np.full(2, float(epoch))):
            return epoch
    return None


def test_stops_after_more_than_patience_epochs_without_progress():
    stopping = Stopping(tol=0.1, patience=2, monitor="loss")
    assert run(stopping, [0.0, 1.0, 1.05, 0.9, 1.09, 5.0]) == 5
    assert (stopping.best_score, stopping.best_epoch) == (1.09, 5)
    np.testing.assert_array_equal(stopping.best_theta, [5.0, 5.0])


def test_progress_by_more_than_tol_starts_the_count_anew():
    stopping = Stopping(tol=0.1, patience=2)
    assert run(stopping, [0.0, 0.0, 0.0, 0.2, 0.2, 0.2, 0.2]) == 7
    assert stopping.best_theta is None


def test_works_for_negative_scores():
    """A tolerance relative to the score would have the wrong sign here."""
    stopping = Stopping(tol=1e-4, patience=1)
    assert run(stopping, [-1.0, -0.99995, -0.99992]) == 3


def test_no_tolerance_never_stops():
    stopping = Stopping(tol=None, patience=1, monitor="loss")
    assert run(stopping, [1.0] * 50) is None
    assert stopping.best_epoch == 1


def test_patience_is_at_least_a_hundred_steps():
    assert validation_patience(10, 1) == 100
    assert validation_patience(10, 7) == 15
    assert validation_patience(10, 50) == 10
    assert validation_patience(np.inf, 50) == np.inf
