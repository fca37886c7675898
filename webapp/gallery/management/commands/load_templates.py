from typing import Any

from django.core.management.base import BaseCommand

from webapp.gallery.loading import load_all


class Command(BaseCommand):
    help = "Bring the gallery in line with the files in templates/."

    def handle(self, *args: Any, **options: Any) -> None:
        slugs = load_all()
        self.stdout.write(f"{len(slugs)} templates: {', '.join(slugs)}")
