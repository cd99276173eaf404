"""The one-machine installation's credentials: made once, kept private."""

import os
import secrets
from pathlib import Path
from typing import Any

import bcrypt
import yaml
from oslo_config import cfg

CLOUD = "servicevm"
USER = "admin"


def ensure(conf: cfg.ConfigOpts, endpoint: str) -> Path:
    """Write what clients and the api need to trust each other.

    ``auth_file`` (htpasswd) and ``clouds_file`` (clouds.yaml), mode 0600.
    The password is made at the first start and kept; the endpoint is
    written anew, because the port may change between starts.

    :param endpoint: ``http://host:port``
    :returns: path of the clouds.yaml
    """
    clouds = Path(conf.api.clouds_file)
    if conf.api.auth_strategy == "none":
        auth: dict[str, Any] = {
            "auth_type": "none",
            "auth": {"endpoint": endpoint},
        }
    else:
        password = _password(clouds)
        htpasswd = Path(conf.api.auth_file)
        if not _matches(htpasswd, password):
            # 4, the lowest cost: see servicevm.api.auth.
            stored = bcrypt.hashpw(password.encode(), bcrypt.gensalt(4))
            _write(htpasswd, f"{USER}:{stored.decode()}\n")
        auth = {
            "auth_type": "http_basic",
            "auth": {
                "endpoint": endpoint,
                "username": USER,
                "password": password,
            },
        }
    cloud = {
        **auth,
        "servicevm_endpoint_override": endpoint,
        "servicevm_api_version": "1",
    }
    _write(clouds, yaml.safe_dump({"clouds": {CLOUD: cloud}}, sort_keys=False))
    return clouds


def _password(clouds: Path) -> str:
    """The password in use, or a new one of 256 random bits."""
    try:
        found = yaml.safe_load(clouds.read_text())
        return str(found["clouds"][CLOUD]["auth"]["password"])
    except (FileNotFoundError, yaml.YAMLError, KeyError, TypeError):
        return secrets.token_urlsafe(32)


def _matches(htpasswd: Path, password: str) -> bool:
    try:
        lines = htpasswd.read_text().splitlines()
    except FileNotFoundError:
        return False
    for line in lines:
        user, _, stored = line.partition(":")
        if user == USER and stored.startswith("$2"):
            return bcrypt.checkpw(password.encode(), stored.encode())
    return False


def _write(path: Path, text: str) -> None:
    """Replace the file at once; nobody else ever reads it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
