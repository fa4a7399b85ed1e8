"""`guerdon backup` and `guerdon restore`, as an operator uses them."""

import signal

import httpx
import pytest

from serving import INTEGRATION_KEY, Command, run


@pytest.fixture
def second(folder):
    """A server on another directory."""
    made = Command(folder / "second")
    yield made
    if made.process is not None and made.process.poll() is None:
        made.end(signal.SIGKILL)


def stored(command):
    headers = {"Authorization": f"ApiKey-v1 {INTEGRATION_KEY}"}
    url = f"http://127.0.0.1:{command.port}/v2/customer_sessions/s1"
    return httpx.get(url, headers=headers).json()


def test_there_and_back(command, second, folder):
    """A backup while the server runs, another while it does not, and the first one in a new place."""
    file = folder / "first.backup"
    command.start()
    command.put(profileId="kim", attributes={}, cartItems=[{"sku": "a", "quantity": 1, "price": 0.1}])
    before = stored(command)
    done = run("backup", str(file), GUERDON_DATA=str(command.data))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{file}: {file.stat().st_size:,} bytes\n"
    assert file.stat().st_mode & 0o777 == 0o600
    command.put(state="cancelled")
    assert command.end()[0] == 0
    assert run("backup", str(folder / "later"), GUERDON_DATA=str(command.data)).returncode == 0
    assert command.postgres() is None

    done = run("restore", str(file), GUERDON_DATA=str(second.data))
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{file} is restored\n", "")
    second.start()
    assert stored(second) == before
    assert second.put(state="closed").status_code == 200
    assert second.end()[0] == 0
    assert sorted(path.name for path in folder.iterdir()) == ["data", "first.backup", "later", "second"]


def test_what_is_refused(command, folder, database):
    file, data = folder / "file", {"GUERDON_DATA": str(command.data)}
    for arguments, settings, reason in [
        (["backup", str(file)], data, f"there is no data in {command.data}; GUERDON_DATA says where it is"),
        (["backup", str(folder)], data, f"{folder} exists already"),
        (["backup", str(folder / "no" / "file")], {"GUERDON_DATABASE_URL": database}, "[Errno 2] No such file or directory: "
         f"'{folder / 'no' / 'file.part'}'"),
        (["restore", str(file)], data, f"there is no file {file}"),
        (["restore", __file__], {"GUERDON_DATABASE_URL": database},
         "the database is not empty: a backup is restored into a new one only"),
    ]:  # fmt: skip
        done = run(*arguments, **settings)
        assert (done.returncode, done.stdout, done.stderr) == (1, "", f"guerdon: {reason}\n")
    assert list(folder.iterdir()) == []


def test_a_file_that_is_no_backup_leaves_an_empty_database(command, folder):
    settings = {"GUERDON_DATA": str(folder / "new")}
    done = run("restore", __file__, **settings)
    assert done.returncode == 1
    assert done.stderr.endswith("guerdon: pg_restore failed; what it says is above\n")
    command.use(folder / "new")
    command.start()
    assert command.put(profileId="kim").status_code == 200


@pytest.mark.parametrize("arguments", [["serve"], ["migrate"]])
def test_an_older_server_does_not_touch_a_newer_database(server, arguments):
    server.sql("INSERT INTO schema_migrations VALUES ('9999_tomorrow', now())")
    done = run(*arguments, GUERDON_DATABASE_URL=server.database, GUERDON_PORT="0")
    message = "guerdon: the database is of a newer Guerdon, which made 9999_tomorrow\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", message)
