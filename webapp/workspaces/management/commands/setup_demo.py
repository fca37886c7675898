from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import transaction

from webapp.accounts.models import User
from webapp.gallery.loading import WrongTemplate
from webapp.workspaces.models import Membership, Role, Workspace


class Command(BaseCommand):
    help = "Make the first user, the workspace `demo` and the gallery, where they are not there yet."

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            user = User.objects.order_by("pk").first() or User.objects.create_user("owner", name="Owner")
            if not User.objects.filter(is_superuser=True).exists():
                # Whoever came first runs the studio, as long as nobody else was named.
                User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
            if not Workspace.objects.exists():
                demo = Workspace.objects.create(slug="demo", name="Demo")
                Membership.objects.create(workspace=demo, user=user, role=Role.OWNER)
        try:
            call_command("load_templates", stdout=self.stdout)
        except WrongTemplate as error:
            # A gallery that lacks a template is no reason not to start.
            self.stderr.write(f"The gallery stays as it was: {error}")
