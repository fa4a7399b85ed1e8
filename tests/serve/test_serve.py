"""`guerdon serve` from the first start to the last, with everything that may happen to it in between."""

import os
import signal
import socket

import httpx

from conftest import INTEGRATION_KEY, MANAGEMENT_KEY
from serving import PATIENCE, free_port, gone, run


def test_first_start_to_last_stop(command):
    # The first start makes the database, the account and the keys, and shows the keys.
    assert command.start() < PATIENCE
    first = command.put(profileId="kim", cartItems=[{"sku": "a", "quantity": 3, "price": 0.1}])
    assert (first.status_code, first.json()["customerSession"]["total"]) == (200, 0.3)

    # The log can be asked while it runs.
    event = str(first.json()["event"]["id"])
    again = run("eval", event, GUERDON_DATA=str(command.data))
    assert (again.returncode, again.stdout) == (0, "[]\n")
    assert again.stderr.endswith(": the same bytes\n")

    # Neither its data nor its port can be used by another server, and both are said in one sentence.
    other = run("serve", **command.settings | {"GUERDON_PORT": str(free_port())})
    assert (other.returncode, other.stdout) == (1, "")
    assert other.stderr == f"guerdon: another guerdon serve is running on {command.data}\n"
    other = run("serve", **command.settings | {"GUERDON_DATA": str(command.data) + "-2"})
    taken = f"guerdon: cannot listen on 127.0.0.1:{command.port} (Address already in use); GUERDON_PORT chooses another port\n"
    assert (other.returncode, other.stdout, other.stderr) == (1, "", taken)
    assert not os.path.exists(str(command.data) + "-2")
    assert command.put().status_code == 200

    # Ctrl-C.
    postgres = command.postgres()
    code, out, err = command.end(signal.SIGINT)
    assert (code, err) == (0, "")
    assert gone(postgres)
    url = f"http://127.0.0.1:{command.port}"
    assert out.startswith(f"Guerdon serves at {url} (API page: {url}/openapi). Ctrl-C stops it.\n")
    assert f"  Integration key  {INTEGRATION_KEY}\n  Management key   {MANAGEMENT_KEY}\n" in out
    assert "login            admin@guerdon.local  password " in out
    assert "demo" not in out

    # The second start knows everything and shows no key. What waited for the access log was written when it stopped.
    command.start()
    manager = {"Authorization": f"ManagementKey-v1 {MANAGEMENT_KEY}"}
    ever = {"rangeStart": "2000-01-01", "rangeEnd": "2100-01-01"}
    assert httpx.get(f"{url}/v1/access_logs", params=ever, headers=manager).json()["totalResultSize"] == 2
    assert command.put().json()["customerSession"]["updateCount"] == 3
    postgres = command.postgres()
    code, out, err = command.end(signal.SIGTERM)
    assert (code, err) == (0, "")
    assert out == f"Guerdon serves at {url} (API page: {url}/openapi). Ctrl-C stops it.\n"
    assert gone(postgres)


def test_after_a_kill(command):
    command.use(command.data.parent / "my data's folder")  # a path that is not easy to hand around

    # PostgreSQL is left running: the next start takes it over.
    command.start()
    assert command.put(profileId="kim").status_code == 200
    postgres = command.postgres()
    assert command.end(signal.SIGKILL)[0] == -signal.SIGKILL
    assert command.postgres() == postgres
    command.start()
    assert command.postgres() == postgres
    assert command.put().json()["customerSession"]["updateCount"] == 2

    # PostgreSQL is killed as well, as in a power cut: the next start recovers what was written.
    assert command.end(signal.SIGKILL)[0] == -signal.SIGKILL
    os.kill(postgres, signal.SIGKILL)
    assert gone(postgres)
    assert (command.data / "postgresql" / "postmaster.pid").exists()
    # The number of the dead server may belong to any process by now, such as this one.
    pid_file = command.data / "postgresql" / "postmaster.pid"
    pid_file.write_text(pid_file.read_text().replace(str(postgres), str(os.getpid()), 1))
    command.start()
    assert command.put().json()["customerSession"]["updateCount"] == 3
    assert run("eval", "1", GUERDON_DATA=str(command.data)).returncode == 0
    postgres = command.postgres()
    code, _, err = command.end(signal.SIGINT)
    assert (code, err) == (0, "")
    assert gone(postgres)


