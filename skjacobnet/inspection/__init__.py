"""Inspection: explanations of fitted models, and of how training works.

Functions that take an estimator take a fitted `JacobianMLPClassifier` or
`JacobianMLPRegressor`, or a `Pipeline` that ends in one and is affine before. Results
are in the units of the X passed to the pipeline, and for a regressor in the unit of its
targets. X may be a raw table, with strings and missing values, if the estimator has an
`encoding`; results are for its columns, and never NaN. Other functions show the costs
of orders of the chain rule, impulse responses and paths of optimizers, and flow fields
of penalties.
"""

from skjacobnet.inspection.accumulation import (
    AccumulationProfile as AccumulationProfile,
)
from skjacobnet.inspection.accumulation import (
    profile_accumulation as profile_accumulation,
)
from skjacobnet.inspection.boundary import boundary_distance as boundary_distance
from skjacobnet.inspection.category_contrasts import (
    category_contrasts as category_contrasts,
)
from skjacobnet.inspection.displays import (
    AccumulationProfileDisplay as AccumulationProfileDisplay,
)
from skjacobnet.inspection.displays import (
    GradientCheckDisplay as GradientCheckDisplay,
)
from skjacobnet.inspection.displays import GradientFlowDisplay as GradientFlowDisplay
from skjacobnet.inspection.displays import JacobianDisplay as JacobianDisplay
from skjacobnet.inspection.displays import (
    JacobianSpectrumDisplay as JacobianSpectrumDisplay,
)
from skjacobnet.inspection.displays import LossCurveDisplay as LossCurveDisplay
from skjacobnet.inspection.displays import (
    OptimizerResponseDisplay as OptimizerResponseDisplay,
)
from skjacobnet.inspection.displays import (
    OptimizerTrajectoryDisplay as OptimizerTrajectoryDisplay,
)
from skjacobnet.inspection.displays import (
    PredictionIntervalDisplay as PredictionIntervalDisplay,
)
from skjacobnet.inspection.displays import (
    RegularizerFlowDisplay as RegularizerFlowDisplay,
)
from skjacobnet.inspection.displays import SaliencyDisplay as SaliencyDisplay
from skjacobnet.inspection.displays import WeightsDisplay as WeightsDisplay
from skjacobnet.inspection.gradient_x_input import (
    gradient_x_input as gradient_x_input,
)
from skjacobnet.inspection.influence import influence as influence
from skjacobnet.inspection.optimizers import SURFACES as SURFACES
from skjacobnet.inspection.optimizers import Surface as Surface
from skjacobnet.inspection.optimizers import flow_field as flow_field
from skjacobnet.inspection.optimizers import impulse_response as impulse_response
from skjacobnet.inspection.optimizers import trajectory as trajectory
from skjacobnet.inspection.path_integrals import (
    integrated_gradients as integrated_gradients,
)
from skjacobnet.inspection.robustness import (
    fast_gradient_attack as fast_gradient_attack,
)
from skjacobnet.inspection.robustness import robustness_curve as robustness_curve
from skjacobnet.inspection.saliency import saliency as saliency
from skjacobnet.inspection.saliency import sensitivity as sensitivity
from skjacobnet.inspection.singular_values import jacobian_spectrum as jacobian_spectrum
