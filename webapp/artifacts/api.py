"""Files in, and bytes out."""

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.http.response import HttpResponseNotModified
from django.utils.http import content_disposition_header, parse_etags
from ninja import File, Path, Query, Router, Schema, Status
from ninja.files import UploadedFile

from webapp.access import Role, caller_of, visible, workspace_of
from webapp.api.problems import Problem, problem
from webapp.artifacts import store
from webapp.artifacts.media import PASSIVE
from webapp.artifacts.models import Holding
from webapp.artifacts.ranges import Unsatisfiable, asked
from webapp.workspaces.api import Slug

router = Router(tags=["artifacts"])

Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]


class UploadOut(Schema):
    digest: str
    type: str
    size: int
    name: str


@router.post("/workspaces/{slug}/uploads", response={201: UploadOut})
def upload(request: HttpRequest, slug: Slug, file: Annotated[UploadedFile, File()]) -> Any:
    """What a file input takes is `{"artifact": digest}`. The same bytes are kept once."""
    workspace = workspace_of(caller_of(request), slug, Role.RUNNER)
    kept = store.keep(file.chunks(store.CHUNK), workspace, file.name or "", file.content_type or "")
    return Status(201, {"digest": kept.digest, "type": kept.media, "size": kept.size, "name": kept.name})


@router.get(
    "/artifacts/{digest}",
    response={200: None},
    openapi_extra={"responses": {200: {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}}},
)
def get_artifact(
    request: HttpRequest, digest: Digest, download: Annotated[bool, Query(description="As an attachment.")] = False
) -> Any:
    """The bytes, whole or `Range: bytes=...` of them."""
    held = visible(caller_of(request), Holding).filter(artifact_id=digest).select_related("artifact").first()
    if held is None:
        raise Problem(404)
    etag = f'"{digest}"'
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        return _described(HttpResponseNotModified(), held, download)
    size = store.size_of(digest)
    if size is None:
        raise Problem(404)
    response = _bytes(request, size, held, etag)
    return response if response.status_code == 416 else _described(response, held, download)


def _bytes(request: HttpRequest, size: int, held: Holding, etag: str) -> HttpResponseBase:
    wanted = request.headers.get("Range") if request.headers.get("If-Range", etag) == etag else None
    try:
        part = asked(wanted, size)
    except Unsatisfiable:
        response: HttpResponseBase = problem(416, detail=f"The file has {size} bytes.")
        response.headers["Content-Range"] = f"bytes */{size}"
        return response
    start, end = part or (0, size)
    response = StreamingHttpResponse(store.read_range(held.artifact_id, start, end), status=206 if part else 200)
    response.headers["Content-Length"] = str(end - start)
    response.headers["Content-Type"] = _type(held.artifact.media)
    if part:
        response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return response


def _described(response: HttpResponseBase, held: Holding, download: bool) -> HttpResponseBase:
    """Only what a browser shows without running it is shown in place, and even that in a sandbox."""
    media = held.artifact.media
    passive = PASSIVE.fullmatch(media) is not None
    disposition = content_disposition_header(download or not passive, held.name or held.artifact_id[:12])
    if disposition:
        response.headers["Content-Disposition"] = disposition
    response.headers["ETag"] = f'"{held.artifact_id}"'
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    response.headers["Vary"] = "Authorization, Cookie"
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    # Browsers refuse to show a PDF in a sandbox; their readers of it are one.
    sandbox = "" if media == "application/pdf" else "; sandbox"
    response.headers["Content-Security-Policy"] = f"default-src 'none'; frame-ancestors 'self'{sandbox}"
    return response


def _type(media: str) -> str:
    return f"{media}; charset=utf-8" if media.startswith("text/") else media
