"""The web is asked only where that is allowed, and says what went wrong. The servers are real ones, on this machine."""

import asyncio
import gzip
import json
import resource
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import brotli  # type: ignore[import-untyped]
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from pipelines.node import NOTHING, Context, NodeError
from pipelines.nodes.web.allowed import VARIABLE, NotAllowed, NotFound, is_public, place_of
from pipelines.nodes.web.get import Unreachable, WebGet, _origin, certificates, checked

CTX = cast(Context, None)
Answer = Callable[[str, dict[str, str]], Awaitable[tuple[str, dict[str, str], bytes]]]


@asynccontextmanager
async def server(answer: Answer, secure: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """`answer` gets path and headers and gives status line, headers and body; yields host and port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        sent = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        status, headers, body = await answer(head[0].split()[1], sent)
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers.items())]
        writer.write("\r\n".join([*lines, f"Content-Length: {len(body)}", "Connection: close", "", ""]).encode())
        try:
            writer.write(body)
            await writer.drain()
        except ConnectionError:
            pass  # who asked has heard enough
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=500, ssl=secure)
    async with listening:
        yield f"127.0.0.1:{listening.sockets[0].getsockname()[1]}"


def saying(status: str, body: bytes, **headers: str) -> Answer:
    async def answer(path: str, sent: dict[str, str]) -> tuple[str, dict[str, str], bytes]:
        return status, {name.replace("_", "-"): value for name, value in headers.items()}, body

    return answer


@pytest.fixture
def allow(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    monkeypatch.delenv(VARIABLE, raising=False)
    return lambda hosts: monkeypatch.setenv(VARIABLE, hosts)


async def test_data_comes_as_json_and_as_text(allow: Any) -> None:
    async with server(saying("200 OK", b'{"a": [1]}', Content_Type="application/json")) as place:
        allow(f"example.org, {place}")
        text, data, status = await WebGet().run(CTX, f" http://{place}/x?y=1 ")
    assert (text, data, status) == ('{"a": [1]}', {"a": [1]}, 200.0)


async def test_a_page_comes_as_its_text(allow: Any) -> None:
    page = "<html><body><h1>Pumps</h1><p>They <b>lift</b> wäter.</p><script>no()</script></body></html>".encode()
    async with server(saying("200 OK", page, Content_Type="text/html; charset=utf-8")) as place:
        allow(place)
        text, data, _ = await WebGet().run(CTX, f"http://{place}/")
        assert "They lift wäter." in text
        assert "<" not in text
        assert "no()" not in text
        assert data is NOTHING
        assert (await WebGet(readable=False).run(CTX, f"http://{place}/")).text == page.decode()


async def test_other_letters_are_read_by_their_own_table(allow: Any) -> None:
    async with server(saying("200 OK", "é".encode("latin-1"), Content_Type="text/plain; charset=latin-1")) as place:
        allow(place)
        assert (await WebGet().run(CTX, f"http://{place}/")).text == "é"


@pytest.mark.parametrize(
    ("status", "body", "headers", "error", "said"),
    [
        ("404 Not Found", b"", {}, NodeError, "answered 404 Not Found"),
        ("503 Busy", b"", {}, Unreachable, "answered 503 Busy"),
        ("429 Slow Down", b"", {}, Unreachable, "can't just now"),
        ("200 OK", b"{", {"Content_Type": "application/json"}, NodeError, "says that it is JSON"),
        ("200 OK", b"NaN", {"Content_Type": "application/json"}, NodeError, "says that it is JSON"),
        ("200 OK", b"\x89PNG", {"Content_Type": "image/png"}, NodeError, "no text but image/png"),
        ("200 OK", b"x" * 3_000, {}, NodeError, "longer than 2 kB"),
        ("200 OK", gzip.compress(b"x" * 900_000), {"Content_Encoding": "gzip"}, NodeError, r"packed its answer \(gzip"),
        ("200 OK", b"x" * 3_000, {"Content_Encoding": "gzip"}, NodeError, "longer than 2 kB"),
        ("404 Not Found", b"x", {"Content_Encoding": "gzip"}, NodeError, "answered 404"),
        ("302 Found", b"", {"Location": "http://169.254.169.254/secrets"}, NotAllowed, "169.254.169.254"),
        ("302 Found", b"", {"Location": "file:///etc/passwd"}, NodeError, "no web address"),
        ("302 Found", b"", {"Location": "/again"}, NodeError, "more than 5 times"),
    ],
)
async def test_what_goes_wrong_is_said(
    allow: Any, status: str, body: bytes, headers: dict[str, str], error: type[NodeError], said: str
) -> None:
    async with server(saying(status, body, **headers)) as place:
        allow(place)
        with pytest.raises(error, match=said) as raised:
            await WebGet(most_kilobytes=2).run(CTX, f"http://{place}/")
    assert type(raised.value) is error
    assert raised.value.hint


async def test_a_server_that_does_not_answer(allow: Any) -> None:
    async def never(path: str, sent: dict[str, str]) -> Any:
        await asyncio.Event().wait()

    async with server(never) as place:
        allow(place)
        with pytest.raises(Unreachable, match="no whole answer"):
            await WebGet(seconds=0.05).run(CTX, f"http://{place}/")
    with pytest.raises(Unreachable, match="connection failed"):
        await WebGet().run(CTX, f"http://{place}/")  # it is gone now


async def test_a_packed_answer_is_not_asked_for_and_never_unpacked(allow: Any) -> None:
    """It would be 500 MB, by whatever unpacks it: that would show in the most that this process ever held."""
    packer = brotli.Compressor(quality=1, lgwin=24)
    bomb = b"".join(packer.process(bytes(1 << 20)) for _ in range(500)) + packer.finish()
    wanted: list[str] = []

    async def answer(path: str, sent: dict[str, str]) -> tuple[str, dict[str, str], bytes]:
        wanted.append(sent["accept-encoding"])
        return "200 OK", {"Content-Encoding": "br", "Content-Type": "text/plain"}, bomb

    async with server(answer) as place:
        allow(place)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # kB
        with pytest.raises(NodeError, match=r"packed its answer \(br\)"):
            await WebGet().run(CTX, f"http://{place}/")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000
    assert wanted == ["identity"]


class Keys:
    """A context that has secrets and nothing else."""

    def __init__(self, value: str = "the key") -> None:
        self.value = value

    async def secret(self, name: str) -> str:
        return self.value


@pytest.mark.parametrize("value", ["top\nsecret", "tópsecret", "topsecret €", "top\x00secret", " \n"])
async def test_a_secret_that_no_header_takes_is_refused_and_never_told(allow: Any, value: str) -> None:
    async with server(saying("200 OK", b"hello")) as place:
        allow(place)
        with pytest.raises(NodeError, match="secret can't be sent") as raised:
            await WebGet(secret="key").run(cast(Context, Keys(value)), f"http://{place}/")
    assert type(raised.value) is NodeError  # trying again would not help
    assert "top" not in raised.value.message + raised.value.hint


async def test_white_space_around_a_secret_is_not_sent(allow: Any) -> None:
    async def answer(path: str, sent: dict[str, str]) -> tuple[str, dict[str, str], bytes]:
        return "200 OK", {}, sent["authorization"].encode()

    async with server(answer) as place:
        allow(place)
        text, _, _ = await WebGet(secret="key").run(cast(Context, Keys(" topsecret\n")), f"http://{place}/")
    assert text == "Bearer topsecret"


async def test_what_is_no_http_is_told_without_quoting_it(allow: Any) -> None:
    async with server(saying("200 OK", b"", **{"Bearer topsecret": "x"})) as place:
        allow(place)
        with pytest.raises(Unreachable, match="no proper HTTP") as raised:
            await WebGet().run(CTX, f"http://{place}/")
    assert "topsecret" not in raised.value.message


async def test_redirects_are_followed_and_a_secret_stays_with_its_host(allow: Any) -> None:
    seen: list[str | None] = []

    async def answer(path: str, sent: dict[str, str]) -> tuple[str, dict[str, str], bytes]:
        seen.append(sent.get("authorization"))
        port = sent["host"].partition(":")[2]
        moved = {"/": "/here", "/here": f"http://localhost:{port}/there"}
        if path in moved:
            return "302 Found", {"Location": moved[path]}, b""
        return "200 OK", {}, json.dumps(sent["host"]).encode()

    async with server(answer) as place:
        port = place.partition(":")[2]
        allow(f"{place},localhost:{port}")
        text, _, _ = await WebGet(secret="key").run(cast(Context, Keys()), f"http://{place}/")
    assert text == f'"localhost:{port}"'
    assert seen == ["Bearer the key", "Bearer the key", None]


async def test_a_secret_does_not_go_along_to_another_port_or_in_the_clear(allow: Any) -> None:
    seen: list[str | None] = []

    async def answer(path: str, sent: dict[str, str]) -> tuple[str, dict[str, str], bytes]:
        seen.append(sent.get("authorization"))
        return "200 OK", {}, b"hello"

    async with server(answer) as other, server(saying("302 Found", b"", Location=f"http://{other}/")) as first:
        allow(f"{first},{other}")
        assert (await WebGet(secret="key").run(cast(Context, Keys()), f"http://{first}/")).text == "hello"
    assert seen == [None]
    assert _origin(checked("https://a.org/x")) == _origin(checked("https://A.org:443/y"))
    assert _origin(checked("https://a.org:8443/")) != _origin(checked("http://a.org:8443/"))


def certificate(name: str, folder: Path) -> Path:
    """A file with a key and a certificate for the host of that name, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = folder / f"{name}.pem"
    path.write_bytes(secret + made.public_bytes(Encoding.PEM))
    return path


@pytest.mark.parametrize(("name", "trusted"), [("localhost", True), ("elsewhere", False)])
async def test_a_certificate_must_be_for_the_name_though_the_address_is_asked(
    allow: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, trusted: bool
) -> None:
    path = certificate(name, tmp_path)
    secure = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    secure.load_cert_chain(path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))  # both are signed by somebody who is trusted
    certificates.cache_clear()
    try:
        async with server(saying("200 OK", b"hello"), secure) as place:
            url = f"https://localhost:{place.partition(':')[2]}/"
            allow(url.removeprefix("https://").rstrip("/"))
            if trusted:
                assert (await WebGet().run(CTX, url)).text == "hello"
            else:
                with pytest.raises(Unreachable, match="certificate"):
                    await WebGet().run(CTX, url)
    finally:
        certificates.cache_clear()


