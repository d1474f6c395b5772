"""Calls through the dialplans of examples/freeswitch, and what is in the caller log of them."""

import argparse
import itertools
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

from freeswitch import Switch

HERE = pathlib.Path(__file__).parent
EXAMPLES = HERE.parent.parent / "examples/freeswitch"
sys.path.insert(0, str(HERE.parent / "asterisk"))
from beside import Sleeper  # noqa: E402
from sandbox import Sandbox  # noqa: E402

# What takes longer than so many seconds will never be.
PATIENCE = 60
HELD = 2.0  # seconds at most that a call is held
WHO_WAIT = 3  # for the machine: the program, the shell or Lua, and the bench

BLOCKED, CALLER_ID = "491715000000", "41715880339000"
PHONES = {"101": "answers", "102": "USER_BUSY", "103": "NO_ANSWER", "104": "USER_BUSY", "105": "CALL_REJECTED",
          "106": "USER_NOT_REGISTERED", "107": "RECOVERY_ON_TIMER_EXPIRE"}
ANNA = {"user": "anna", "extension": "101", "done": True, "cause": "normalClearing"}
VOICEMAIL = {"user": "voicemail", "cause": "normalClearing"}
WHOLE, MISSED = ["newCall", "answer", "hangup"], ["newCall", "hangup"]

# What a SIP address may have behind its number.
OPTIONS = ";npdi;rn=+49302"

# (name, dialplan, called, variables, events, what the caller log says)
CALLS = [
    ("answered", "inbound", "493055571101", {}, WHOLE, ANNA),
    ("answered, dialled with a plus", "inbound", "+493055571101", {}, WHOLE, ANNA | {"to": "493055571101"}),
    ("busy, then voicemail", "inbound", "493055571102", {}, WHOLE, VOICEMAIL),
    ("no answer, then voicemail", "inbound", "493055571103", {}, WHOLE, VOICEMAIL),
    ("declined", "inbound", "493055571105", {}, MISSED, {"cause": "noAnswer"}),
    ("not registered, then voicemail", "inbound", "493055571106", {}, WHOLE, VOICEMAIL),
    ("the caller gives up", "inbound", "493055571103", {"cancels": True}, MISSED, {"cause": "cancel"}),
    ("a group", "inbound", "493055571200", {}, WHOLE, ANNA | {"queue": "support"}),
    ("a group, the caller gives up", "inbound", "493055571200", {"cancels": True}, MISSED,
     {"cause": "cancel", "queue": "support", "user": "support"}),
    ("blocked", "inbound", "493055571101", {"caller_id_number": BLOCKED}, MISSED, {"cause": "busy"}),
    ("blocked, with options behind the number", "inbound", "493055571101", {"caller_id_number": BLOCKED + OPTIONS}, MISSED,
     {"cause": "busy"}),
    ("withheld", "inbound", "493055571101", {"privacy_hide_number": "true"}, WHOLE, ANNA | {"from": "anonymous"}),
    ("a queue", "queue", "493055571300", {}, WHOLE, ANNA),
    ("outbound answered", "outbound", "049221470101", {"caller_id_number": "101"}, WHOLE,
     {"direction": "out", "done": True, "cause": "normalClearing", "to": "49221470101"}),
    ("outbound busy", "outbound", "049221470102", {"caller_id_number": "101"}, MISSED,
     {"direction": "out", "done": True, "cause": "busy", "to": "49221470102"}),
    ("outbound with Zammad's caller id", "outbound", "041447110101", {"caller_id_number": "101"}, WHOLE,
     {"direction": "out", "done": True, "cause": "normalClearing", "to": "41447110101", "from": CALLER_ID}),
    ("without Lua: answered", "without-lua", "493055571101", {}, WHOLE, ANNA),
    ("without Lua: busy", "without-lua", "493055571102", {}, MISSED, {"cause": "busy"}),
    ("without Lua: the caller gives up", "without-lua", "493055571103", {"cancels": True}, MISSED, {"cause": "cancel"}),
    ("without Lua: blocked", "without-lua", "493055571101", {"caller_id_number": BLOCKED}, MISSED, {"cause": "busy"}),
    ("without Lua: blocked, with options behind the number", "without-lua", "493055571101",
     {"caller_id_number": BLOCKED + OPTIONS}, MISSED, {"cause": "busy"}),
    ("without Lua: withheld", "without-lua", "493055571101", {"privacy_hide_number": "true"}, WHOLE,
     ANNA | {"from": "anonymous"}),
]

