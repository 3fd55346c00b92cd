"""An upload is measured while it comes in, whatever it says of its size."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

from tests.browser.test_server import resident_mb

MB = 1 << 20
MOST_GROWTH_MB = 20
TOLD, ENDLESS = 2 << 30, 2 << 10


@pytest.fixture
def visit(app_url: str) -> Iterator[tuple[str, str]]:
    """The id of a session that is open, and the token its uploads carry."""
    address = urlsplit(app_url)
    asked = HTTPConnection(address.netloc, timeout=20)
    asked.request("GET", "/_stcore/health")
    cookie = asked.getresponse().headers["Set-Cookie"]
    token = cookie.split("_streamlit_xsrf=")[1].split(";")[0]
    asked.close()
    with connect(
        app_url.replace("http", "ws", 1) + "/_stcore/stream",
        origin=app_url,  # type: ignore[arg-type]
        subprotocols=["streamlit", token],  # type: ignore[list-item]
        max_size=None,
    ) as socket:
        yield begun(socket), token


def begun(socket: ClientConnection) -> str:
    """The session that a run of the first page belongs to."""
    asked = BackMsg()
    asked.rerun_script.query_string = "lang=en"
    socket.send(asked.SerializeToString())
    session = ""
    while True:
        frame = socket.recv(timeout=60)
        message = ForwardMsg()
        message.ParseFromString(frame if isinstance(frame, bytes) else frame.encode())
        session = message.new_session.initialize.session_id or session
        if message.WhichOneof("type") == "script_finished":
            return session


def put(app_url: str, visit: tuple[str, str], body: Iterator[bytes], **headers: str) -> int:
    """The server's answer to an upload; it may answer, or hang up, before all is sent."""
    session, token = visit
    connection = HTTPConnection(urlsplit(app_url).netloc, timeout=60)
    try:
        connection.putrequest("PUT", f"/_stcore/upload_file/{session}/{session}")
        told = {
            "Content-Type": "multipart/form-data; boundary=part",
            "Cookie": f"_streamlit_xsrf={token}",
            "X-Xsrftoken": token,
            **headers,
        }
        for name, value in told.items():
            connection.putheader(name, value)
        connection.endheaders()
        try:
            for block in body:
                connection.send(block)
        except OSError:
            pass
        return connection.getresponse().status
    finally:
        connection.close()


def chunked(count: int) -> Iterator[bytes]:
    """A file of so many megabytes, sent without a word of its size."""
    head = b'--part\r\nContent-Disposition: form-data; name="f"; filename="a.csv"\r\n\r\n'
    for block in (head, *(bytes(MB) for _ in range(count)), b"\r\n--part--\r\n"):
        yield b"%x\r\n%b\r\n" % (len(block), block)
    yield b"0\r\n\r\n"


def test_an_endless_upload_is_refused_and_kept_nowhere(
    app_url: str, visit: tuple[str, str]
) -> None:
    assert put(app_url, visit, chunked(1), **{"Transfer-Encoding": "chunked"}) == 204
    before = resident_mb(app_url)
    assert put(app_url, visit, iter(()), **{"Content-Length": str(TOLD)}) == 413
    assert put(app_url, visit, chunked(ENDLESS), **{"Transfer-Encoding": "chunked"}) == 413
    assert resident_mb(app_url) - before < MOST_GROWTH_MB
