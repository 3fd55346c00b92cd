"""Where the empty lines of a delimited file are, which the engine counts but does not return."""

from __future__ import annotations

import re
from pathlib import Path

from crm_core.store.imports.encoding import BLOCK

_MORE = 64 * 1024
_LONGEST = 1024 * 1024  # bytes in which a quoted value must end


def blank_rows(path: Path, delimiter: str) -> list[int]:
    """Row numbers of empty lines, rows counted as a spreadsheet does.

    Whole blocks are looked at; what is quoted, line breaks and all, is taken out of them first.
    A mark opens a value where a cell begins, nowhere else: a shelf of 5" opens none.
    """
    quoted, opening = _quoted(delimiter)
    blank: list[int] = []
    row = 0
    with path.open("rb") as stream:
        while block := stream.read(BLOCK) + stream.readline():
            bare = quoted.sub(b"q", b"\n" + block)
            while opening.search(bare) and len(block) < BLOCK + _LONGEST:
                more = stream.read(_MORE) + stream.readline()
                if not more:
                    break
                block += more
                bare = quoted.sub(b"q", b"\n" + block)
            bare = bare.replace(b"\r", b"")
            line, seen, at = row + 1, 0, bare.find(b"\n\n")
            while at >= 0:
                line += bare.count(b"\n", seen + 1, at + 1)
                blank.append(line)
                seen, at = at, bare.find(b"\n\n", at + 1)
            row += bare.count(b"\n") - bare.endswith(b"\n")
    return blank


def _quoted(delimiter: str) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """Runs of quoted cells; the mark of one that does not end."""
    mark = re.escape(delimiter.encode())
    begins = b'"(?:(?<=\n")|(?<=' + mark + b'"))'
    rest = b'[^"]*(?:""[^"]*)*"(?!")'
    return re.compile(begins + rest + b"(?:" + mark + b'"' + rest + b")*"), re.compile(begins)
