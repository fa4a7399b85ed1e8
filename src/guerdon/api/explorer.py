"""The served OpenAPI document and the page to browse and try it, which needs nothing from another host."""

from importlib.resources import files
from typing import Any

from litestar import MediaType, Request, Response, get
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.response import Redirect

from guerdon.api.document import openapi_document
from guerdon.wire.base import encode

PAGE = files("guerdon.api").joinpath("explorer.html").read_text()


class RenderPlugin(OpenAPIRenderPlugin):
    """Serves the explorer at /openapi."""

    def __init__(self) -> None:
        super().__init__(path="/")

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        return PAGE.encode()


@get("/openapi.json", include_in_schema=False, sync_to_thread=False)
def openapi_json(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The OpenAPI 3.1 document of everything served."""
    return Response(encode(openapi_document(request.app)), media_type=MediaType.JSON)


@get("/", include_in_schema=False, sync_to_thread=False)
def root() -> Redirect:
    """A person who opens the server in a browser lands on the explorer."""
    return Redirect("/openapi")
