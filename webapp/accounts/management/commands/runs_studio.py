from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from webapp.accounts.models import User


class Command(BaseCommand):
    help = "Let a user run the studio: add models that are servers, change and delete models."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="the name they sign in with")
        parser.add_argument("--no-longer", action="store_true", help="take the right away")

    def handle(self, *args: Any, user: str, no_longer: bool, **options: Any) -> None:
        changed = User.objects.filter(username=user).update(is_staff=not no_longer, is_superuser=not no_longer)
        if not changed:
            raise CommandError(f"There is no user {user!r}.")
        self.stdout.write(f"{user} {'no longer runs' if no_longer else 'runs'} the studio.")
