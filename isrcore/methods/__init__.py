"""The documented methods of `isrcore.task.IsrTask`, one module per subject; each is thin over `isrcore.steps`."""
