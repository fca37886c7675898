from django.apps import AppConfig


class CollectionsConfig(AppConfig):
    name = "webapp.collections"
    label = "collections"
