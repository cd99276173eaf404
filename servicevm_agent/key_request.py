"""Make a key and the request for its certificate.

By the libcrypto that Python's TLS has loaded already: to start the program
``openssl`` takes an emulated device a quarter of a second. Where it is older
than 3.0, the program does it.
"""

from __future__ import annotations

import ctypes
import os
from typing import Any, Callable, List, Tuple

_CURVE = b"prime256v1"
_SUBJECT = b"device"
_MBSTRING_ASC = 0x1001
_MOST = 1 << 16
_PROGRAM_TIMEOUT = 60.0

#: Name to (what it returns is a pointer, number of its arguments).
_FUNCTIONS = {
    "BIO_free": (False, 1),
    "BIO_new": (True, 1),
    "BIO_read": (False, 3),
    "BIO_s_mem": (True, 0),
    "ERR_clear_error": (False, 0),
    "EVP_PKEY_CTX_free": (False, 1),
    "EVP_PKEY_CTX_new_from_name": (True, 3),
    "EVP_PKEY_CTX_set_group_name": (False, 2),
    "EVP_PKEY_free": (False, 1),
    "EVP_PKEY_generate": (False, 2),
    "EVP_PKEY_keygen_init": (False, 1),
    "EVP_sha256": (True, 0),
    "PEM_write_bio_PrivateKey": (False, 7),
    "PEM_write_bio_X509_REQ": (False, 2),
    "X509_NAME_add_entry_by_txt": (False, 7),
    "X509_REQ_free": (False, 1),
    "X509_REQ_get_subject_name": (True, 1),
    "X509_REQ_new": (True, 0),
    "X509_REQ_set_pubkey": (False, 2),
    "X509_REQ_set_version": (False, 2),
    "X509_REQ_sign": (False, 3),
}
#: Their arguments that are integers; all others are pointers.
_INTEGERS = {
    ("BIO_read", 2): ctypes.c_int,
    ("PEM_write_bio_PrivateKey", 4): ctypes.c_int,
    ("X509_NAME_add_entry_by_txt", 2): ctypes.c_int,
    ("X509_NAME_add_entry_by_txt", 4): ctypes.c_int,
    ("X509_NAME_add_entry_by_txt", 5): ctypes.c_int,
    ("X509_NAME_add_entry_by_txt", 6): ctypes.c_int,
    ("X509_REQ_set_version", 1): ctypes.c_long,
}


class KeyRequestError(Exception):
    """There is no way to make a key here, or it failed."""


def make(openssl: str, scratch: str) -> Tuple[bytes, bytes]:
    """Return a fresh P-256 key and a certificate request for it, PEM.

    :param openssl: path of the program
    :param scratch: path of a file that the program may write the key to; it
        is gone afterwards
    :raises KeyRequestError: it does not work
    """
    try:
        libcrypto = _Libcrypto()
    except (AttributeError, OSError):
        return by_program(openssl, scratch)
    return libcrypto.make()


def by_program(openssl: str, scratch: str) -> Tuple[bytes, bytes]:
    """As `make`, always by the program."""
    import subprocess  # takes long to load, and is hardly ever needed

    command = [openssl, "req", "-new", "-newkey", "ec"]
    command += ["-pkeyopt", f"ec_paramgen_curve:{_CURVE.decode()}", "-nodes"]
    command += ["-config", os.devnull, "-subj", f"/CN={_SUBJECT.decode()}"]
    command += ["-keyout", scratch]
    # openssl writes its key with the umask of its process.
    old = os.umask(0o077)
    try:
        made = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PROGRAM_TIMEOUT,
            env={},
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise KeyRequestError(f"openssl: {error}") from None
    finally:
        os.umask(old)
    if made.returncode:
        raise KeyRequestError(made.stderr.decode("utf-8", "replace")[:500])
    with open(scratch, "rb") as file:
        key = file.read()
    os.unlink(scratch)
    return key, made.stdout


class _Libcrypto:
    """:raises AttributeError: a function is missing
    :raises OSError: it cannot be loaded
    """

    def __init__(self) -> None:
        import _ssl

        # A handle of the extension finds what that was linked with: the one
        # libcrypto that is loaded already, whatever it is called.
        library = ctypes.CDLL(getattr(_ssl, "__file__", None))
        self._functions = {
            name: _function(library, name, *shape)
            for name, shape in _FUNCTIONS.items()
        }

    def make(self) -> Tuple[bytes, bytes]:
        """:raises KeyRequestError: libcrypto refuses"""
        undo: List[Callable[[], Any]] = []
        try:
            key = self._key(undo)
            request = self._made("X509_REQ_new", "X509_REQ_free", undo)
            subject = self._call("X509_REQ_get_subject_name", request)
            self._call("X509_REQ_set_version", request, 0)
            self._call(
                "X509_NAME_add_entry_by_txt",
                subject, b"CN", _MBSTRING_ASC, _SUBJECT, -1, -1, 0,
            )  # fmt: skip
            self._call("X509_REQ_set_pubkey", request, key)
            sha256 = self._call("EVP_sha256")
            self._call("X509_REQ_sign", request, key, sha256)
            nothing = (None, None, 0, None, None)
            return (
                self._pem("PEM_write_bio_PrivateKey", undo, key, *nothing),
                self._pem("PEM_write_bio_X509_REQ", undo, request),
            )
        finally:
            for one in reversed(undo):
                one()

    def _key(self, undo: List[Callable[[], Any]]) -> int:
        context = self._made(
            "EVP_PKEY_CTX_new_from_name",
            "EVP_PKEY_CTX_free",
            undo,
            None, b"EC", None,
        )  # fmt: skip
        self._call("EVP_PKEY_keygen_init", context)
        self._call("EVP_PKEY_CTX_set_group_name", context, _CURVE)
        key = ctypes.c_void_p()
        self._call("EVP_PKEY_generate", context, ctypes.byref(key))
        found = key.value or 0
        undo.append(lambda: self._functions["EVP_PKEY_free"](found))
        return found

    def _pem(
        self, name: str, undo: List[Callable[[], Any]], *arguments: Any
    ) -> bytes:
        kind = self._call("BIO_s_mem")
        bio = self._made("BIO_new", "BIO_free", undo, kind)
        self._call(name, bio, *arguments)
        buffer = ctypes.create_string_buffer(_MOST)
        size: int = self._call("BIO_read", bio, buffer, _MOST)
        return buffer.raw[:size]

    def _made(
        self,
        name: str,
        free: str,
        undo: List[Callable[[], Any]],
        *arguments: Any,
    ) -> Any:
        found = self._call(name, *arguments)
        undo.append(lambda: self._functions[free](found))
        return found

    def _call(self, name: str, *arguments: Any) -> Any:
        found = self._functions[name](*arguments)
        if not found or found < 0:
            # Python's TLS would take it for an error of its own.
            self._functions["ERR_clear_error"]()
            raise KeyRequestError(f"{name} failed")
        return found


def _function(
    library: ctypes.CDLL, name: str, is_pointer: bool, count: int
) -> Any:
    function = getattr(library, name)
    function.restype = ctypes.c_void_p if is_pointer else ctypes.c_int
    function.argtypes = [
        _INTEGERS.get((name, at), ctypes.c_void_p) for at in range(count)
    ]
    return function
