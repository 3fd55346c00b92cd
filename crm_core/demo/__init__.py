"""An invented shop, seeded and of any size, with known truths."""

from crm_core.demo.generate import BLOCK_CUSTOMERS, END_DAY, generate
from crm_core.demo.truths import Truths
from crm_core.demo.write import write_canonical, write_truths

__all__ = ["BLOCK_CUSTOMERS", "END_DAY", "Truths", "generate", "write_canonical", "write_truths"]
