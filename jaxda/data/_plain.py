"""Files that a user names: plain files of a bounded size, and nothing that waits or never ends."""

import hashlib
import io
import os
import stat
import zlib
from gzip import BadGzipFile, GzipFile
from pathlib import Path


# Below this nothing is a bomb, and what people record does not shrink a hundredfold.
HARMLESS, TIMES = 2**24, 100
_PIECE = 2**20


class Unreadable(Exception):
    """What was found in place of a file, and what would be right."""


def contents(path: str | Path, most: int) -> bytes:
    """The bytes of a plain file of at most `most` bytes.

    Raises:
        FileNotFoundError: if there is no such file.
        Unreadable: if it is something else, or larger.
    """
    try:
        # Opening a pipe or a device may wait for ever, or do something.
        kind = os.stat(path).st_mode
        if not stat.S_ISREG(kind):
            pipe = stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind)
            what = "a folder" if stat.S_ISDIR(kind) else "a pipe" if pipe else "a device"
            raise Unreadable(what, "a plain file")
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            raw = file.read(most + 1) if size <= most else b""
    except FileNotFoundError:
        raise
    except ValueError:
        raise Unreadable("not the name of a file", "a name without NUL") from None
    except OSError as error:
        raise Unreadable(f"cannot be read ({error.strerror})", "a readable file") from None
    if max(size, len(raw)) > most:
        raise Unreadable(f"a file of {_told(max(size, len(raw)))}", f"at most {_told(most)}")
    return raw


def checksum(path: str | Path) -> str:
    """The SHA-256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unpacked(raw: bytes, most: int) -> bytes:
    """What a .gz file holds.

    Raises:
        Unreadable: if it is damaged, or holds much more than it should.
    """
    pieces, total = [], 0
    try:
        with GzipFile(fileobj=io.BytesIO(raw)) as file:
            while piece := file.read(_PIECE):
                pieces.append(piece)
                total += len(piece)
                if total > max(HARMLESS, TIMES * len(raw)):
                    found = f"a .gz file that unpacks to more than {TIMES} times its size"
                    raise Unreadable(found, "a table of what was recorded")
                if total > most:
                    raise Unreadable(f"a .gz file of more than {_told(most)}", "a smaller table")
    except (BadGzipFile, EOFError, zlib.error):
        raise Unreadable("a damaged .gz file", "a whole one, or the plain text") from None
    return b"".join(pieces)


def _told(size: int) -> str:
    unit, each = ("GiB", 2**30) if size >= 2**30 else ("MiB", 2**20)
    return f"{size / each:.3g} {unit}"
