"""All faults: every module here holds a list FAULTS."""

import importlib
import pkgutil

from ..fault import Fault


def all_faults() -> list[Fault]:
    """In the order of the modules' names and their lists; names are unique."""
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    faults: list[Fault] = [fault for module in modules for fault in getattr(module, "FAULTS", [])]
    names = [fault.name for fault in faults]
    assert len(names) == len(set(names)), f"two faults of one name: {sorted(names)}"
    return faults


def named(name: str) -> Fault:
    """The fault of that name."""
    found = next((fault for fault in all_faults() if fault.name == name), None)
    assert found is not None, f"no fault is called {name!r}: {', '.join(fault.name for fault in all_faults())}"
    return found
