"""Regularizers: penalties on weights, activations, predictions and the Jacobian."""

from skjacobnet.core.component import Family
from skjacobnet.regularizers.base import ActivationRegularizer as ActivationRegularizer
from skjacobnet.regularizers.base import JacobianRegularizer as JacobianRegularizer
from skjacobnet.regularizers.base import PredictionRegularizer as PredictionRegularizer
from skjacobnet.regularizers.base import Regularizer as Regularizer
from skjacobnet.regularizers.base import WeightRegularizer as WeightRegularizer
from skjacobnet.regularizers.entropy import Certainty as Certainty
from skjacobnet.regularizers.entropy import ConfidencePenalty as ConfidencePenalty
from skjacobnet.regularizers.jacobian import InputGradient as InputGradient
from skjacobnet.regularizers.jacobian import JacobianNorm as JacobianNorm
from skjacobnet.regularizers.l1 import L1 as L1
from skjacobnet.regularizers.orthogonality import Orthogonality as Orthogonality
from skjacobnet.regularizers.sparsity import Sparsity as Sparsity
from skjacobnet.regularizers.weight_decay import WeightDecay as WeightDecay

REGULARIZERS = Family(
    "regularizer",
    Regularizer,
    globals(),
    elsewhere={"alpha": "weight_decay", "l2": "weight_decay", "ridge": "weight_decay"},
)
