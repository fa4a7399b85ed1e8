"""The server's settings: one frozen struct, read from the environment once, passed down."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct


class Settings(Struct, frozen=True, kw_only=True):
    """Every setting with its default; `docs/reference/settings.md` lists the variables."""

    database_url: str = ""
    """GUERDON_DATABASE_URL: your own PostgreSQL; empty starts the embedded one."""
    data: Path = Path("data")
    """GUERDON_DATA: where the embedded PostgreSQL keeps its files."""
    host: str = "127.0.0.1"
    """GUERDON_HOST: address to listen on."""
    port: int = 8080
    """GUERDON_PORT: port to listen on."""
    workers: int = 1
    """GUERDON_WORKERS: worker processes."""
    pool_size: int = 10
    """GUERDON_POOL_SIZE: database connections of each worker."""
    access_log_days: int = 7
    """GUERDON_ACCESS_LOG_DAYS: days that requests of shops are kept with their answers; 0 keeps none."""
    demo: bool = True
    """GUERDON_DEMO: whether the first run creates the demo shop."""
    admin_email: str = ""
    """GUERDON_ADMIN_EMAIL: login of the administrator made on the first run."""
    admin_password: str = ""
    """GUERDON_ADMIN_PASSWORD: its password; random when empty."""
    integration_key: str = ""
    """GUERDON_INTEGRATION_KEY: first Integration key; random when empty."""
    management_key: str = ""
    """GUERDON_MANAGEMENT_KEY: first Management key; random when empty."""
    public_url: str = ""
    """GUERDON_PUBLIC_URL: where people reach the server, for mails; empty is the address it listens on."""
    smtp_host: str = ""
    """GUERDON_SMTP_HOST: mail server for invitations and forgotten passwords; empty writes the mails to the log."""
    smtp_port: int = 587
    """GUERDON_SMTP_PORT: its port."""
    smtp_security: str = "starttls"
    """GUERDON_SMTP_SECURITY: `starttls`, `tls` from the first byte on, or `none`."""
    smtp_user: str = ""
    """GUERDON_SMTP_USER: name to log in to it with; empty for no login."""
    smtp_password: str = ""
    """GUERDON_SMTP_PASSWORD: the password for that."""
    smtp_from: str = "Guerdon <guerdon@localhost>"
    """GUERDON_SMTP_FROM: whom mails are from."""

    @property
    def url(self) -> str:
        """Where the server listens."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read `GUERDON_*`; raises ValueError naming the variable that cannot be read."""
        values: dict[str, object] = {}
        for name in cls.__struct_fields__:
            variable = f"GUERDON_{name.upper()}"
            if text := environment.get(variable, "").strip():
                values[name] = _read(variable, text, name)
        return cls(**values)  # type: ignore[arg-type]


def _read(variable: str, text: str, name: str) -> object:
    if name in {"port", "workers", "pool_size", "access_log_days", "smtp_port"}:
        least = 0 if name in {"port", "access_log_days"} else 1
        if not text.isascii() or not text.isdigit() or int(text) < least:
            raise ValueError(f"{variable} must be a whole number, not {text!r}")
        return int(text)
    if name == "demo":
        if text.lower() not in {"0", "1", "true", "false", "yes", "no"}:
            raise ValueError(f"{variable} must be 0 or 1, not {text!r}")
        return text.lower() in {"1", "true", "yes"}
    if name == "smtp_security" and text not in {"starttls", "tls", "none"}:
        raise ValueError(f"{variable} must be starttls, tls or none, not {text!r}")
    return Path(text) if name == "data" else text
