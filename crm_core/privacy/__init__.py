"""The guarded door: who may see which identity, who may be contacted, what left and when."""

from crm_core.privacy.policy import Access, allowed, require

__all__ = ["Access", "allowed", "require"]