async def test_nothing_is_allowed_at_first_and_the_way_out_is_said(allow: Any) -> None:
    with pytest.raises(NotAllowed, match="may not reach any host") as raised:
        await WebGet().run(CTX, "https://example.org/")
    assert f"put example.org (example.org:443, with the port, if it lies in a private network) into {VARIABLE}" in (
        raised.value.hint
    )
    allow("example.org")
    with pytest.raises(NotAllowed, match="isn't among the hosts"):
        await WebGet().run(CTX, "https://example.com/")


@pytest.mark.parametrize("url", ["http://localhost/", "http://127.0.0.1/", "http://[::1]/", "http://2130706433/"])
async def test_a_private_address_wants_its_port_on_the_list(allow: Any, url: str) -> None:
    allow("localhost, 127.0.0.1, ::1, 2130706433")
    with pytest.raises(NotAllowed, match="private network") as raised:
        await WebGet().run(CTX, url)
    assert ":80" in raised.value.hint


async def test_a_port_that_is_not_the_web_s_must_be_on_the_list(allow: Any) -> None:
    allow("localhost")
    with pytest.raises(NotAllowed, match="“localhost:6379”"):
        await place_of("http", "localhost", 6379)
    allow("localhost:6379")
    assert (await place_of("http", "localhost", 6379)).port == 6379


