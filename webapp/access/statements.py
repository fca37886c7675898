"""What a key opens, said within a statement of its own: for the two things that every run begins with.

They are asked for on the event loop, past the ORM and the threads that it needs. A key that wasn't used for an hour, or
that may not, gets no row here; it then takes the way of `webapp.access.scope`, which says why, and notes its use.
"""

from functools import cache
from typing import Any

from webapp.access.tokens import digest
from webapp.workspaces.models import Role

KEY = """
    SELECT k.id, k.workspace_id, k.created_by_id, k.most_queued FROM workspaces_apikey k
    WHERE k.digest = %(digest)s AND k.role = ANY(%(roles)s::text[]) AND k.used > now() - interval '1 hour'
"""


def key_values(authorization: str, needed: Role) -> dict[str, Any] | None:
    """What `KEY` is to be asked with; None where the header holds no key."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.startswith("gs_"):
        return None
    return {"digest": digest(token.strip()), "roles": _at_least(needed)}


@cache
def _at_least(needed: Role) -> str:
    """As Postgres writes an array."""
    return "{" + ",".join(role.value for role in Role if role.covers(needed)) + "}"
