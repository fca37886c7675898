from django.apps import AppConfig


class ModelsConfig(AppConfig):
    name = "webapp.models"
    label = "models"
