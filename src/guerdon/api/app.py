"""The server: routes, the clock, what a handler may ask for, and what a client sees when something fails."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from litestar import Litestar, Request, Response, Router, get
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Components, OpenAPIFormat, OpenAPIType, Schema, SecurityScheme
from litestar.plugins import OpenAPISchemaPlugin
from litestar.typing import FieldDefinition

from guerdon.api import auth, csv_files, explorer, lists, slashes
from guerdon.api.changes import History
from guerdon.api.integration import campaigns as shop_campaigns
from guerdon.api.integration import coupon_reservations, customer_data, customer_sessions, events, v1
from guerdon.api.integration import customers as shop_customers
from guerdon.api.integration import referrals as shop_referrals
from guerdon.api.mail import Mailer
from guerdon.api.management import (
    access_logs,
    accounts,
    additional_costs,
    analytics,
    application_events,
    application_sessions,
    applications,
    attributes,
    campaign_copies,
    campaign_groups,
    campaign_stores,
    campaign_templates,
    campaigns,
    cart_item_filters,
    changes,
    collections,
    coupon_imports,
    coupon_jobs,
    coupon_searches,
    coupons,
    custom_effects,
    customer_activity,
    customers,
    evaluation_groups,
    event_types,
    exports,
    imports,
    logins,
    management_keys,
    message_logs,
    passwords,
    referral_imports,
    referrals,
    roles,
    rule_environment,
    rulesets,
    stores,
    users,
    value_maps,
)
from guerdon.api.responses import JsonResponse, refusal
from guerdon.api.session_route import SessionRoute
from guerdon.api.unit_of_work import LARGEST_BODY, UnitOfWork
from guerdon.db import pool
from guerdon.db.pool import Connection
from guerdon.errors import ClientError, ErrorResponse, Invalid, Problem
from guerdon.flows import figures, jobs
from guerdon.flows.programs import Programs
from guerdon.settings import Settings
from guerdon.wire.base import Effects, Moment, Number, camel, decode


def utc_now() -> datetime:
    """The one clock of the server."""
    return datetime.now(UTC)


class JsonRequest(Request[Any, Any, Any]):
    """Decodes a body straight into the struct the handler declares, exactly and strictly."""

    async def json(self) -> Any:
        field = self.route_handler.parsed_data_field
        return decode(await self.body(), field.annotation if field else Any)


class WireSchemas(OpenAPISchemaPlugin):
    """Shows our exact numbers, moments and effects as the plain JSON they are in the OpenAPI document."""

    @staticmethod
    def is_plugin_supported_type(value: Any) -> bool:
        return value in (Number, Decimal, Moment, Effects)

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: Any) -> Schema:
        if field_definition.annotation is Moment:
            return Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.DATE_TIME)
        if field_definition.annotation is Effects:
            return Schema(type=OpenAPIType.ARRAY, items=Schema(type=OpenAPIType.ARRAY, items=Schema()))
        return Schema(type=OpenAPIType.NUMBER)


async def provide_conn(request: Request[Any, Any, Any]) -> Connection:
    """The connection of the request, in its transaction (unit_of_work.py)."""
    work: UnitOfWork = request.scope["state"]["work"]
    return await work.connection()


def provide_work(request: Request[Any, Any, Any]) -> Any:
    """The unit of work of the request, for handlers whose work is more than one transaction."""
    return request.scope["state"]["work"]


def provide_connections(request: Request[Any, Any, Any]) -> Any:
    """What handlers that open transactions themselves open them on; never `state.pool` (api/idempotency.py)."""
    work: UnitOfWork = request.scope["state"]["work"]
    return work.connections


def provide_then(request: Request[Any, Any, Any]) -> Any:
    """What handlers leave things to that are done after the answer (unit_of_work.py)."""
    work: UnitOfWork = request.scope["state"]["work"]
    return work.then


def provide_now(state: State) -> datetime:
    """The time of the request."""
    now: datetime = state.clock()
    return now


def provide_programs(state: State) -> Programs:
    """The compiled programs of the process."""
    programs: Programs = state.programs
    return programs


def provide_user(request: Request[Any, Any, Any]) -> Any:
    """What the guard found: the caller (`caller`) or the Integration key (`key`)."""
    return request.user


def _answer(error: ClientError) -> Response[Any]:
    return JsonResponse(error.body(), status_code=error.status, media_type="application/json")


def _parameter(request: Request[Any, Any, Any], key: str) -> str:
    """The name on the wire of a handler's parameter: what it declares, else the same in camelCase."""
    field = request.route_handler.parsed_fn_signature.parameters.get(key)
    declared: str | None = getattr(field.kwarg_definition, "query", None) if field else None
    return declared or camel(key)