def test_two_workers(command, database):
    command.settings |= {"GUERDON_WORKERS": "2", "GUERDON_DATABASE_URL": database}
    command.start()
    for number in range(10):
        assert command.put(f"s{number}", profileId="kim").status_code == 200
    with open(f"/proc/{command.process.pid}/task/{command.process.pid}/children") as children:
        workers = [int(pid) for pid in children.read().split()]
    assert len(workers) >= 2
    code, _, err = command.end(signal.SIGINT)
    assert (code, err) == (0, "")
    assert all(gone(worker) for worker in workers)


def test_on_a_database_of_ones_own(command, database):
    """It is used and left running; the data directory is not needed."""
    command.settings["GUERDON_DATABASE_URL"] = database
    command.start()
    assert command.put().status_code == 200
    assert not command.data.exists()
    code, out, err = command.end(signal.SIGINT)
    assert (code, err) == (0, "")
    assert "First run" not in out
    done = run("migrate", GUERDON_DATABASE_URL=database)
    assert (done.returncode, done.stdout, done.stderr) == (0, "the schema is current\n", "")


def test_settings_that_cannot_be_used(folder):
    nobody = free_port()
    (folder / "file").write_text("")
    for settings, reason in [
        ({"GUERDON_PORT": "http"}, "GUERDON_PORT must be a whole number, not 'http'"),
        ({"GUERDON_WORKERS": "0"}, "GUERDON_WORKERS must be a whole number, not '0'"),
        ({"GUERDON_DEMO": "perhaps"}, "GUERDON_DEMO must be 0 or 1, not 'perhaps'"),
        ({"GUERDON_SMTP_PORT": "x"}, "GUERDON_SMTP_PORT must be a whole number, not 'x'"),
        ({"GUERDON_SMTP_SECURITY": "ssl"}, "GUERDON_SMTP_SECURITY must be starttls, tls or none, not 'ssl'"),
        ({"GUERDON_PORT": "65536"}, "cannot listen on 127.0.0.1:65536 (bind(): port must be 0-65535.);"
         " GUERDON_PORT chooses another port"),
        ({"GUERDON_DATA": str(folder / "file")}, "the database cannot be used: [Errno 17] File exists: "
         f"'{folder / 'file'}'"),
        ({"GUERDON_DATABASE_URL": f"postgresql://u@127.0.0.1:{nobody}/x"},
         f"the database cannot be used: [Errno 111] Connect call failed ('127.0.0.1', {nobody})"),
        ({"GUERDON_DATABASE_URL": "mysql://u@127.0.0.1/x"}, "the database cannot be used: invalid DSN: scheme is "
         "expected to be either \"postgresql\" or \"postgres\", got 'mysql'"),
    ]:  # fmt: skip
        done = run("serve", **{"GUERDON_PORT": str(free_port()), "GUERDON_DATA": str(folder / "data")} | settings)
        assert (done.returncode, done.stdout, done.stderr) == (1, "", f"guerdon: {reason}\n")
    assert not (folder / "data").exists()


def test_commands_that_need_a_database(folder):
    nobody = f"postgresql://u@127.0.0.1:{free_port()}/x"
    needs = "migrate needs GUERDON_DATABASE_URL; the embedded database is migrated by serve"
    for arguments, settings, start in [
        (["migrate"], {}, needs),
        (["migrate"], {"GUERDON_DATABASE_URL": nobody}, "the database cannot be used: [Errno 111]"),
        (["eval", "1"], {"GUERDON_DATABASE_URL": nobody}, "the database cannot be used: [Errno 111]"),
        (["eval", "1"], {"GUERDON_DATA": str(folder)}, "the database cannot be used: [Errno 2]"),
    ]:
        done = run(*arguments, **settings)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(f"guerdon: {start}")
        assert done.stderr.count("\n") == 1


def test_an_update_that_is_under_way_is_finished(command, database):
    """Ctrl-C comes while a request is being read: the client still gets its answer."""
    command.settings["GUERDON_DATABASE_URL"] = database
    command.start()
    body = b'{"customerSession": {}}'
    head = (
        f"PUT /v2/customer_sessions/s1 HTTP/1.1\r\nHost: x\r\nAuthorization: ApiKey-v1 {INTEGRATION_KEY}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", command.port)) as client:
        client.sendall(head.encode() + body[:5])
        httpx.get(f"http://127.0.0.1:{command.port}/healthz")
        os.killpg(command.process.pid, signal.SIGINT)
        client.sendall(body[5:])
        client.settimeout(PATIENCE)
        assert client.recv(4096).startswith(b"HTTP/1.1 200 OK")
    _, err = command.process.communicate(timeout=PATIENCE)
    assert (command.process.returncode, err) == (0, "")
