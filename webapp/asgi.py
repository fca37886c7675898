"""The web process: `uvicorn webapp.asgi:application --ws websockets-sansio`."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
django.setup()

# What follows needs the apps to be there.
from channels.routing import ProtocolTypeRouter  # noqa: E402

from webapp.handler import Handler  # noqa: E402
from webapp.live.lifespan import lifespan  # noqa: E402
from webapp.live.routing import sockets  # noqa: E402

application = ProtocolTypeRouter({"http": Handler(), "websocket": sockets, "lifespan": lifespan})
