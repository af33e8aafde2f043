"""Config classes with the reference's field names, and what reads, writes and describes them."""

from isrcore.config.isr import CfhtIsrTaskConfig, ConfigRuleError, IsrTaskConfig

__all__ = ["CfhtIsrTaskConfig", "ConfigRuleError", "IsrTaskConfig"]
