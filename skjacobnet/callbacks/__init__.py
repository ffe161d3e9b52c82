"""Callbacks: scikit-learn's protocol, and a checkpoint.

scikit-learn 1.9 defines what a callback is and offers `ProgressBar` and
`ScoringMonitor`; ``estimator.set_callbacks(...)`` attaches them. This is the only file
that touches that protocol. For older versions it holds the part of it that callbacks
attached to the estimator itself need.
"""

from skjacobnet.callbacks.checkpoint import Checkpoint as Checkpoint
from skjacobnet.callbacks.line import Line as Line
from skjacobnet.callbacks.progress import ProgressLine as ProgressLine
from skjacobnet.callbacks.protocol import (
    CallbackSupportMixin as CallbackSupportMixin,
)
from skjacobnet.callbacks.protocol import EpochHooks as EpochHooks
from skjacobnet.callbacks.protocol import epoch_hooks as epoch_hooks
from skjacobnet.callbacks.protocol import has_callbacks as has_callbacks
from skjacobnet.callbacks.protocol import with_callbacks as with_callbacks
from skjacobnet.callbacks.protocol import without_callbacks as without_callbacks
