"""Adding servers, changing cards, deleting models."""

import hashlib
import re
from typing import Any

from webapp.api.problems import Problem
from webapp.collections.models import Collection
from webapp.models import servers, shelf, workers
from webapp.models.models import OfferedModel

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*", re.ASCII)
_NAMES = {starter.name for starter in shelf.STARTERS}


def add_server(name: str, said: dict[str, Any], price: dict[str, Any] | None) -> None:
    """Raises Problem: a name that is taken or none, an address that cannot be used, a server that does not answer."""
    if not _NAME.fullmatch(name):
        raise _wrong("name", f"{name!r} is no name: letters, digits, dots, dashes and underscores.")
    if name in shelf.cards() or name in _NAMES or shelf.folder_of(name).exists():
        raise Problem(409, "There is a model of this name", f"{name} is taken; choose another name.")
    server = servers.sealed(said)
    learnt = servers.try_out(server, said["task"])
    card = {"name": name, "title": name, "task": said["task"], "licence": "", "source": f"server:{server['url']}"}
    numbers = {"bytes": 0, "files": {}, "revision": servers.revision_of(server), **learnt}
    _write({**card, **numbers, "server": server} | ({"price": price} if price else {}))


def change(name: str, said: dict[str, Any]) -> None:
    """Raises Problem."""
    card = dict(_card(name))
    if said.get("server") is not None:
        if "server" not in card:
            raise _wrong("server", f"{name} lies on the disk; it is no server.")
        card["server"] = servers.sealed(said["server"], card["server"])
        card |= servers.try_out(card["server"], card["task"])
        card |= {"revision": servers.revision_of(card["server"]), "source": f"server:{card['server']['url']}"}
    if said.get("title"):
        card["title"] = said["title"]
    if "price" in said:
        card["price"] = said["price"]
    if said.get("quantised"):
        card = _quantised(card, said["quantised"])
    _write({key: value for key, value in card.items() if value is not None})


def delete(name: str) -> None:
    """Raises Problem: it is not there, or a collection's vectors are made by it."""
    _card(name)
    if Collection.objects.filter(encoder=name).exists():
        msg = "Collections are searched with this encoder. Delete those first, or make them anew with another."
        raise Problem(409, "This model is in use", msg)
    try:
        shelf.remove(name)
    except OSError as error:
        raise Problem(409, "It could not be deleted", f"The folder of {name} stays: {error.strerror}.") from error
    OfferedModel.objects.filter(name=name).delete()
    workers.tell_gone(name)


def _quantised(card: dict[str, Any], how: str) -> dict[str, Any]:
    """Other numbers give other answers, so the revision is another one, too; without, it is that of the files."""
    if card.get("server") or card.get("task") != "text":
        raise _wrong("quantised", "Only language models on the disk can be held in another form.")
    files = card.get("files") or {}
    plain = hashlib.sha256("".join(f"{path}\0{files[path]}\n" for path in sorted(files)).encode()).hexdigest()
    if how == "none":
        return {**card, "quantised": None, "revision": plain}
    return {**card, "quantised": how, "revision": hashlib.sha256(f"{plain}\0{how}".encode()).hexdigest()}


def _card(name: str) -> dict[str, Any]:
    card = shelf.cards().get(name)
    if card is None:
        raise Problem(404, "There is no such model", "It is not on this server's disk.")
    return card


def _write(card: dict[str, Any]) -> None:
    try:
        shelf.write(card)
    except OSError as error:
        raise Problem(
            409, "It could not be kept", f"The folder of models cannot be written: {error.strerror}."
        ) from error


def _wrong(field: str, msg: str) -> Problem:
    return Problem(422, "This cannot be", msg, [{"loc": ["body", field], "msg": msg}])
