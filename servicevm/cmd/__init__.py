"""Programs of the service.

The base install is SDK and command line only; these entry points say so
where the server's parts are missing.
"""

import sys
from importlib import import_module

__all__ = [
    "run_conductor",
    "run_manage",
    "run_policy_generator",
    "run_policy_validator",
    "run_relay",
    "run_standalone",
    "run_status",
]


def _main(module: str) -> int:
    try:
        main = import_module(f"servicevm.cmd.{module.replace('-', '_')}").main
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("servicevm"):
            raise
        print(
            f"servicevm-{module}: the Python module {error.name} is missing. "
            "Install the server's parts: pip install 'servicevm[server]'",
            file=sys.stderr,
        )
        return 1
    code: int = main()
    return code


def run_conductor() -> int:
    """``servicevm-conductor``"""
    return _main("conductor")


def run_manage() -> int:
    """``servicevm-manage``"""
    return _main("manage")


def run_policy_generator() -> int:
    """``servicevm-policy-generator``"""
    return _main("policy-generator")


def run_policy_validator() -> int:
    """``servicevm-policy-validator``"""
    return _main("policy-validator")


def run_relay() -> int:
    """``servicevm-relay``"""
    return _main("relay")


def run_standalone() -> int:
    """``servicevm-standalone``"""
    return _main("standalone")


def run_status() -> int:
    """``servicevm-status``"""
    return _main("status")
