"""Files in forms, as they come: whatever their size, little of them is in memory at a time."""

from asyncio import to_thread
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from litestar import Request
from multipart import MultipartError, MultipartSegment, PushMultipartParser  # type: ignore[import-untyped]

from guerdon.errors import Invalid, Problem

FIELD = "upFile"
IN_MEMORY = 1024 * 1024
MOST_PARTS = 20


def _refused(title: str, details: str) -> Invalid:
    return Invalid(errors=[Problem.in_file(None, title, details)])


async def received(request: Request[Any, Any, Any]) -> IO[bytes]:
    """The file in the form, from its beginning; one that comes as a plain field is as good, for clients do that. Raises
    Invalid. It is gone once nobody holds it."""
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise _refused("Invalid file", "Send the file as it is, not compressed")
    kind, options = request.content_type
    found: IO[bytes] | None = None
    if kind == "multipart/form-data":
        try:
            found = await _file(request, options.get("boundary", ""))
        except MultipartError as error:
            raise _refused("Invalid file", f"The form is broken: {error}") from None
    if found is None:
        raise _refused("required", f"Send the file as the field {FIELD} of a form")
    found.seek(0)
    return found


async def _file(request: Request[Any, Any, Any], boundary: str) -> IO[bytes] | None:
    """The content of the first such field; the others are read over."""
    found: IO[bytes] | None = None
    ours = False
    with PushMultipartParser(boundary, max_segment_count=MOST_PARTS) as parser:
        async for chunk in request.stream():
            for event in parser.parse(chunk) if chunk else ():
                if isinstance(event, MultipartSegment):
                    ours = found is None and event.name == FIELD
                    found = SpooledTemporaryFile(IN_MEMORY) if ours else found  # noqa: SIM115
                elif event and ours and found is not None:
                    await to_thread(found.write, event)
    return found
