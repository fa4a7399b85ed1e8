"""A small mail server, for what the server sends: as much of SMTP as smtplib speaks, encrypted or not."""

import base64
import email
import email.policy
import queue
import re
import socketserver
import ssl
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
        offers = ["250-STARTTLS"] if self.server.security == "starttls" and not self.secured() else []
        self.say("250-mailbox", *offers, "250-AUTH PLAIN", "250 SMTPUTF8")

    def starttls(self, _):
        self.say("220 go on")
        self.request = self.server.secure.wrap_socket(self.request, server_side=True)
        self.setup()

    def secured(self):
        return isinstance(self.request, ssl.SSLSocket)

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
        self.server.secured.append(self.secured())
        self.server.mails.put((self.to, email.message_from_bytes(b"".join(lines), policy=email.policy.default)))

    def unknown(self, _):
        self.say("502 what?")


class Mailbox(socketserver.ThreadingTCPServer):
    """Takes mails on a free port, or refuses them; `logins` are (user, password), `secured` says of each mail whether
    it came encrypted. `security` is as in the settings; other than "none" needs a context `secure`."""

    daemon_threads = True

    def __init__(self, security, secure):
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.security, self.secure, self.secured = security, secure, []
        self.port = self.server_address[1]
        self.mails, self.logins, self.refuses = queue.Queue(), [], False

    def get_request(self):
        connection, address = super().get_request()
        if self.security == "tls":
            connection = self.secure.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def take(self):
        """The next mail: (address, message)."""
        return self.mails.get(timeout=PATIENCE)

    def token(self, to):
        """The token in the next mail, which must be for this address."""
        address, message = self.take()
        assert address == to
        return re.search(r"^    ([A-Za-z0-9_-]{43})$", message.get_content(), re.M)[1]


@contextmanager
def open_mailbox(security="none", secure=None):
    box = Mailbox(security, secure)
    thread = threading.Thread(target=box.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield box
    box.shutdown()
    thread.join()
    box.server_close()
