"""Names for array types, and the one way to freeze an array inside a record."""

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def frozen(values: Any, dtype: Any) -> NDArray[Any]:
    """Return a read-only array of `dtype`, copying only where the caller could write.

    A record that shares memory with a writable array could change after it was
    checked; one that is already read-only is shared as it is.
    """
    array = np.asarray(values, dtype=dtype)
    is_shared = array is values or array.base is not None
    if is_shared and array.flags.writeable:
        array = array.copy()
    array.flags.writeable = False
    return array


def digest_of(parts: Iterable[bytes]) -> str:
    """Return a 128-bit BLAKE2 digest of the parts, with their lengths told apart."""
    h = hashlib.blake2b(digest_size=16)
    for part in parts:
        h.update(len(part).to_bytes(8, "little"))
        h.update(part)
    return h.hexdigest()
