"""The errors a client can see, each with its status and the documented body (core.md §1.2).

Anything else that is raised is a bug: it is logged with its stack, and the client sees a bare 500.
"""

from collections.abc import Sequence

from msgspec import UNSET, Struct, UnsetType, field

INVALID_DATA = "The submitted data was invalid"


class ErrorSource(Struct, omit_defaults=True):
    """Where the cause stands; exactly one member is set."""

    pointer: str | UnsetType = UNSET
    parameter: str | UnsetType = UNSET
    line: str | UnsetType = UNSET
    resource: str | UnsetType = UNSET


class Problem(Struct, omit_defaults=True):
    """One entry of `errors` (contract schema `APIError`)."""

    title: str
    source: ErrorSource
    details: str | UnsetType = UNSET

    @classmethod
    def at(cls, pointer: str, title: str, details: str) -> "Problem":
        """A problem in the request body at a JSON pointer."""
        return cls(title, ErrorSource(pointer=pointer), details)

    @classmethod
    def in_file(cls, line: int | None, title: str, details: str) -> "Problem":
        """A problem in a file that was sent; None where no line is to blame."""
        return cls(title, ErrorSource(line="N/A" if line is None else str(line)), details)

    @classmethod
    def in_query(cls, parameter: str, title: str, details: str) -> "Problem":
        """A problem with a query parameter."""
        return cls(title, ErrorSource(parameter=parameter), details)


class ErrorResponse(Struct):
    """Contract schema `ErrorResponseWithStatus`; what every refused request is answered with."""

    message: str
    errors: list[Problem]
    status_code: int = field(name="StatusCode")


class ClientError(Exception):
    """Base of the refusals; `status` is the HTTP status."""

    status = 400

    def __init__(self, message: str = INVALID_DATA, errors: Sequence[Problem] = (), details: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.errors = list(errors)
        if details:
            self.errors.append(Problem.at("/", "Invalid", details))

    def body(self) -> ErrorResponse:
        """What the client reads."""
        return ErrorResponse(self.message, self.errors, self.status)


class Invalid(ClientError):
    """400: malformed JSON, wrong type, unknown attribute, illegal state change, bad query value."""


class Unauthorized(ClientError):
    """401: no key, or one that is unknown, expired or of the wrong kind."""

    status = 401

    def __init__(self, message: str = "Invalid API key") -> None:
        super().__init__(message)


class Forbidden(ClientError):
    """403: a known key or user without access to this operation or Application."""

    status = 403


class NotFound(ClientError):
    """404: the named resource does not exist, or not under this parent."""

    status = 404

    @classmethod
    def of(cls, resource: str) -> "NotFound":
        """The usual sentence, e.g. `Campaign not found`."""
        return cls(f"{resource} not found")


class Conflict(ClientError):
    """409: a concurrent update, or a value that must be unique and is taken."""

    status = 409


class TooLarge(ClientError):
    """413: a body over the size limit."""

    status = 413


class TooMany(ClientError):
    """429: too many guesses of a password; later ones are looked at again."""

    status = 429


class Unavailable(ClientError):
    """503: the database cannot be reached. Whether the request was done is not known; under the same Idempotency-Key
    it may be sent again."""

    status = 503

    def __init__(self) -> None:
        super().__init__("The database cannot be reached at the moment")


class Retry(Exception):
    """PostgreSQL asked for the transaction to be run again (SQLSTATE 40001, 40P01). Never reaches a client."""
