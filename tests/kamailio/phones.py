"""The other end of a call: telephones that register, and a carrier; and callers that a proxy can route.

A number says how the telephone behaves: 101 and 102 pick up, 103 is busy, 104 rings for ever, 105 declines.
"""

import pathlib
import re
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "asterisk"))
import sip

PHONES = sip.PHONES
TRUNK = sip.CARRIER


def header(data, *names):
    """The values of a header, in order."""
    found = re.findall(rb"^(?:%b): *(.*?)\r$" % b"|".join(names), data, re.M | re.I)
    return [part.strip() for value in found for part in value.split(b",")]


class Call(sip.Call):
    """A caller that sends what follows the INVITE by the way that the proxy put into it.

    `call_id` is whatever the caller likes.
    """

    def __init__(self, *arguments, call_id=None, **more):
        super().__init__(*arguments, **more)
        self._own_call_id = call_id

    def _take(self, data, address):
        if data.startswith(b"SIP/2.0 2") and b" INVITE\r" in data:
            self._contact = re.search(rb"<(.*?)>", header(data, b"Contact", b"m")[0]).group(1)
            self._route = header(data, b"Record-Route")[::-1]
        return super()._take(data, address)

    def _request(self, method, number, *, branch="", headers=b"", sdp=False):
        message = super()._request(method, number, branch=branch, headers=headers, sdp=sdp)
        if self._own_call_id is not None:
            message = re.sub(rb"\r\nCall-ID: .*?\r\n", lambda _: b"\r\nCall-ID: %b\r\n" % self._own_call_id, message)
        # A subscriber of the proxy.
        message = message.replace(b"@%b>;tag=" % PHONES.encode(), b"@%b:%d>;tag=" % (self.pbx[0].encode(), self.pbx[1]), 1)
        if branch not in ("ack", "bye"):
            return message
        first, rest = message.split(b"\r\n", 1)
        route = b"".join(b"Route: " + value + b"\r\n" for value in self._route)
        return re.sub(rb" \S+ ", b" %b " % self._contact, first, count=1) + b"\r\n" + route + rest


class Phones(threading.Thread):
    """All telephones and the carrier, at one address. `ringing` has what each INVITE looked like."""

    def __init__(self, address):
        super().__init__(daemon=True)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, 0))
        self.address, self.port = self._socket.getsockname()
        self.invites = []
        self._calls = {}

    def register(self, proxy, extension, contact):
        """`contact` is what the telephone calls itself."""
        name = contact if isinstance(contact, str) else contact.decode()
        self._socket.sendto((
            f"REGISTER sip:{proxy[0]}:{proxy[1]} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {self.address}:{self.port};branch=z9hG4bK{extension}{name};rport\r\n"
            f"From: <sip:{extension}@{proxy[0]}>;tag={extension}\r\nTo: <sip:{extension}@{proxy[0]}>\r\n"
            f"Call-ID: {extension}-{name}\r\nCSeq: 1 REGISTER\r\nMax-Forwards: 70\r\nExpires: 3600\r\n"
            f"Contact: <sip:{name}@{self.address}:{self.port}>\r\nContent-Length: 0\r\n\r\n").encode(), proxy)

    def run(self):
        while True:
            data, address = self._socket.recvfrom(65535)
            if data.startswith(b"SIP/2.0 "):
                continue
            method = data.split(b" ", 1)[0]
            user = re.match(rb"\w+ sip:(.*?)@", data).group(1).decode()
            call = header(data, b"Call-ID")[0]
            if method == b"INVITE":
                self._ring(data, address, user, call)
            elif method == b"CANCEL":
                self._reply(data, address, user, 200)
                if (invite := self._calls.pop((call, user), None)) is not None:
                    self._reply(invite, address, user, 487)
            elif method == b"BYE":
                self._reply(data, address, user, 200)

    def _ring(self, data, address, user, call):
        if (call, user) in self._calls:
            return
        self.invites.append(data)
        self._calls[call, user] = data
        self._reply(data, address, user, 180)
        last = re.sub(r"\D", "", user)[-3:]
        if status := {"103": 486, "105": 603, "109": 404}.get(last):
            self._reply(data, address, user, status)
        elif last in ("101", "102"):
            threading.Timer(0.2, self._pick_up, (data, address, user, call, last)).start()

    def _pick_up(self, data, address, user, call, last):
        if self._calls.pop((call, user), None) is None:
            return
        self._reply(data, address, user, 200)
        if last == "102":
            threading.Timer(0.4, self._hang_up, (data, address, user)).start()

    def _hang_up(self, invite, address, user):
        contact = re.search(rb"<(.*?)>", header(invite, b"Contact")[0]).group(1)
        lines = [
            b"BYE %b SIP/2.0" % contact,
            f"Via: SIP/2.0/UDP {self.address}:{self.port};branch=z9hG4bK{time.time_ns():x};rport".encode(),
            *(b"Route: " + value for value in header(invite, b"Record-Route")),
            b"From: %b;tag=phone" % header(invite, b"To")[0], b"To: " + header(invite, b"From")[0],
            b"Call-ID: " + header(invite, b"Call-ID")[0], b"CSeq: 1 BYE", b"Max-Forwards: 70", b"Content-Length: 0",
        ]
        self._socket.sendto(b"\r\n".join(lines) + b"\r\n\r\n", address)

    def _reply(self, data, address, user, status):
        kept = [line for line in data.split(b"\r\n")
                if re.match(rb"(Via|From|Call-ID|CSeq|Record-Route):", line, re.I)]
        to = header(data, b"To")[0]
        body = b""
        if status == 200 and data.startswith(b"INVITE"):
            body = (f"v=0\r\no=- 1 1 IN IP4 {self.address}\r\ns=-\r\nc=IN IP4 {self.address}\r\nt=0 0\r\n"
                    "m=audio 9 RTP/AVP 0\r\n").encode()
        lines = [b"SIP/2.0 %d x" % status, *kept, b"To: " + (to if b"tag=" in to else to + b";tag=phone"),
                 f"Contact: <sip:{user}@{self.address}:{self.port}>".encode(), b"Content-Length: %d" % len(body)]
        if body:
            lines.insert(-1, b"Content-Type: application/sdp")
        self._socket.sendto(b"\r\n".join(lines) + b"\r\n\r\n" + body, address)
