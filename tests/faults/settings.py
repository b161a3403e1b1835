"""A machine's glassline.toml as a table of tables, of which single settings can be changed and put back."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

Value = str | int | float | bool


class SettingsFile:
    """Writes the file at every change."""

    def __init__(self, path: Path, **tables: dict[str, Value]) -> None:
        self.path, self.tables = path, tables
        self.write()

    def write(self) -> None:
        text = "".join(
            f"[{program}]\n" + "".join(f"{name} = {_toml(value)}\n" for name, value in table.items()) + "\n"
            for program, table in self.tables.items()
        )
        self.path.write_text(text, encoding="utf-8")

    @contextmanager
    def changed(self, program: str, **settings: Value) -> Iterator[None]:
        """Those settings of a program are others meanwhile."""
        before = dict(self.tables[program])
        self.tables[program] |= settings
        self.write()
        try:
            yield
        finally:
            self.tables[program] = before
            self.write()


def _toml(value: Value) -> str:
    """TOML's strings, numbers and truths are JSON's, but for surrogate pairs, which ensure_ascii would write."""
    return json.dumps(value, ensure_ascii=False)
