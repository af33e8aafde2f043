"""Config classes with the reference's field names, and what reads, writes and describes them."""

from isrcore.config.isr import CfhtIsrTaskConfig, IsrTaskConfig

__all__ = ["CfhtIsrTaskConfig", "IsrTaskConfig"]