# What callers may write as their number and their name: all of it makes them anonymous.
HOSTILE = [
    b"$(touch canary)", b"`touch canary`", b"'; touch canary; '", b'"; touch canary; "', b"4930; touch canary", b"4930|touch canary",
    b"4930\ntouch canary\n", b"493055\n", b"4930 && touch canary", b"${system(touch canary)}", b"\\${system(touch canary)}",
    b"$${system(touch canary)}", b"${uuid}", b"$1", b"$2", b"4930'", b"-x", b"--fail-open", b"4930\0", b"4930\xff", 41 * b"4", b"", b"+",
    b"4930}", b"4930,zammad_action=none", b"zammad_call_id=1", b"%27", b"x' --url='http://127.0.0.1:1/",
]

# What callers may write as their Call-ID, where it becomes the channel's uuid. The last ones look like any other.
CALL_IDS = [*HOSTILE, b"a84b4c76e66710@192.0.2.7", b"0f9d6a3e-5a0c-4f0e-9c57-8f2a1c3d4e5f"]
CALL_IDS.remove(b"")

# A queue as docs/freeswitch.md has it.
QUEUE = """<include><extension name="queue"><condition field="destination_number" expression="^493055571300$">
<action application="lua" data="zammad.lua in"/><action application="callcenter" data="support"/>
</condition></extension></include>"""


class Bench:
    def __init__(self, program, folder):
        self.folder = folder
        self.environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder)}
        printed = folder / "sandbox.log"
        with open(printed, "wb") as file:
            self._sandbox = subprocess.Popen(
                [program, "sandbox", "--listen", "127.0.0.1:0", "--token", "bench", "--block", BLOCKED, "--route",
                 f"41*={CALLER_ID}"], stdin=subprocess.DEVNULL, stdout=file, stderr=file)
        until = time.time() + PATIENCE
        while not (url := re.search(r"http://127.0.0.1:(\d+)/\S+", printed.read_text())):
            assert time.time() < until, "the sandbox does not start"
            time.sleep(0.05)
        self.sandbox = Sandbox(url[1], printed)
        config = folder / "config.toml"
        config.write_text(f'url = "{url[0]}"\n[numbers]\ncountry = "DE"\n[agents]\n101 = "anna"\n')
        config.chmod(0o600)
        self.environment["ZAMMAD_CTI_CONFIG"] = str(config)
        # The examples as they are, but for where the program is.
        self.examples = folder / "examples"
        shutil.copytree(EXAMPLES, self.examples)
        (self.examples / "queue.xml").write_text(QUEUE)
        for file in self.examples.iterdir():
            file.write_text(file.read_text().replace("/usr/bin/zammad-cti", str(program)))

    def stop(self):
        self._sandbox.terminate()
        self._sandbox.wait(10)

    def switch(self, dialplan):
        return Switch([self.examples / f"{dialplan}.xml"], self.examples, PHONES, self.environment, self.folder)

    def rows(self, caller):
        """The rows of a caller, once all of them have ended."""
        until = time.time() + PATIENCE
        while True:
            rows = [row for row in self.sandbox.rows() if row["from"] == caller]
            if time.time() > until or (rows and all(row["state"] == "hangup" for row in rows)):
                return rows
            time.sleep(0.05)

    def row(self, call_id):
        """The call's row, once it has ended."""
        until = time.time() + PATIENCE
        while True:
            row = next((row for row in self.sandbox.rows() if row["call_id"] == call_id), None)
            if time.time() > until or (row and row["state"] == "hangup"):
                return row
            time.sleep(0.05)


