"""What a task is: a named unit of processing with a config, a log, metadata and subtasks."""

from isrcore.pipe.cancel import Cancelled, cancel_check, cancellable
from isrcore.pipe.struct import Struct
from isrcore.pipe.task import Task, TaskError
from isrcore.pipe.timer import timeMethod

__all__ = ["Cancelled", "Struct", "Task", "TaskError", "cancel_check", "cancellable", "timeMethod"]
