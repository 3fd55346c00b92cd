"""The form of a customer that addresses, files and notes carry: it tells nothing by itself."""

from __future__ import annotations

import base64
import binascii

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from crm_core.errors import CrmError

#: The secret of the records that keys the codes.
SECRET = "url_key"  # noqa: S105 - its name, not its value


def customer_code(secret: bytes, key: int) -> str:
    """The customer's public form for addresses and files: nothing about others follows from it.

    >>> customer_code(bytes(32), 7) == customer_code(bytes(32), 7) != customer_code(bytes(32), 8)
    True
    """
    block = key.to_bytes(8, "big", signed=True) + bytes(8)
    sealed = _cipher(secret).encryptor().update(block)
    return base64.b32encode(sealed).decode().rstrip("=").lower()


def customer_key(secret: bytes, code: str) -> int:
    """The customer behind a public code.

    Raises: CrmError("privacy_unknown_customer") for a code this shop never gave.

    >>> customer_key(bytes(32), customer_code(bytes(32), -7))
    -7
    """
    try:
        sealed = base64.b32decode(code.strip().upper() + "======")
    except (binascii.Error, ValueError):
        raise CrmError("privacy_unknown_customer") from None
    block = _cipher(secret).decryptor().update(sealed) if len(sealed) == 16 else b""
    if block[8:] != bytes(8):
        raise CrmError("privacy_unknown_customer")
    return int.from_bytes(block[:8], "big", signed=True)


def _cipher(secret: bytes) -> Cipher[modes.ECB]:
    # One block, never the same twice: the mode that does nothing between blocks is the right one.
    return Cipher(algorithms.AES(secret[:16]), modes.ECB())  # noqa: S305  # nosec B305
