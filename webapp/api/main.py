"""The HTTP interface under `/api/v1`; each app's `api.py` is a router of it."""

from ninja import NinjaAPI

api = NinjaAPI(title="GenAISys Studio", version="1", docs_url=None, openapi_url="/openapi.json")
