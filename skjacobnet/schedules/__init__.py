"""Schedules: factors of the learning rate over a run."""

from skjacobnet.core.component import Family
from skjacobnet.schedules.base import Schedule as Schedule
from skjacobnet.schedules.constant import Constant as Constant
from skjacobnet.schedules.decay import Cosine as Cosine
from skjacobnet.schedules.decay import Exponential as Exponential
from skjacobnet.schedules.decay import InverseScaling as InverseScaling
from skjacobnet.schedules.flat_cosine import FlatCosine as FlatCosine
from skjacobnet.schedules.one_cycle import OneCycle as OneCycle
from skjacobnet.schedules.plateau import Plateau as Plateau
from skjacobnet.schedules.step import Step as Step
from skjacobnet.schedules.warmup import Warmup as Warmup

SCHEDULES = Family(
    "schedule",
    Schedule,
    globals(),
    elsewhere={"adaptive": "plateau", "invscaling": "inverse_scaling"},
)
