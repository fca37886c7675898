from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webapp.workspaces.actions import make_key
from webapp.workspaces.models import Role, Workspace


class Command(BaseCommand):
    help = "Make an API key of a workspace and print it, once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("workspace", help="the workspace's slug, such as demo")
        parser.add_argument("--role", choices=Role.values, default=Role.RUNNER.value, help="what the key may do")
        parser.add_argument("--name", default="command line", help="what it is for")

    def handle(self, *args: Any, workspace: str, role: str, name: str, **options: Any) -> None:
        found = Workspace.objects.filter(slug=workspace).first()
        if found is None:
            there = ", ".join(Workspace.objects.order_by("slug").values_list("slug", flat=True)[:20]) or "none"
            raise CommandError(f"There is no workspace {workspace!r}. There are: {there}.")
        _, secret = make_key(found, name[:120], Role(role))
        self.stdout.write(secret)
