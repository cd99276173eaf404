"""``servicevm.wsgi.api:application``, for gunicorn, uWSGI and others.

::

    gunicorn --threads 8 --workers 2 servicevm.wsgi.api:application
    uwsgi --http 127.0.0.1:9890 --master --processes 2 --enable-threads \\
        --threads 8 --lazy-apps --need-app --module servicevm.wsgi.api

Configuration comes from the files that the environment variable
``OS_SERVICEVM_CONFIG_FILE`` names (parted by colons), else from
oslo.config's usual places, ``/etc/servicevm/servicevm.conf`` for one.
"""

from servicevm.wsgi import server

__all__ = ["application"]

application = server.load()
