from django.apps import AppConfig


class TriggersConfig(AppConfig):
    name = "webapp.triggers"
    label = "triggers"
