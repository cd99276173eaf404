"""keystoneauth's options of ``[nova]``: who logs in, and how."""

from keystoneauth1 import loading
from oslo_config import cfg

__all__ = ["GROUP", "auth_opts", "configured", "register"]

GROUP = "nova"

#: Seconds that one request may take, where ``[nova] timeout`` is not set.
TIMEOUT = 60.0


def auth_opts() -> list[cfg.Opt]:
    """keystoneauth's options of ``[nova]``, for the sample file."""
    opts: list[cfg.Opt] = [
        *loading.get_auth_common_conf_options(),
        *loading.get_auth_plugin_conf_options("password"),
        *loading.get_session_conf_options(),
    ]
    cfg.set_defaults(opts, timeout=TIMEOUT)
    unique = {opt.dest: opt for opt in opts}
    return [unique[name] for name in sorted(unique)]


def register(conf: cfg.ConfigOpts) -> None:
    """Register keystoneauth's options; twice does no harm."""
    loading.register_auth_conf_options(conf, GROUP)
    loading.register_session_conf_options(conf, GROUP)
    conf.set_default("timeout", TIMEOUT, group=GROUP)


def configured(conf: cfg.ConfigOpts) -> bool:
    """Whether ``[nova]`` says how to log in."""
    register(conf)
    options = conf[GROUP]
    return bool(conf[options.auth_section or GROUP].auth_type)
