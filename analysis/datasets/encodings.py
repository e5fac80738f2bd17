"""Bytes of a text file as UTF-8, whatever they were written in."""

import codecs

from analysis.errors import DataError

_SAMPLE = 1 << 18
_BLOCK = 8 << 20


def as_utf8(data: bytes, name: str) -> tuple[bytes, list[str]]:
    """Return text as UTF-8, and a note when it was written otherwise.

    UTF-16 is known by its byte order mark or by its zero bytes. What is not UTF-8 is
    read as Windows-1252, and as Latin-1 where that has no such letter.
    """
    encoding = _sniffed(data)
    if encoding is not None:
        return _decoded(data, encoding, name)
    _refuse_binary(data, name)
    data = data.removeprefix(codecs.BOM_UTF8)
    if _is_utf8(data):
        return data, []
    try:
        return _decoded(data, "cp1252", name)
    except DataError:
        return _decoded(data, "latin-1", name)


def _sniffed(data: bytes) -> str | None:
    """Return the UTF-16 variant that the first bytes speak for, or None."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    head = data[:_SAMPLE]
    for encoding, half in (("utf-16-le", head[1::2]), ("utf-16-be", head[::2])):
        if len(half) > 1 and half.count(0) > 0.7 * len(half):
            return encoding
    return None


def _decoded(data: bytes, encoding: str, name: str) -> tuple[bytes, list[str]]:
    try:
        text = data.decode(encoding).encode("utf-8")
    except UnicodeError:
        raise DataError(
            f"'{name}' begins like {encoding.upper()} text but cannot be read as such. "
            "Save it again as UTF-8 and upload it."
        ) from None
    _refuse_binary(text, name)
    titles = {"cp1252": "Windows-1252", "latin-1": "Latin-1"}
    title = titles.get(encoding, "UTF-16")
    note = f"The text is read as {title}; save it as UTF-8 if letters look wrong."
    return text, [note]


def _refuse_binary(data: bytes, name: str) -> None:
    if b"\0" in data:
        raise DataError(
            f"'{name}' holds zero bytes, so it is not a text table. Upload a CSV file, "
            "or a Parquet file whose name ends in .parquet."
        )


def _is_utf8(data: bytes) -> bool:
    """Decode in blocks, so that a large text is not held twice."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(data), _BLOCK):
            decoder.decode(data[start : start + _BLOCK])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
