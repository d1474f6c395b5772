"""A telephone of a few lines: it places one call over real SIP and notes what its user would notice.

Asterisk as a caller would tidy up what it sends; this sends any byte, and sees every status.
"""

import itertools
import random
import re
import select
import socket
import threading
import time
import urllib.parse

CARRIER = "127.0.0.2"
PHONES = "127.0.0.3"
FOLLOWED = "127.0.0.4"  # the carrier of calls that only the bridge reports

RETRANSMIT = 0.5
LAST = 100  # the number of a BYE: more than what a call sends before it
RTP_PACKET = 2048
SOUND = b"\x80\0\0\1" + bytes(8) + 160 * b"\xff"  # 20 ms of silence


class Call(threading.Thread):
    """One call. Start it, `join` it, and read what happened.

    `cancel_after` counts from the beginning, `ringing_for` from the first ringing (then he cancels as
    well), and `talk` from the answer. A caller that does none of it
    waits until the other side ends the call, or `patience` is over, which counts as a fault.
    """

    def __init__(self, pbx, to, user, *, name=b"Chris", source=CARRIER, headers=b"", cancel_after=None,
                 ringing_for=None, talk=None, patience=60.0):
        super().__init__(daemon=True)
        self.pbx, self.to, self.source = pbx, to, source
        self.user = user if isinstance(user, bytes) else user.encode()
        self.display = name if isinstance(name, bytes) else name.encode()
        self.headers, self.cancel_after, self.talk, self.patience = headers, cancel_after, talk, patience
        self.ringing_for, self.rang = ringing_for, None
        self.began = None
        self.status = None
        self.answered = None
        self.first_audio = None
        self.ended_by = None
        self.ended = None
        self._up = threading.Event()
        self._numbers = itertools.count(2)

    # --- what happened ---

    @property
    def outcome(self):
        """In a few words: `486`, or `answered, caller hung up`."""
        if self.answered is None:
            return str(self.status or "no final status")
        return f"answered, {self.ended_by or 'nobody'} hung up"

    def wait_for_answer(self, seconds):
        return self._up.wait(seconds)

    # --- what its user does meanwhile ---

    def press(self, keys):
        """Presses these keys, if the PBX was told nothing of RFC 4733, as here."""
        for key in keys:
            self._ask("INFO", [b"Content-Type: application/dtmf-relay"], f"Signal={key}\r\nDuration=100\r\n".encode())
            time.sleep(0.2)

    def transfer_to(self, extension):
        """Hands the call on without a word to anybody, and is out of it."""
        there = f"Refer-To: <sip:{extension}@{self.pbx[0]}:{self.pbx[1]}>"
        self._ask("REFER", [there.encode()])
        # As telephones do; the PBX waits for that.
        self.talk = time.time() - self.answered + 0.5

    def connect_with(self, other):
        """Connects the far ends of this call and of the other one, as telephones do after asking, and is out of both."""
        tags = f"to-tag={other._their_tag.decode().removeprefix(';tag=')};from-tag={other._tag}"
        replaces = urllib.parse.quote(f"{other._call_id};{tags}", safe="")
        self._ask("REFER", [f"Refer-To: <sip:{other.to}@{self.pbx[0]}:{self.pbx[1]}?Replaces={replaces}>".encode()])
        for call in (self, other):
            call.talk = time.time() - call.answered + 0.5

    def _ask(self, method, headers, body=b""):
        number = next(self._numbers)
        lines = self._lines(method, number, f"{method}{number}")
        self._send(b"\r\n".join([*lines, *headers, b"Content-Length: %d" % len(body), b"", body]))

    # --- the call ---

    def run(self):
        self._sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with self._sip, self._rtp:
            self._sip.bind((self.source, 0))
            self._rtp.bind((self.source, 0))
            self._tag = f"{random.getrandbits(40):x}"
            self._branch = f"z9hG4bK{random.getrandbits(60):x}"
            self._call_id = f"{random.getrandbits(60):x}@{self.source}"
            self._their_tag, self._their_audio = b"", None
            self._was_heard = self._cancelled = self._said_bye = False
            self._talk()
        self.ended = time.time()

    def _talk(self):
        self.began = sent = time.time()
        invite = self._request("INVITE", 1, headers=self.headers, sdp=True)
        self._send(invite)
        while (now := time.time()) < self.began + self.patience:
            if not self._was_heard and now > sent + RETRANSMIT:
                self._send(invite)
                sent = now
            may_cancel = self._was_heard and self.answered is None and not self._cancelled
            is_enough = self._is_due(self.cancel_after, self.began) or self._is_due(self.ringing_for, self.rang)
            if may_cancel and is_enough:
                self._cancelled = True
                self._send(self._request("CANCEL", 1))
            if self.answered and self._is_due(self.talk, self.answered) and not self._said_bye:
                self._said_bye, self.ended_by = True, "caller"
                sent = now
                self._send(self._request("BYE", LAST, branch="bye"))
            if self._said_bye and now > sent + RETRANSMIT:
                sent = now
                self._send(self._request("BYE", LAST, branch="bye"))
            if self._their_audio and not self.first_audio:
                # Asterisk's Answer() waits for a sound from here.
                self._rtp.sendto(SOUND, self._their_audio)
            listening = [self._sip] if self.first_audio else [self._sip, self._rtp]
            for readable in select.select(listening, [], [], self._pause(sent))[0]:
                if readable is self._rtp:
                    self._rtp.recv(RTP_PACKET)
                    self.first_audio = time.time()
                    continue
                data, address = self._sip.recvfrom(65535)
                self._was_heard = True
                if self._take(data, address):
                    return
        # Nobody ended it, which is a fault, but the next calls want an idle PBX.
        self._send(self._request("BYE", LAST, branch="bye") if self.answered else self._request("CANCEL", 1))

    def _pause(self, sent):
        """Seconds until there is something to do without a message, at most."""
        if self._their_audio and not self.first_audio:
            return 0.02
        due = [time.time() + 0.5, sent + RETRANSMIT]
        for after, since in ((self.cancel_after, self.began), (self.ringing_for, self.rang), (self.talk, self.answered)):
            if after is not None and since is not None:
                due.append(since + after)
        return max(0.01, min(moment - time.time() for moment in due))

    @staticmethod
    def _is_due(after, since):
        return after is not None and since is not None and time.time() >= since + after

    def _take(self, data, address):
        """One message of the PBX; whether it is the last of this call."""
        method = re.search(rb"^CSeq: *\d+ +(\w+)", data, re.M | re.I).group(1)
        if not data.startswith(b"SIP/2.0 "):
            return self._answer_request(method, data, address)
        status = int(data.split(b" ", 2)[1])
        tag = re.search(rb"^(?:To|t): *.*?(;tag=[^\s;]+)", data, re.M | re.I)
        if tag:
            self._their_tag = tag.group(1)
        if method == b"BYE":
            return status >= 200
        if method == b"INVITE" and status in (180, 183):
            self.rang = self.rang or time.time()
        if method != b"INVITE" or status < 200:
            return False
        self.status = status
        if status >= 300:
            self._send(self._request("ACK", 1))
            return True
        self._send(self._request("ACK", 1, branch="ack"))
        if self.answered is None:
            self.answered = time.time()
            address = re.search(rb"^c=IN IP4 (\S+)", data, re.M).group(1).decode()
            self._their_audio = address, int(re.search(rb"^m=audio (\d+)", data, re.M).group(1))
            self._up.set()
        return False

    def _answer_request(self, method, data, address):
        if method == b"ACK":
            return False
        kept = [line for line in data.split(b"\r\n") if re.match(rb"(Via|From|To|Call-ID|CSeq):", line, re.I)]
        body = self._sdp() if method == b"INVITE" else b""
        reply = [b"SIP/2.0 200 OK", *kept, f"Contact: <sip:{self.source}:{self._port()}>".encode()]
        self._sip.sendto(self._message(reply, body), address)
        if method == b"BYE":
            self.ended_by = self.ended_by or "other side"
            return True
        return False

    # --- messages ---

    def _port(self):
        return self._sip.getsockname()[1]

    def _send(self, message):
        self._sip.sendto(message, self.pbx)

    def _request(self, method, number, *, branch="", headers=b"", sdp=False):
        lines = self._lines(method, number, branch)
        return self._message(lines + headers.splitlines(), self._sdp() if sdp else b"")

    def _lines(self, method, number, branch):
        uri = f"sip:{self.to}@{self.pbx[0]}:{self.pbx[1]}".encode()
        return [
            method.encode() + b" " + uri + b" SIP/2.0",
            f"Via: SIP/2.0/UDP {self.source}:{self._port()};branch={self._branch}{branch};rport".encode(),
            b"Max-Forwards: 70",
            b'From: "%b" <sip:%b@%b>;tag=%b' % (self.display, self.user, self.source.encode(), self._tag.encode()),
            b"To: <" + uri + b">" + self._their_tag * (method != "INVITE" and method != "CANCEL"),
            b"Call-ID: " + self._call_id.encode(),
            f"CSeq: {number} {method}".encode(),
            f"Contact: <sip:{self.source}:{self._port()}>".encode(),
        ]

    @staticmethod
    def _message(lines, body):
        if body:
            lines = [*lines, b"Content-Type: application/sdp"]
        return b"\r\n".join([*lines, b"Content-Length: %d" % len(body), b"", body])

    def _sdp(self):
        return (
            f"v=0\r\no=- 1 1 IN IP4 {self.source}\r\ns=-\r\nc=IN IP4 {self.source}\r\nt=0 0\r\n"
            f"m=audio {self._rtp.getsockname()[1]} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
        ).encode()