def call_of(channel):
    """The id under which it is reported."""
    return (channel.get(b"zammad_call_id") or channel.get(b"zammad_call")).decode()


_serials = itertools.count(1)


def ordinary(bench, name, dialplan, called, variables, events, expected):
    caller = f"4940{next(_serials):07}"
    switch = bench.switch(dialplan)
    channel = switch.call(**({"destination_number": called, "caller_id_number": caller, "caller_id_name": "Chris"} | variables))
    call_id = call_of(channel)
    row = bench.row(call_id)
    if row is None:
        yield "it is not in the caller log"
        return
    expected = {"from": caller if expected.get("direction") != "out" else "101", "to": called, "user": None, "done": False,
                "direction": "in"} | expected
    shown = {"user": row["to_comment"], "cause": row["comment"]} | row
    expected["from"] = BLOCKED if variables.get("caller_id_number", "").startswith(BLOCKED) else expected["from"]
    for key, value in expected.items():
        if key != "extension" and shown[key] != value:
            yield f"{key}: expected {value}, came {shown[key]}"
    requests = bench.sandbox.requests(call_id)
    if [fields["event"] for fields, _ in requests] != events:
        yield f"events: expected {events}, came {[fields['event'] for fields, _ in requests]}"
    for fields, status in requests:
        if status != 200:
            yield f"Zammad refused {fields['event']} with {status}"
        if fields["event"] == "answer" and fields.get("answeringNumber") != expected.get("extension"):
            yield f"answering number: expected {expected.get('extension')}, came {fields.get('answeringNumber')}"
    if expected["from"] == CALLER_ID and channel.variables.get("effective_caller_id_number") != CALLER_ID.encode():
        yield "the carrier does not see Zammad's caller id"
    yield from switch.errors()


def hostile(bench, dialplan, text):
    switch = bench.switch(dialplan)
    channel = switch.call(destination_number="493055571101", caller_id_number=text, caller_id_name=text,
                          sip_from_user=text, sip_from_display=text, sip_call_id=text)
    row = bench.row(call_of(channel))
    # PCRE's $, like Python's, fits before a line break at the end; what the brackets caught has none.
    caller = "493055" if text == b"493055\n" and dialplan == "without-lua" else "anonymous"
    if row is None or row["state"] != "hangup" or not row["done"] or row["from"] != caller:
        yield f"expected a call of {caller} that was answered, came {row}"
    if (bench.folder / "canary").exists():
        (bench.folder / "canary").unlink()
        yield "a caller has run a command"
    yield from switch.errors()


def hostile_call_id(bench, dialplan, called, text):
    """With inbound-use-callid-as-uuid a call is reported, from its beginning to its end, under an id of its own."""
    # Twice, as a caller sends what he likes: the second one counts like the first.
    caller = f"4941{next(_serials):07}"
    switch = bench.switch(dialplan)
    for _ in range(2):
        switch.call(uuid=text, sip_call_id=text, destination_number=called, caller_id_number=caller)
    rows = bench.rows(caller)
    # What an API command cannot name: no SIP message has a blank there, and a quote costs a queue its answer.
    who = None if dialplan == "queue" and re.search(rb"[\s']", text) else "anna"
    if [(row["state"], row["to_comment"]) for row in rows] != 2 * [("hangup", who)]:
        yield f"expected two calls of {who}, came {[(row['state'], row['to_comment']) for row in rows]}"
    for row in rows:
        if not re.fullmatch("[0-9a-f-]{36}", row["call_id"]) or row["call_id"] == text.decode(errors="replace"):
            yield f"reported as {row['call_id']}"
    if (bench.folder / "canary").exists():
        (bench.folder / "canary").unlink()
        yield "a caller has run a command"
    yield from switch.errors()


