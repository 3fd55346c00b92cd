# Ibis builds its expressions at run time, so what a type checker reads out of its source is wrong
# more often than right. These stubs say only what our signatures use: a table is not a value.
from typing import Any

from ibis.expr.types import Deferred as Deferred
from ibis.expr.types import Table as Table
from ibis.expr.types import Value as Value

_: Deferred

def __getattr__(name: str) -> Any: ...
