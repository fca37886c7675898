"""Who may see and do what. Every query that serves a caller starts with `visible`, `one` or `require`."""

from webapp.access.caller import Caller, by_key, by_user, caller_of
from webapp.access.scope import one, require, visible, workspace_of
from webapp.workspaces.models import Role

__all__ = ["Caller", "Role", "by_key", "by_user", "caller_of", "one", "require", "visible", "workspace_of"]
