"""The source formats, one module each. A module with a `FORMAT` is found by itself."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from crm_core.store.imports.contract import Format


def _discover() -> dict[str, Format]:
    modules = [import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__)]
    formats: list[Format] = [module.FORMAT for module in modules if hasattr(module, "FORMAT")]
    return {each.name: each for each in sorted(formats, key=lambda each: each.rank)}


FORMATS: dict[str, Format] = _discover()
