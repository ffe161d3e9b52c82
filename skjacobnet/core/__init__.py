"""Base classes and tools of all parts: names, arguments, checks, buffers, blocks.

A custom layer, loss, regularizer, optimizer or schedule is a `Component` with
`constraints` on its arguments. Buffers that outlive a call are in a `Workspace`, and
tables are processed in blocks of the size given by `row_blocks`. Networks trained side
by side may have separate numbers, which `exact` and `fitting` read, and draw random
numbers from `Streams`.
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
