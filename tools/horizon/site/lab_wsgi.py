"""Horizon and its static files, without a web server in front."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openstack_dashboard.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from whitenoise import WhiteNoise

# Horizon serves its static files itself only while DEBUG is on.
_files = WhiteNoise(
    get_wsgi_application(),
    root=settings.STATIC_ROOT,
    prefix=settings.STATIC_URL,
)


def application(environ, start_response):
    """As Apache does, take two slashes for one: a theme writes some."""
    environ["PATH_INFO"] = environ["PATH_INFO"].replace("//", "/")
    return _files(environ, start_response)