def past_zammad(bench):
    """Who is blocked reaches no phone by a Call-ID that was used before, and none by the names of the dialplan itself."""
    for dialplan in ("inbound", "without-lua"):
        for called in ("493055571101", "493055571101", "zammad_none", "zammad_", "zammad_none_101"):
            channel = bench.switch(dialplan).call(uuid="0f9d6a3e-5a0c-4f0e-9c57-8f2a1c3d4e5f", caller_id_number=BLOCKED,
                                                  sip_call_id="0f9d6a3e-5a0c-4f0e-9c57-8f2a1c3d4e5f", destination_number=called)
            if channel.answered:
                yield f"{dialplan}: a blocked caller who dials {called} is put through"


def comes_back(bench):
    """A transfer that comes back into the route is the same call."""
    for dialplan in ("inbound", "without-lua"):
        caller = f"4942{next(_serials):07}"
        channel = bench.switch(dialplan).call(destination_number="493055571101", caller_id_number=caller,
                                              comes_back=True)
        if (rows := bench.rows(caller)) and [row["call_id"] for row in rows] == [call_of(channel)]:
            continue
        yield f"{dialplan}: a call that comes back: {rows}"


def hostile_words(bench):
    """What else goes to the script: the called number, the queue, and the phone that picked up."""
    for text in HOSTILE:
        switch = bench.switch("inbound")
        channel = switch.call(destination_number=b"493055571200", caller_id_number=b"493055", zammad_to=text, zammad_queue=text)
        # A plus alone is no number that could be called.
        row = {} if text == b"+" else bench.row(call_of(channel))
        if (bench.folder / "canary").exists():
            yield f"{text}: a command was run"
        elif row is None:
            yield f"{text}: the call is not in the caller log"


def down(bench):
    """Without Zammad the call goes on, and every phone rings."""
    config = bench.folder / "config.toml"
    before = config.read_text()

    def call(dialplan):
        began = time.time()
        channel = bench.switch(dialplan).call(destination_number="493055571101", caller_id_number="493055")
        return channel, time.time() - began

    for dialplan in ("inbound", "without-lua"):
        _, usual = call(dialplan)
        config.write_text(re.sub(r"127.0.0.1:\d+", "127.0.0.1:1", before))
        channel, took = call(dialplan)
        config.write_text(before)
        if not channel.answered or took > HELD + WHO_WAIT * usual:
            yield f"{dialplan}: without Zammad: {channel.hung_up} after {took:.1f} s, with it after {usual:.1f} s"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True, type=pathlib.Path)
    args = parser.parse_args()
    began, faults = time.time(), []
    with tempfile.TemporaryDirectory(prefix="zammad-cti-freeswitch-") as folder:
        bench = Bench(args.program.resolve(), pathlib.Path(folder))
        try:
            with Sleeper() as sleeper:
                for call in CALLS:
                    faults += [f"{call[0]}: {fault}" for fault in sleeper.patiently(ordinary, bench, *call)]
                for dialplan in ("inbound", "without-lua"):
                    for text in HOSTILE:
                        faults += [f"{dialplan}, {text}: {fault}" for fault in sleeper.patiently(hostile, bench, dialplan, text)]
                for dialplan, called in (("inbound", "493055571101"), ("without-lua", "493055571101"), ("queue", "493055571300")):
                    for text in CALL_IDS:
                        faults += [f"{dialplan}, Call-ID {text}: {fault}"
                                   for fault in sleeper.patiently(hostile_call_id, bench, dialplan, called, text)]
                for part in (past_zammad, comes_back, hostile_words, down):
                    faults += sleeper.patiently(part, bench)
        finally:
            bench.stop()
    for fault in faults:
        print(f"  {fault}")
    print(f"FreeSWITCH's dialplans: {len(CALLS)} calls, {3 * len(HOSTILE) + 6 * len(CALL_IDS)} hostile ones, {len(faults)} faults, "
          f"{time.time() - began:.0f} s")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
