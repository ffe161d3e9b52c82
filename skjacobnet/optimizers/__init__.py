"""Optimizers: rules that turn gradients into steps."""

from skjacobnet.core.component import Family
from skjacobnet.optimizers.adadelta import AdaDelta as AdaDelta
from skjacobnet.optimizers.adagrad import AdaGrad as AdaGrad
from skjacobnet.optimizers.adam import Adam as Adam
from skjacobnet.optimizers.adamax import AdaMax as AdaMax
from skjacobnet.optimizers.adamw import AdamW as AdamW
from skjacobnet.optimizers.base import AnyOptimizer as AnyOptimizer
from skjacobnet.optimizers.base import FullBatchOptimizer as FullBatchOptimizer
from skjacobnet.optimizers.base import Optimizer as Optimizer
from skjacobnet.optimizers.lbfgs import LBFGS as LBFGS
from skjacobnet.optimizers.nadam import NAdam as NAdam
from skjacobnet.optimizers.rmsprop import RMSProp as RMSProp
from skjacobnet.optimizers.sgd import SGD as SGD

OPTIMIZERS = Family("optimizer", AnyOptimizer, globals())
