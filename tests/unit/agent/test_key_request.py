"""A key and its request, by libcrypto and by the program."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from servicevm_agent.key_request import KeyRequestError, by_program, make

OPENSSL = shutil.which("openssl") or "/usr/bin/openssl"


@pytest.mark.parametrize("way", [make, by_program])
def test_the_request_is_signed_by_the_fresh_p256_key(
    way: Callable[[str, str], tuple[bytes, bytes]], tmp_path: Path
) -> None:
    scratch = tmp_path / "scratch"
    pem, csr = way(OPENSSL, str(scratch))
    assert not scratch.exists()
    key = serialization.load_pem_private_key(pem, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert isinstance(key.curve, ec.SECP256R1)
    request = x509.load_pem_x509_csr(csr)
    assert request.is_signature_valid
    assert request.public_key() == key.public_key()
    assert way(OPENSSL, str(scratch))[0] != pem


def test_a_missing_program_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(KeyRequestError, match="openssl"):
        by_program(str(tmp_path / "none"), str(tmp_path / "scratch"))
