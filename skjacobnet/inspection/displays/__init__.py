"""Plots: one display a file, in scikit-learn's form.

The class method of a display computes its numbers, keeps them and draws them, so that
``display.plot(ax=...)`` draws them again elsewhere. A display that is drawn on Axes
replaces earlier displays of the same class on them. To compare several fits, give each
one separate Axes. matplotlib is imported when something is drawn.
"""

from skjacobnet.inspection.displays.accumulation_profile import (
    AccumulationProfileDisplay as AccumulationProfileDisplay,
)
from skjacobnet.inspection.displays.gradient_check import (
    GradientCheckDisplay as GradientCheckDisplay,
)
from skjacobnet.inspection.displays.gradient_flow import (
    GradientFlowDisplay as GradientFlowDisplay,
)
from skjacobnet.inspection.displays.jacobian import JacobianDisplay as JacobianDisplay
from skjacobnet.inspection.displays.jacobian_spectrum import (
    JacobianSpectrumDisplay as JacobianSpectrumDisplay,
)
from skjacobnet.inspection.displays.loss_curve import (
    LossCurveDisplay as LossCurveDisplay,
)
from skjacobnet.inspection.displays.optimizer_response import (
    OptimizerResponseDisplay as OptimizerResponseDisplay,
)
from skjacobnet.inspection.displays.optimizer_trajectory import (
    OptimizerTrajectoryDisplay as OptimizerTrajectoryDisplay,
)
from skjacobnet.inspection.displays.prediction_interval import (
    PredictionIntervalDisplay as PredictionIntervalDisplay,
)
from skjacobnet.inspection.displays.regularizer_flow import (
    RegularizerFlowDisplay as RegularizerFlowDisplay,
)
from skjacobnet.inspection.displays.saliency import SaliencyDisplay as SaliencyDisplay
from skjacobnet.inspection.displays.weights import WeightsDisplay as WeightsDisplay