def _bad_parameter(request: Request[Any, Any, Any], error: ValidationException) -> Response[Any]:
    """Litestar checks path and query parameters; the sentence is its, the body is the contract's."""
    problems = [
        Problem.in_query(_parameter(request, str(entry.get("key", ""))), "Invalid value", str(entry.get("message", "")))
        for entry in error.extra or ()
        if isinstance(entry, dict)
    ]
    return _answer(Invalid(errors=problems))


def _http_error(_: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """Unknown routes and methods, and bodies over the limit."""
    sentence = {404: "Not found", 405: "Method not allowed", 413: "The request body is too large"}
    body = ErrorResponse(sentence.get(error.status_code, "Bad request"), [], error.status_code)
    headers = {"Allow": error.headers["Allow"]} if error.headers and "Allow" in error.headers else None
    return JsonResponse(body, status_code=error.status_code, headers=headers, media_type="application/json")


def _error(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """A refusal, a database error that means one, or a bug."""
    status, content = refusal(error, f"{request.method} {request.url.path}")
    return JsonResponse(content, status_code=status, media_type="application/json")


@get("/healthz", include_in_schema=False, sync_to_thread=False)
def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@get("/readyz", include_in_schema=False)
async def readyz(state: State) -> Response[Any]:
    """The process can do work: the database answers."""
    ready = await pool.answers(state.pool)
    return JsonResponse({"status": "ok" if ready else "unavailable"}, status_code=200 if ready else 503)


_REFUSALS = {
    400: ResponseSpec(ErrorResponse, description="The request is malformed or refers to something unknown"),
    401: ResponseSpec(ErrorResponse, description="Unauthorized - Invalid API key"),
}


_SHARED = {
    "conn": Provide(provide_conn),
    "connections": Provide(provide_connections, sync_to_thread=False),
    "then": Provide(provide_then, sync_to_thread=False),
    "now": Provide(provide_now, sync_to_thread=False),
    "programs": Provide(provide_programs, sync_to_thread=False),
    "work": Provide(provide_work, sync_to_thread=False),
}


def _router(guards: list[Any], user_name: str, security: str, handlers: list[Any]) -> Router:
    for handler in handlers:
        handler.responses = {**(handler.responses or {}), **_REFUSALS}
    return Router(
        "/",
        route_handlers=handlers,
        guards=[slashes.restore, *guards],
        dependencies={**_SHARED, user_name: Provide(provide_user, sync_to_thread=False)},
        security=[{security: []}],
    )


def _open_router(handlers: list[Any]) -> Router:
    """Operations of which some need no key, since they hand one out; the others bring their own guard."""
    for handler in handlers:
        handler.responses = {**(handler.responses or {}), **_REFUSALS}
    return Router("/", route_handlers=handlers, dependencies=_SHARED)


def _openapi() -> OpenAPIConfig:
    schemes = {
        "api_key_v1": "`ApiKey-v1 <key>`: an Integration key",
        "management_key": "`ManagementKey-v1 <key>`: a Management key",
        "manager_auth": "`Bearer <token>`: a token from createSession",
    }
    return OpenAPIConfig(
        title="Guerdon",
        version="0.1.0",
        description="A self-hosted promotion and loyalty engine, wire-compatible with Talon.One.",
        path="/openapi",
        render_plugins=[explorer.RenderPlugin()],
        components=Components(
            security_schemes={
                name: SecurityScheme(type="apiKey", name="Authorization", security_scheme_in="header", description=text)
                for name, text in schemes.items()
            }
        ),
    )


@asynccontextmanager
async def _working(app: Litestar) -> AsyncIterator[None]:
    state = app.state
    async with jobs.working(state.pool, state.clock), figures.counting(state.pool, state.clock):
        yield


def build_app(state: dict[str, Any], lifespan: list[Any] | None = None) -> SessionRoute:
    """The ASGI application as it is served: the session route in front of everything else."""
    return SessionRoute(build_framework(state, lifespan))


def complete(state: dict[str, Any]) -> dict[str, Any]:
    """The state with everything that handlers find in it, as far as it is not said."""
    state.setdefault("clock", utc_now)
    state.setdefault("programs", Programs())
    state.setdefault("access_log", None)
    state.setdefault("mailer", Mailer(Settings()))
    state.setdefault("export_turns", asyncio.Semaphore(csv_files.MOST_EXPORTS))
    return state


def build_framework(state: dict[str, Any], lifespan: list[Any] | None = None) -> Litestar:
    """The framework inside it. `state` holds `pool`, `clock` and `mailer`; a worker opens them in `lifespan`, and does
    jobs."""
    state = complete(state)
    integration = _router([auth.require_integration_key], "key", "api_key_v1", INTEGRATION)
    guards = [auth.require_manager, lists.refuse_undeclared, History(MANAGEMENT).watch]
    management = _router(guards, "caller", "manager_auth", MANAGEMENT)
    return Litestar(
        route_handlers=[
            healthz,
            readyz,
            explorer.openapi_json,
            explorer.root,
            _open_router(OPEN),
            integration,
            management,
        ],
        state=State(state, deep_copy=False),
        request_class=JsonRequest,
        response_class=JsonResponse,
        request_max_body_size=LARGEST_BODY,
        plugins=[WireSchemas()],
        openapi_config=_openapi(),
        exception_handlers={
            ValidationException: _bad_parameter,
            HTTPException: _http_error,
            Exception: _error,
        },
        lifespan=[*(lifespan or []), _working],
        logging_config=None,
    )


INTEGRATION: list[Any] = [
    *coupon_reservations.handlers,
    *customer_data.handlers,
    *customer_sessions.handlers,
    *events.handlers,
    *shop_campaigns.handlers,
    *shop_customers.handlers,
    *shop_referrals.handlers,
    *v1.handlers,
]
OPEN: list[Any] = [*logins.handlers, *passwords.handlers]
MANAGEMENT: list[Any] = [
    *access_logs.handlers,
    *accounts.handlers,
    *additional_costs.handlers,
    *analytics.handlers,
    *application_events.handlers,
    *application_sessions.handlers,
    *applications.handlers,
    *attributes.handlers,
    *campaign_copies.handlers,
    *campaign_groups.handlers,
    *campaign_stores.handlers,
    *campaign_templates.handlers,
    *campaigns.handlers,
    *cart_item_filters.handlers,
    *changes.handlers,
    *collections.handlers,
    *coupon_imports.handlers,
    *coupon_jobs.handlers,
    *coupon_searches.handlers,
    *coupons.handlers,
    *customer_activity.handlers,
    *customers.handlers,
    *custom_effects.handlers,
    *evaluation_groups.handlers,
    *event_types.handlers,
    *exports.handlers,
    *imports.handlers,
    *management_keys.handlers,
    *message_logs.handlers,
    *referral_imports.handlers,
    *referrals.handlers,
    *roles.handlers,
    *rule_environment.handlers,
    *rulesets.handlers,
    *stores.handlers,
    *users.handlers,
    *value_maps.handlers,
]
