"""Permits of a Headgate gateway for asyncio programs. One file, no dependency: copy it. Needs Python 3.11.

    from headgate import Gate, Priority

    gate = Gate("http://127.0.0.1:11400")
    async with gate.acquire(Priority.FOREGROUND, label="answer") as permit:
        ...  # nobody else uses the model now

The open connection is the permit: it is given back when the block ends, when the task is cancelled and when the process
dies, however it dies. Requests to ``permit.base_url + "/v1"`` use this permit instead of waiting behind it.

``acquire_mlx_gate(priority)`` and ``get_mlx_gate()`` are the names of the gate that used to live inside an MLX server
process. They use the gateway at HEADGATE_URL (default http://127.0.0.1:11400) with the key in HEADGATE_API_KEY.
"""

from __future__ import annotations

import asyncio
import json
import os
import ssl
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from enum import IntEnum
from typing import Any, AsyncIterator, Callable, Generator, Optional
from urllib.parse import quote, urlsplit

__all__ = ["Gate", "HeadgateError", "Permit", "Priority", "acquire_mlx_gate", "get_mlx_gate"]

DEFAULT_URL = "http://127.0.0.1:11400"
# A gateway answers at once, if only with a place in line, and then says something every 15 s at least.
_FIRST_LINE_S = 10.0
_SILENCE_S = 45.0
_MAX_LINE = 64 * 1024
# What a broken connection, or somebody who is no gateway, makes of reading an answer.
_BROKEN = (OSError, EOFError, ValueError, LookupError, asyncio.LimitOverrunError)


class Priority(IntEnum):
    """Smaller is sooner. Any number may stand between or beyond: chat 0, agents 50, pipelines 100."""

    FOREGROUND = 0
    BACKGROUND = 100


class HeadgateError(Exception):
    """Why there is no permit, or no longer.

    ``code`` is the gateway's word: ``queue_full``, ``queue_timeout``, ``cancelled``, ``draining``, ``closed``,
    ``invalid_api_key`` ... Two are this side's own: ``gateway_unreachable`` (nothing was acquired) and
    ``connection_lost`` (the permit, or the place in line, is gone with its connection).
    """

    def __init__(self, code: str, message: str, status: Optional[int] = None) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class Gate:
    """A gate of a gateway. Connects at the first call; every permit has a connection of its own."""

    def __init__(self, url: str = DEFAULT_URL, *, key: Optional[str] = None, upstream: Optional[str] = None) -> None:
        """``key``: an access key of the gateway. ``upstream``: the name of a server or gate, if there are several."""
        if urlsplit(url).scheme not in ("http", "https"):
            raise ValueError(f"url must be the address of a gateway, such as {DEFAULT_URL}; got {url!r}")
        self.url = url.rstrip("/")
        self._key = key
        self._upstream = upstream

    def acquire(
        self,
        priority: Optional[float] = None,
        *,
        label: Optional[str] = None,
        timeout: Optional[float] = None,
        preemptible: bool = False,
        on_wait: Optional[Callable[[int], None]] = None,
    ) -> _Acquiring:
        """Waits for a permit: ``async with gate.acquire() as permit`` or ``permit = await gate.acquire()``.

        ``priority``: smaller is sooner; without one the gateway decides, which usually means background. ``timeout``:
        seconds to wait at most, then HeadgateError ``queue_timeout``. ``preemptible``: offers to step aside, see
        ``Permit.asked``.
        ``on_wait``: called with the position in line (1 is next) if it has to wait.

        A task that is cancelled while it waits leaves the line at once and holds nothing.
        """
        wish = {"preemptible": preemptible}
        if priority is not None:
            wish["priority"] = priority
        if label is not None:
            wish["label"] = label
        if timeout is not None:
            wish["timeoutMs"] = timeout * 1000
        return _Acquiring(self, wish, on_wait)

    async def _post(self, path: str, body: dict[str, Any], seconds: Optional[float] = _FIRST_LINE_S) -> _Answer:
        """One request on a connection of its own. Leaves nothing open when it fails or is cancelled."""
        url = urlsplit(self.url)
        tls = ssl.create_default_context() if url.scheme == "https" else None
        port = url.port or (443 if tls else 80)
        try:
            reader, writer = await asyncio.open_connection(url.hostname, port, ssl=tls, limit=_MAX_LINE)
        except OSError as error:
            raise _unreachable(self.url, error) from error
        try:
            payload = json.dumps(body).encode()
            head = [f"POST {url.path}{path} HTTP/1.1", f"Host: {url.netloc.rpartition('@')[2]}", "Connection: close"]
            head += ["Content-Type: application/json", f"Content-Length: {len(payload)}"]
            if self._key is not None:
                head.append(f"Authorization: Bearer {self._key}")
            writer.write("\r\n".join([*head, "", ""]).encode() + payload)
            return await _Answer.read(reader, writer, seconds)
        except _BROKEN as error:
            writer.transport.abort()
            raise _unreachable(self.url, error) from error
        except BaseException:
            writer.transport.abort()
            raise


