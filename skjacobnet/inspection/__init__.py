"""Numbers about a fitted model that its exact derivatives give.

All functions take a fitted `JacobianMLPClassifier`, or a `Pipeline` that ends in
one and is affine before, and answer in the units of the X that the pipeline is given.
"""

from skjacobnet.inspection.boundary import boundary_distance as boundary_distance
from skjacobnet.inspection.gradient_times_input import (
    gradient_x_input as gradient_x_input,
)
from skjacobnet.inspection.path_integrals import (
    integrated_gradients as integrated_gradients,
)
from skjacobnet.inspection.robustness import (
    fast_gradient_attack as fast_gradient_attack,
)
from skjacobnet.inspection.robustness import robustness_curve as robustness_curve
from skjacobnet.inspection.slopes import saliency as saliency
from skjacobnet.inspection.slopes import sensitivity as sensitivity
from skjacobnet.inspection.spectrum import jacobian_spectrum as jacobian_spectrum
from skjacobnet.inspection.training_rows import influence as influence
