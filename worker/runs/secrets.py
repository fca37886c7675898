"""A workspace's secret, opened for the step that asks for it and kept nowhere."""

from __future__ import annotations

from psycopg import Error

from pipelines.node import NodeError
from webapp.secrets.seal import CannotUnseal, unseal
from worker.artifacts import StoreUnavailable
from worker.runs.pool import Pool, ask

SEALED = "SELECT sealed FROM secrets_secret WHERE workspace_id = %s AND name = %s"


async def reveal(pool: Pool, workspace: int, name: str, secret_key: str) -> str:
    """Raises NodeError when there is none of that name, or when it was sealed by another studio's key."""
    try:
        row = await ask(pool, SEALED, (workspace, name))
    except Error as error:
        raise StoreUnavailable("The database that keeps the secrets did not answer.", "Try again.") from error
    if row is None:
        raise NodeError(f"This workspace has no secret {name!r}.", "Add it on the workspace's settings page.")
    try:
        return unseal(row[0], secret_key)
    except CannotUnseal as error:
        hint = "Write its value anew on the workspace's settings page."
        raise NodeError(f"The secret {name!r} can't be opened by this studio.", hint) from error