class Permit:
    """One permit, held by its connection. Made by ``Gate.acquire``."""

    def __init__(self, gate: Gate, answer: _Answer, granted: dict[str, Any]) -> None:
        self._gate = gate
        self._answer = answer
        self._owner: Optional[asyncio.Task[Any]] = None
        self._owner_cancelled = False
        self._granted(granted)
        #: Set when a sooner call waits and this permit is preemptible: answer with ``step_aside()`` or ``release()``.
        self.asked = asyncio.Event()
        #: Set when the permit is over, in whatever way.
        self.over = asyncio.Event()
        #: Why it is over, unless this side gave it back.
        self.error: Optional[HeadgateError] = None
        self._listening = asyncio.create_task(self._listen())

    def _granted(self, line: dict[str, Any]) -> None:
        #: Names the permit at the gateway; who knows it and has the same key can use it.
        self.id: str = line["id"]
        #: What the gateway counts it as: a key's ceiling may have changed it.
        self.priority: float = line["priority"]
        #: Seconds this call has waited, those inside ``step_aside`` included.
        self.waited: float = line["waitedMs"] / 1000

    @property
    def base_url(self) -> str:
        """Requests under this address use this permit, one at a time: add ``/v1`` for an OpenAI client."""
        return f"{self._gate.url}/permit/{self.id}"

    def release(self) -> bool:
        """Gives it back. Returns whether it was still held: a second call does nothing."""
        return self._end(None)

    async def step_aside(self, timeout: Optional[float] = None) -> bool:
        """Lets sooner calls go first, between two pieces of work. Returns whether it had to wait.

        It waits in its old place, first in its class. Raises HeadgateError when it does not come back; like a
        cancellation, that ends the permit.
        """
        if self.over.is_set():
            raise self._gone("was given back before; acquire a new one")
        self.asked.clear()
        stepping = asyncio.create_task(self._yield(timeout))
        lost = asyncio.create_task(self.over.wait())
        try:
            await asyncio.wait({stepping, lost}, return_when=asyncio.FIRST_COMPLETED)
            if stepping.done():
                return stepping.result()
            raise self._gone("was given back while it stood aside")
        except HeadgateError as error:
            self._end(error)
            raise
        except BaseException:
            self.release()
            raise
        finally:
            stepping.cancel()
            lost.cancel()

    async def _yield(self, timeout: Optional[float]) -> bool:
        wish = {} if timeout is None else {"timeoutMs": timeout * 1000}
        answer = await self._gate._post(f"/headgate/permits/{self.id}/yield", wish, None)
        return not (await answer.json())["kept"]

    async def _listen(self) -> None:
        try:
            while True:
                line = await self._answer.line(_SILENCE_S)
                event = line.get("event")
                if event == "preempt":
                    self.asked.set()
                elif event == "parked":
                    self.asked.clear()
                elif event == "granted":
                    self._granted(line)
                elif event == "released":
                    return self._lose(HeadgateError("permit_released", f"permit {self.id} was released at the gateway"))
                elif event == "error":
                    return self._lose(_told(line))
        except _BROKEN as error:
            why = str(error) or type(error).__name__
            message = f"lost the connection to the gateway at {self._gate.url} ({why}), and with it the permit"
            self._lose(HeadgateError("connection_lost", message))

    def _gone(self, what: str) -> HeadgateError:
        return self.error or HeadgateError("permit_released", f"permit {self.id} {what}")

    def _lose(self, error: HeadgateError) -> None:
        """Somebody else may have it already: whoever works under it has to stop."""
        if self._end(error) and self._owner is not None:
            self._owner_cancelled = self._owner.cancel()

    def _end(self, error: Optional[HeadgateError]) -> bool:
        if self.over.is_set():
            return False
        self.error = error
        self.over.set()
        self._answer.hang_up()
        if self._listening is not asyncio.current_task():
            self._listening.cancel()
        return True


