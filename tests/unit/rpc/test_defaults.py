from oslo_config import cfg

from servicevm.rpc import bus, defaults


def test_what_we_recommend_are_options_that_exist() -> None:
    conf = cfg.ConfigOpts()
    conf([], project="servicevm", default_config_files=[])
    for group, opts in bus.messaging_opts.list_opts():
        if group == "oslo_messaging_rabbit":
            conf.register_opts(opts, group)
    defaults.recommend(conf)
    for name, value in defaults.RECOMMENDED.items():
        assert conf.oslo_messaging_rabbit[name] == value


def test_nothing_is_patched() -> None:
    from oslo_utils import eventletutils

    assert not eventletutils.is_monkey_patched("thread")
