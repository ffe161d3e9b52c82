r"""The chain rule: the product of Jacobians, in any order.

A chain of functions has the Jacobian :math:`J = J_L \cdots J_2 J_1`, one product of
matrices for each sample. It may be bracketed in any way:

* *reverse mode* starts at the outputs, :math:`((J_L J_{L-1}) \cdots) J_1`, and is cheap
  when there are few outputs;
* *forward mode* starts at the inputs, :math:`J_L (\cdots (J_2 J_1))`, and is cheap when
  there are few inputs;
* the *automatic* order is the cheapest bracketing of all, found by dynamic programming
over the costs of the operators. It beats both modes if the chain is narrow in the
middle.

Training is reverse mode applied to a single vector, as in `cotangents`, with the
gradient for each layer's weights computed along the way.

Lists of operators are in the order of application: ``operators[0]`` takes the inputs.
"""

from skjacobnet.accumulation.accumulate import MODES as MODES
from skjacobnet.accumulation.accumulate import accumulate as accumulate
from skjacobnet.accumulation.accumulate import accumulate_into as accumulate_into
from skjacobnet.accumulation.accumulate import count_carried as count_carried
from skjacobnet.accumulation.accumulate import count_samples as count_samples
from skjacobnet.accumulation.accumulate import opened as opened
from skjacobnet.accumulation.order import Structure as Structure
from skjacobnet.accumulation.order import cheapest_order as cheapest_order
from skjacobnet.accumulation.order import order_of as order_of
from skjacobnet.operators.chain_rule import cotangents as cotangents
from skjacobnet.operators.chain_rule import tangents as tangents
