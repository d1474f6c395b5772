"""Zammad, as the bench has it: the sandbox, and the door between it and the phone system.

Faults of Zammad itself are the sandbox's. Those of the way to it (refused, silent, a restart) are
the door's, because Zammad keeps its caller log over a restart and the sandbox does not.
"""

import json
import re
import socket
import threading
import time
import urllib.request

REQUEST = re.compile(r"(\{.*\}) -> (\d{3}) ?(.*)")


class Sandbox:
    """What it says is read once for all threads that ask at the same time, and its requests once at all: the
    bench's own work must not be what keeps calls waiting.
    """

    def __init__(self, port, printed):
        self._address = f"http://127.0.0.1:{port}"
        self._printed, self._read = printed, 0
        self._asking, self._reading = threading.Lock(), threading.Lock()
        self._asked, self._rows = 0.0, []
        self._requests = {}  # by call id

    def log(self):
        """The caller log, by the number called, which each call of the bench has for itself."""
        return {row["to"]: row for row in self.rows()}

    def rows(self):
        wanted = time.monotonic()
        with self._asking:
            if self._asked < wanted:
                asked = time.monotonic()
                with urllib.request.urlopen(f"{self._address}/api/v1/cti/log", timeout=60) as reply:
                    self._rows = json.load(reply)["list"]
                self._asked = asked
            return self._rows

    def call_of(self, number):
        """The latest call of a caller, who has a number of his own."""
        return next((row for row in self.rows() if row["from"] == number), None)

    def requests(self, call_id):
        """What came for a call, in order: its fields, and the status of the reply."""
        with self._reading:
            with open(self._printed, "rb") as file:
                file.seek(self._read)
                whole = file.read().rpartition(b"\n")[0]
            self._read += len(whole) + 1 if whole else 0
            for line in whole.decode(errors="replace").split("\n"):
                self._take(line)
            return list(self._requests.get(call_id, ()))

    def _take(self, line):
        if not (match := REQUEST.search(line)):
            return
        try:
            fields = json.loads(match.group(1))
        except ValueError:
            return  # of no call
        self._requests.setdefault(fields.get("callId"), []).append((fields, int(match.group(2))))

    def fault(self, **fault):
        """What goes wrong from now on; `mode="none"` ends it."""
        self._post("/sandbox/fault", fault)

    def _post(self, path, body):
        request = urllib.request.Request(
            self._address + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=60).close()


class Door:
    """Forwards connections to the sandbox, or refuses them, or takes them and says nothing."""

    def __init__(self, port, behind):
        self._port, self._behind = port, behind
        self._lock = threading.Lock()
        self._open_sockets = set()
        self._unanswered = set()
        self._listener = None
        self._is_silent = False
        self.open()

    def open(self):
        self._change(silent=False, listen=True)

    def silence(self):
        """Takes connections, and whatever is said there gets no answer."""
        self._change(silent=True, listen=True)

    def close(self):
        """Ends all connections, and refuses new ones.

        What was asked is answered first. A reply cut off would be an event whose outcome nobody knows, and those
        are reported by rules of their own.
        """
        while not self._change(silent=False, listen=False, midway=False):
            time.sleep(0.01)

    def _change(self, *, silent, listen, midway=True):
        with self._lock:
            if self._unanswered and not midway:
                return False
            self._is_silent = silent
            if self._listener:
                shut(self._listener)
                self._listener = None
            for connection in self._open_sockets:
                shut(connection)
            self._open_sockets.clear()
            self._unanswered.clear()
            if listen:
                self._listener = socket.create_server(("127.0.0.1", self._port), backlog=128)
                threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()
        return True

    def _accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                if listener is not self._listener:
                    shut(connection)
                    return
                self._open_sockets.add(connection)
                if self._is_silent:
                    continue
            sandbox = socket.create_connection(("127.0.0.1", self._behind))
            for end in (connection, sandbox):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._forward, args=(connection, sandbox), daemon=True).start()
            threading.Thread(target=self._forward, args=(sandbox, connection, connection), daemon=True).start()

    def _forward(self, source, target, asker=None):
        try:
            while data := source.recv(65536):
                if not asker:
                    with self._lock:
                        self._unanswered.add(source)
                target.sendall(data)
                with self._lock:
                    self._unanswered.discard(asker)
        except OSError:
            pass  # a door that was shut
        for end in (source, target):
            shut(end)
        with self._lock:
            self._open_sockets -= {source, target}
            self._unanswered -= {source, target}


def shut(connection):
    """Closes a socket that another thread may be waiting on."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it was not connected any more
    connection.close()
