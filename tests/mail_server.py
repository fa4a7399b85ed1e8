"""A small mail server, for what the server sends: as much of SMTP as smtplib speaks."""

import base64
import email
import email.policy
import queue
import re
import socketserver
import threading
from contextlib import contextmanager

PATIENCE = 20  # seconds


class _Conversation(socketserver.StreamRequestHandler):
    def handle(self):
        self.say("220 mailbox")
        while line := self.rfile.readline().decode().strip():
            verb = line.split(" ", 1)[0].upper()
            if verb == "QUIT":
                self.say("221 bye")
                return
            getattr(self, verb.lower(), self.unknown)(line)

    def say(self, *lines):
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

    def ehlo(self, _):
        self.say("250-mailbox", "250-AUTH PLAIN", "250 SMTPUTF8")

    def auth(self, line):
        self.server.logins.append(base64.b64decode(line.split()[-1]).decode().split("\0")[1:])
        self.say("235 welcome")

    def mail(self, _):
        self.say("554 no mail today" if self.server.refuses else "250 fine")

    def rcpt(self, line):
        self.to = re.search("<(.*)>", line)[1]
        self.say("250 fine")

    def rset(self, _):
        self.say("250 fine")

    def data(self, _):
        self.say("354 go on")
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.replace(b"\r\n", b"\n"))
        self.say("250 taken")
        self.server.mails.put((self.to, email.message_from_bytes(b"".join(lines), policy=email.policy.default)))

    def unknown(self, _):
        self.say("502 what?")


class Mailbox(socketserver.ThreadingTCPServer):
    """Takes mails on a free port, or refuses them; `logins` are (user, password)."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.port = self.server_address[1]
        self.mails, self.logins, self.refuses = queue.Queue(), [], False

    def take(self):
        """The next mail: (address, message)."""
        return self.mails.get(timeout=PATIENCE)

    def token(self, to):
        """The token in the next mail, which must be for this address."""
        address, message = self.take()
        assert address == to
        return re.search(r"^    ([A-Za-z0-9_-]{43})$", message.get_content(), re.M)[1]


@contextmanager
def open_mailbox():
    box = Mailbox()
    thread = threading.Thread(target=box.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield box
    box.shutdown()
    thread.join()
    box.server_close()
