# Its functions are made at run time from the engine's own register.
from typing import Any

def __getattr__(name: str) -> Any: ...