class _Acquiring(AbstractAsyncContextManager["Permit"]):
    """What ``acquire`` returns: await it for a permit to release yourself, or enter it for one released for you.

    If the permit is lost inside of the block, the block is cancelled and ends with the HeadgateError that says why.
    """

    def __init__(self, gate: Gate, wish: dict[str, Any], on_wait: Optional[Callable[[int], None]]) -> None:
        self._gate = gate
        self._wish = wish
        self._on_wait = on_wait
        self._permit: Optional[Permit] = None

    def __await__(self) -> Generator[Any, None, Permit]:
        return self._acquire().__await__()

    async def __aenter__(self) -> Permit:
        self._permit = await self._acquire()
        self._permit._owner = owner = asyncio.current_task()
        assert owner is not None
        self._cancelling = owner.cancelling()
        return self._permit

    async def __aexit__(self, kind: object, error: Optional[BaseException], trace: object) -> None:
        permit, self._permit = self._permit, None
        assert permit is not None and permit._owner is not None
        owner, permit._owner = permit._owner, None
        permit.release()
        # As asyncio.timeout does: a cancellation that somebody else asked for goes on, ours becomes the reason.
        if not permit._owner_cancelled or owner.uncancel() > self._cancelling:
            return
        if error is None or isinstance(error, asyncio.CancelledError):
            assert permit.error is not None
            raise permit.error from error

    async def _acquire(self) -> Permit:
        upstream = self._gate._upstream
        query = "" if upstream is None else f"?upstream={quote(upstream, safe='')}"
        answer = await self._gate._post(f"/headgate/permits{query}", self._wish)
        try:
            if answer.status != 200:
                raise await answer.refusal()
            while True:
                line = await answer.line(_SILENCE_S)
                if line.get("event") == "granted":
                    # From here on to the caller nothing is awaited: no cancellation can come between.
                    return Permit(self._gate, answer, line)
                if line.get("event") == "error":
                    raise _told(line)
                if line.get("event") == "waiting" and self._on_wait is not None:
                    self._on_wait(line["position"])
        except _BROKEN as error:
            answer.hang_up()
            why = str(error) or type(error).__name__
            raise HeadgateError("connection_lost", f"lost the place in line at {self._gate.url} ({why})") from error
        except BaseException:
            answer.hang_up()
            raise


class _Answer:
    """The answer to one request, as its lines come in."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._rest = b""
        self.status = 0
        self._length: Optional[int] = None
        self._chunked = False

    @classmethod
    async def read(
        cls, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: Optional[float]
    ) -> _Answer:
        answer = cls(reader, writer)
        async with asyncio.timeout(seconds):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        protocol, status, *_ = head[0].split(" ")
        if not protocol.startswith("HTTP/1."):
            raise ValueError(f"no HTTP answer: {head[0][:80]}")
        answer.status = int(status)
        fields = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in head[1:])}
        answer._chunked = fields.get("transfer-encoding", "").lower() == "chunked"
        answer._length = int(fields["content-length"]) if "content-length" in fields else None
        return answer

    async def line(self, seconds: float) -> dict[str, Any]:
        """The next JSON line; EOFError at the end, TimeoutError when nothing comes for so long."""
        while b"\n" not in self._rest:
            async with asyncio.timeout(seconds):
                piece = await self._piece()
            if piece == b"" or len(self._rest) > _MAX_LINE:
                raise EOFError("the gateway closed the connection" if piece == b"" else "an endless line")
            self._rest += piece
        text, _, self._rest = self._rest.partition(b"\n")
        line = json.loads(text)
        if not isinstance(line, dict):
            raise ValueError(f"a line that is no JSON object: {text[:80]!r}")
        return line

    async def json(self) -> dict[str, Any]:
        """A whole answer that is no stream. HeadgateError if it is a refusal. Closes the connection."""
        if self.status != 200:
            raise await self.refusal()
        return await self._body()

    async def refusal(self) -> HeadgateError:
        try:
            return _told((await self._body())["error"], self.status)
        except (*_BROKEN, TypeError):
            message = f"what answers there (status {self.status}) is no Headgate gateway; correct the address"
            return HeadgateError("gateway_unreachable", message, self.status)

    async def _body(self) -> Any:
        body = b""
        try:
            while self._length is None or len(body) < self._length:
                piece = await self._piece()
                if piece == b"":
                    break
                body += piece
        finally:
            self.hang_up()
        return json.loads(body)

    async def _piece(self) -> bytes:
        """Some bytes of the body; none at its end."""
        if not self._chunked:
            return await self._reader.read(4096)
        size = int((await self._reader.readuntil(b"\r\n")).split(b";")[0], 16)
        return (await self._reader.readexactly(size + 2))[:-2]

    def hang_up(self) -> None:
        self._writer.transport.abort()


def _told(error: dict[str, Any], status: Optional[int] = None) -> HeadgateError:
    return HeadgateError(str(error.get("code")), str(error.get("message")), status)


def _unreachable(url: str, cause: BaseException) -> HeadgateError:
    why = str(cause) or type(cause).__name__
    return HeadgateError("gateway_unreachable", f"no gateway answers at {url} ({why}); start one with `headgate serve`")


def acquire_mlx_gate(priority: float = Priority.BACKGROUND, *, label: Optional[str] = None) -> _Acquiring:
    """``async with acquire_mlx_gate(Priority.FOREGROUND): ...``"""
    url = os.environ.get("HEADGATE_URL") or DEFAULT_URL
    return Gate(url, key=os.environ.get("HEADGATE_API_KEY") or None).acquire(priority, label=label)


@asynccontextmanager
async def get_mlx_gate() -> AsyncIterator[None]:
    """The legacy form, always background and only a context manager: ``async with get_mlx_gate(): ...``.

    New code calls ``acquire_mlx_gate``.
    """
    async with acquire_mlx_gate(Priority.BACKGROUND):
        yield
