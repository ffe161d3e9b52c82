"""Numbers that show how networks, optimizers and penalties work."""

from skjacobnet.inspection.accumulation import (
    AccumulationProfile as AccumulationProfile,
)
from skjacobnet.inspection.accumulation import (
    profile_accumulation as profile_accumulation,
)
from skjacobnet.inspection.optimizers import SURFACES as SURFACES
from skjacobnet.inspection.optimizers import Surface as Surface
from skjacobnet.inspection.optimizers import flow_field as flow_field
from skjacobnet.inspection.optimizers import impulse_response as impulse_response
from skjacobnet.inspection.optimizers import trajectory as trajectory
