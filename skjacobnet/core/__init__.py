"""What parts of all kinds share: names and arguments, checks, buffers, blocks.

A custom layer, loss, regularizer, optimizer or schedule is a `Component` with
`constraints` on its arguments. What it needs from call to call lives in a `Workspace`,
and what works on a table takes it in blocks whose size `row_blocks` gives. Networks
that are trained side by side may have numbers of their own, which `exact` and `fitting`
read, and draw random numbers from `Streams`.
"""

from skjacobnet.core.blocks import passes as passes
from skjacobnet.core.blocks import row_blocks as row_blocks
from skjacobnet.core.blocks import rows_of as rows_of
from skjacobnet.core.blocks import slices as slices
from skjacobnet.core.component import Component as Component
from skjacobnet.core.component import Family as Family
from skjacobnet.core.constraints import Boolean as Boolean
from skjacobnet.core.constraints import Interval as Interval
from skjacobnet.core.constraints import OneOf as OneOf
from skjacobnet.core.numbers import exact as exact
from skjacobnet.core.numbers import fitting as fitting
from skjacobnet.core.streams import Streams as Streams
from skjacobnet.core.workspace import Workspace as Workspace
