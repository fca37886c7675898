"""Where a distribution file may be had: through pip's own configuration, by the simple index API."""

from __future__ import annotations

import configparser
import os
import re
import ssl
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit
from urllib.request import url2pathname

import certifi
import httpx

ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"


@dataclass(frozen=True)
class PipConfiguration:
    """What pip was told about where packages come from."""

    indexes: tuple[str, ...]
    links: tuple[str, ...]
    certificate: str | None = None
    proxy: str | None = None
    trusted: tuple[str, ...] = ()

    def client(self, url: str) -> httpx.Client:
        """An HTTP client that trusts what pip would trust at `url`."""
        host = urlsplit(url).hostname or ""
        trusted = any(host == entry.rsplit(":", 1)[0] for entry in self.trusted)
        return httpx.Client(
            verify=False if trusted else self._certificates(),  # pip's own `trusted-host`
            proxy=self.proxy,
            timeout=httpx.Timeout(30.0, read=60.0),
            follow_redirects=True,
        )

    def _certificates(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.load_verify_locations(certifi.where())
        if self.certificate:
            context.load_verify_locations(self.certificate)
        return context


def candidates(package: str, filename: str, pip: PipConfiguration) -> Iterator[str]:
    """Places that have `filename`, nearest first: paths as `file:` addresses, then addresses.

    A place that doesn't answer is passed over; the last such error is raised when no place has the file at all.
    """
    troubles: list[Exception] = []
    found = False
    for place, by_project in _places(pip):
        page = f"{place.rstrip('/')}/{_normal(package)}/" if by_project else place
        try:
            for address in _links(page, pip):
                if unquote(urlsplit(address).path).rsplit("/", 1)[-1] == filename:
                    found = True
                    yield address
        except (httpx.HTTPError, OSError, ValueError) as error:
            troubles.append(error)
    if not found and troubles:
        raise troubles[-1]


def pip_configuration() -> PipConfiguration:
    """Read pip's files and environment, the environment last, as pip does. Raises nothing: a broken file is skipped."""
    said: dict[str, str] = {}
    for file in _pip_files():
        said |= _read(file)
    for key, value in os.environ.items():
        if key.startswith("PIP_") and value:
            said[key[4:].lower().replace("_", "-")] = value
    alone = said.get("no-index", "").lower() in {"1", "true", "yes", "on"}
    index = said.get("index-url") or _default_index()
    indexes = [*([index] if index else []), *said.get("extra-index-url", "").split()]
    return PipConfiguration(
        indexes=() if alone else tuple(indexes),
        links=tuple(said.get("find-links", "").split()),
        certificate=said.get("cert") or os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE"),
        proxy=said.get("proxy"),
        trusted=tuple(said.get("trusted-host", "").split()),
    )


def _default_index() -> str:
    """The one pip itself uses when it is told of none; empty where there is no pip to ask."""
    try:
        from pip._internal.models.index import PyPI
    except ImportError:
        return ""
    return str(PyPI.simple_url)


def local_path(address: str) -> Path | None:
    """The path that a `file:` address or a bare path means; None for anything on the network."""
    parts = urlsplit(address)
    if parts.scheme == "file":
        return Path(url2pathname(parts.path))
    return None if parts.scheme in {"http", "https"} else Path(address).expanduser()


def _pip_files() -> Iterator[Path]:
    named = os.environ.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return
    for folder in reversed(os.environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(os.pathsep)):
        yield Path(folder) / "pip" / "pip.conf"
    yield Path("/etc/pip.conf")
    yield Path.home() / ".pip" / "pip.conf"
    yield Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "pip" / "pip.conf"
    yield Path(sys.prefix) / "pip.conf"
    if named:
        yield Path(named)


def _read(file: Path) -> dict[str, str]:
    parser = configparser.RawConfigParser()
    try:
        parser.read(file, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError, OSError):
        return {}
    said: dict[str, str] = {}
    for section in ("global", "install", "download"):
        if parser.has_section(section):
            said |= {key.replace("_", "-"): value for key, value in parser.items(section)}
    return said


def _places(pip: PipConfiguration) -> Iterator[tuple[str, bool]]:
    """Each place with whether it has a page a project; what lies on this machine comes first."""
    places = [(link, False) for link in pip.links] + [(index, True) for index in pip.indexes]
    yield from sorted(places, key=lambda place: local_path(place[0]) is None)


def _links(page: str, pip: PipConfiguration) -> Iterator[str]:
    folder = local_path(page)
    if folder is not None:
        yield from _links_in_folder(folder)
        return
    with pip.client(page) as client:
        answer = client.get(page, headers={"Accept": ACCEPT})
        if answer.status_code == httpx.codes.NOT_FOUND:
            return
        answer.raise_for_status()
    if "json" in answer.headers.get("content-type", ""):
        hrefs = [str(file["url"]) for file in answer.json()["files"]]
    else:
        hrefs = _hrefs(answer.text)
    for href in hrefs:
        yield urldefrag(urljoin(str(answer.url), href)).url


def _links_in_folder(folder: Path) -> Iterator[str]:
    if folder.is_file():
        folder, page = folder.parent, folder
    else:
        page = folder / "index.html"
        yield from (file.absolute().as_uri() for file in sorted(folder.glob("*.whl")))
    if page.suffix == ".whl":
        yield page.absolute().as_uri()
    elif page.is_file():
        for href in _hrefs(page.read_text(encoding="utf-8", errors="replace")):
            yield urldefrag(urljoin(folder.absolute().as_uri() + "/", href)).url


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.hrefs: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hrefs += [value for key, value in attrs if tag == "a" and key == "href" and value]


def _hrefs(page: str) -> list[str]:
    anchors = _Anchors()
    anchors.feed(page)
    return anchors.hrefs


def _normal(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).lower()
