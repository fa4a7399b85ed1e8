"""Mails to a mail server that speaks TLS, from the start or after STARTTLS, and to one that is not who it says."""

import asyncio
import ssl
from datetime import UTC, datetime

import pytest
import trustme

from guerdon.api.mail import Mailer
from guerdon.settings import Settings
from mail_server import open_mailbox

NOW = datetime(2026, 6, 15, tzinfo=UTC)
TO = "kim@example.com"


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def trusted(authority, tmp_path, monkeypatch):
    """What an operator does whose mail server has a certificate of the company."""
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))


def context(authority, name):
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(found)
    return found


def invite(port, security, **more):
    settings = Settings(smtp_host="127.0.0.1", smtp_port=port, smtp_security=security, **more)
    asyncio.run(Mailer(settings).invite(TO, "Kim", "t" * 43, NOW))


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_mails_go_encrypted_and_so_does_the_login(authority, trusted, security):
    with open_mailbox(security, context(authority, "127.0.0.1")) as box:
        invite(box.port, security, smtp_user="u", smtp_password="secret")
        assert box.token(TO) == "t" * 43
        assert (box.secured, box.logins) == ([True], [["u", "secret"]])


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_nothing_is_sent_to_a_server_that_cannot_say_who_it_is(authority, trusted, caplog, security):
    with open_mailbox(security, context(authority, "mail.example.com")) as box:
        invite(box.port, security, smtp_user="u", smtp_password="secret")
        assert (box.secured, box.logins) == ([], [])
    assert "certificate verify failed: IP address mismatch" in caplog.text


def test_nothing_is_sent_to_a_server_whose_certificate_nobody_signed(authority, caplog):
    with open_mailbox("starttls", context(authority, "127.0.0.1")) as box:
        invite(box.port, "starttls")
        assert box.secured == []
    assert "certificate verify failed" in caplog.text


def test_nothing_is_sent_in_the_clear_where_encryption_is_wanted(caplog):
    with open_mailbox("none") as box:
        invite(box.port, "starttls", smtp_user="u", smtp_password="secret")
        assert (box.secured, box.logins) == ([], [])
    assert "STARTTLS extension not supported by server" in caplog.text
