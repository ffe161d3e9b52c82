"""Tasks: classes, labels or numbers, with their encodings and decision rules."""

from skjacobnet.tasks.base import Task as Task
from skjacobnet.tasks.classes import Classes as Classes
from skjacobnet.tasks.classification import classification_task as classification_task
from skjacobnet.tasks.classification import declared_task as declared_task
from skjacobnet.tasks.from_targets import task_of as task_of
from skjacobnet.tasks.labels import Labels as Labels
from skjacobnet.tasks.regression import Regression as Regression
from skjacobnet.tasks.regression import regression_task as regression_task
