from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webapp.accounts.actions import make_entry_token
from webapp.accounts.models import User


class Command(BaseCommand):
    help = "Print a path that signs a user in, once: `/enter/<token>`. It holds for twelve hours."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", help="the name they sign in with; the first user where none is given")
        parser.add_argument("--base", default="", help="what to print before it, such as http://127.0.0.1:8000")

    def handle(self, *args: Any, user: str | None, base: str, **options: Any) -> None:
        people = User.objects.filter(is_active=True).order_by("pk")
        found = (people.filter(username=user) if user else people).first()
        if found is None:
            raise CommandError(f"There is no user {user!r}." if user else "There is no user yet: run setup_demo.")
        self.stdout.write(f"{base.rstrip('/')}/enter/{make_entry_token(found)}")
