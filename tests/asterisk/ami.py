"""Asterisk's manager interface: commands with their replies, and the events our dialplan sends."""

import itertools
import socket
import threading
import time


# Seconds at most between two events that come in another order than they happened.
DISORDER = 5.0


class Ami:
    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._socket.settimeout(None)
        self._stream = self._socket.makefile("rb")
        self._stream.readline()  # the banner
        self._numbers = itertools.count(1)
        self._changed = threading.Condition()
        self._replies = {}
        self.events = []
        self.globals = {}  # as they were set
        threading.Thread(target=self._read, daemon=True).start()
        reply = self.action("Login", Username="bench", Secret="bench")
        if reply.get("Response") != "Success":
            raise RuntimeError(f"AMI login: {reply}")

    def action(self, name, **fields):
        """Sends one action and waits for its reply."""
        number = str(next(self._numbers))
        fields = {"Action": name, "ActionID": number, **fields}
        lines = [f"{key}: {value}\r\n" for key, value in fields.items()]
        self._socket.sendall("".join([*lines, "\r\n"]).encode())
        with self._changed:
            if not self._changed.wait_for(lambda: number in self._replies, 60):
                raise TimeoutError(f"no reply to the AMI action {name}")
            return self._replies.pop(number)

    def cli(self, command):
        return self.action("Command", Command=command).get("Output", "")

    def set_global(self, name, value):
        reply = self.action("Setvar", Variable=name, Value=value)
        if reply.get("Response") != "Success":
            raise RuntimeError(f"AMI Setvar {name}: {reply}")
        self.globals[name] = value

    def find(self, since=0.0, **fields):
        """The first of our events with these fields, if it has come. Whoever knows `since` saves a look at the others."""
        found = None
        for event in reversed(self.events):
            if event["At"] < since - DISORDER:
                break
            if event["At"] >= since and fields.items() <= event.items():
                found = event
        return found

    def count(self, since, **fields):
        """How many of our events have come with these fields."""
        return sum(event["At"] >= since and fields.items() <= event.items() for event in self.events)

    def wait_for(self, seconds, **fields):
        with self._changed:
            self._changed.wait_for(lambda: self.find(**fields), seconds)
        return self.find(**fields)

    def close(self):
        self._socket.close()

    def _read(self):
        block = {}
        try:
            for line in self._stream:
                key, _, value = line.decode("utf-8", "replace").rstrip("\r\n").partition(": ")
                if key:
                    block[key] = f"{block[key]}\n{value}" if key in block else value
                elif block:
                    self._take(block)
                    block = {}
        except (OSError, ValueError):
            pass  # closed, by us or by a stopping Asterisk

    def _take(self, block):
        with self._changed:
            if "Response" in block:
                self._replies[block.get("ActionID")] = block
            elif block.get("Event") == "UserEvent":
                block["At"] = float(block.get("Timestamp", time.time()))
                self.events.append(block)
            self._changed.notify_all()
