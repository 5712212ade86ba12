"""A table of layers as a JSON file of its own. No torch here."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from viewer.core.errors import UserError
from viewer.core.files import replace_file
from viewer.core.nets.table_rows import (
    MAX_TEXT_LENGTH,
    LayerRow,
    rows_from_list,
    rows_to_json,
)

MAX_FILE_BYTES = 4 * MAX_TEXT_LENGTH  # room for indentation
_HINT = "choose a table of layers that was saved here"


def save_table(path: Path, rows: Iterable[LayerRow]) -> None:
    """Write ``{"layers": […]}``, one row a line; `path` has the old or the new content.

    Raises
    ------
    UserError
        If the file can't be written.
    """
    lines = ",\n".join(f"  {json.dumps(item)}" for item in json.loads(rows_to_json(rows)))
    content = f'{{"layers": [\n{lines}\n]}}\n' if lines else '{"layers": []}\n'
    replace_file(path, content.encode())


def load_table(path: Path) -> tuple[LayerRow, ...]:
    """Read what `save_table` wrote; whether it fits an image is for `check_table` to say.

    Raises
    ------
    UserError
        If the file can't be read or is no table: the sentence names the file.
    """
    try:
        if not path.is_file() and path.exists():
            noun = "a folder" if path.is_dir() else "not a plain file"
            raise UserError(f"{path} is {noun}: {_HINT}.")
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        reason = error.strerror or error
        raise UserError(f"{path} can't be read ({reason}): {_HINT}.") from None
    if len(content) > MAX_FILE_BYTES:
        raise UserError(f"{path} is too large for a table of layers: {_HINT}.")
    try:
        values = json.loads(content)
    except (ValueError, RecursionError):
        raise UserError(f"{path} is not valid JSON: {_HINT}.") from None
    if not isinstance(values, dict) or "layers" not in values:
        raise UserError(f"{path} is no table of layers: {_HINT}.")
    try:
        return rows_from_list(values["layers"])
    except UserError as error:
        raise UserError(f"{path} can't be used: {error}") from None
