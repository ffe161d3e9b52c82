"""What is predicted: classes or labels, how they are encoded and decided."""

from skjacobnet.tasks.base import Task as Task
from skjacobnet.tasks.classes import Classes as Classes
from skjacobnet.tasks.classification import classification_task as classification_task
from skjacobnet.tasks.classification import declared_task as declared_task
from skjacobnet.tasks.labels import Labels as Labels