@pytest.mark.parametrize(
    ("scheme", "host", "port", "entry"),
    [
        ("http", "127.0.0.1", 1, "127.0.0.1:1"),
        ("http", "127.0.0.1", None, "127.0.0.1:80"),
        ("https", "::1", None, "::1:443"),
        ("http", "localhost", None, "localhost:80"),
        ("http", "localhost", 8080, "localhost:8080"),
    ],
)
async def test_what_the_way_out_says_to_put_on_the_list_works(
    allow: Any, scheme: str, host: str, port: int | None, entry: str
) -> None:
    with pytest.raises(NotAllowed) as raised:
        await place_of(scheme, host, port)
    assert f"{entry}, with the port," in raised.value.hint
    allow(entry)
    assert await place_of(scheme, host, port)


async def test_a_public_address_is_put_on_the_list_by_itself(allow: Any) -> None:
    with pytest.raises(NotAllowed) as raised:
        await place_of("https", "93.184.215.14", None)
    assert f"put 93.184.215.14 into {VARIABLE}" in raised.value.hint


async def test_names_below_a_star(allow: Any) -> None:
    allow("*.invalid")
    with pytest.raises(NotFound, match="No host"):
        await place_of("https", "a.b.invalid", None)
    with pytest.raises(NotAllowed):
        await place_of("https", "invalid", None)
    with pytest.raises(NotAllowed):
        await place_of("https", "notinvalid", None)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:4700::1111", True),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("127.0.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("2002:7f00:1::", False),
        ("64:ff9b::7f00:1", False),
        ("ff02::1", False),
    ],
)
def test_which_addresses_are_anybody_s(address: str, public: bool) -> None:
    assert is_public(address) is public


NO_ADDRESSES = [
    "",
    "example.org",
    "ftp://example.org",
    "http://",
    "http://a:b@c.org",
    "http://[::1",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("text", NO_ADDRESSES)
def test_what_is_no_web_address(text: str) -> None:
    with pytest.raises(NodeError) as raised:
        checked(text)
    assert raised.value.hint


async def test_many_slow_answers_are_waited_for_at_once(allow: Any) -> None:
    """None is given before all have been asked for, so that waiting one after another would never end."""
    count, asked, all_asked = 200, 0, asyncio.Event()

    async def answer(path: str, sent: dict[str, str]) -> tuple[str, dict[str, str], bytes]:
        nonlocal asked
        asked += 1
        if asked == count:
            all_asked.set()
        await all_asked.wait()
        return "200 OK", {}, path.encode()

    async with server(answer) as place:
        allow(place)
        asking = [WebGet(seconds=120).run(CTX, f"http://{place}/{number}") for number in range(count)]
        assert [text for text, _, _ in await asyncio.gather(*asking)] == [f"/{number}" for number in range(count)]
