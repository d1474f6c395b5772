"""Callers whose name or number is an attack. Nothing of it may be run, and Zammad gets `anonymous`.

The texts would make an empty file, by the name that `{file}` stands for, if anything ran them.
"""

import pathlib
import secrets
import time
import urllib.parse

from cases import ANNA, BY_CALLER, WHOLE, inbound, outbound, run_all

# (what it is, the number, what is different from an anonymous call that is answered).
# Percent-encoded in the SIP address, from which Asterisk decodes them into the number.
NUMBERS = [
    ("command substitution", "4930$(touch {file})1", {}),
    ("back-ticks", "4930`touch {file}`1", {}),
    ("single quotes", "4930'|touch {file}|'1", {}),
    ("double quotes", '4930"&touch {file}&"1', {}),
    ("escaped double quotes", '4930\\"|touch {file}|\\"1', {}),
    # Asterisk itself takes what follows a semicolon for a parameter, and drops it.
    ("semicolon", "4930;touch {file}", {"arrives_as": "4930"}),
    ("pipe", "4930|touch {file}", {}),
    ("ampersand", "4930&touch {file}&", {}),
    ("redirection", "4930>{file}", {}),
    ("commas", "4930,touch {file},1", {}),
    ("parentheses", "4930),System(touch {file})", {}),
    ("a dialplan function", "4930${SHELL(touch {file})}", {}),
    ("a dialplan expression", '1" | 1 = 1 | "${SHELL(touch {file})}', {}),
    ("line break", "4930\ntouch {file}\n1", {}),
    ("carriage return and line break", "4930\r\ntouch {file}\r\n1", {}),
    ("an option", "--help", {}),
    ("blanks and an option", "4930 --config {file}", {}),
    ("a query", "4930&to=1&queue=x?to=1", {}),
    # The called telephone, an Asterisk too, refuses such a caller.
    ("invalid UTF-8", b"4930\xff\xfe\xc3(1",
     {"outcome": "403", "events": ("newCall", "hangup"), "done": False, "cause": "noAnswer",
      "user": None, "extension": None}),
    ("a letter", "4930x1", {}),
    # Asterisk keeps 79 of them.
    ("3000 digits", "4" * 3000, {}),
    ("3000 letters", "x" * 3000, {}),
]

# Put between double quotes into the From header as they stand, where Asterisk takes no line break.
# The number beside them is a good one.
NAMES = [
    ("command substitution", b"$(touch {file})"),
    ("back-ticks", b"`touch {file}`"),
    ("single quotes", b"';touch {file};'"),
    ("escaped double quotes", b'\\";touch {file};\\"'),
    ("semicolon", b"x;touch {file}"),
    ("pipe", b"x|touch {file}"),
    ("commas", b"x,touch {file},1"),
    ("parentheses", b"x),System(touch {file})"),
    ("a dialplan function", b"${SHELL(touch {file})}"),
    ("invalid UTF-8", b"x\xff\xfe\xc3("),
    ("3000 characters", b"x" * 3000),
]

# What somebody at a phone of the company dials. The call may come to anything.
DIALLED = [
    ("command substitution", "49221470$(touch {file})1"),
    ("single quotes", "49221470'|touch {file}|'1"),
    ("parentheses", "49221470),System(touch {file})"),
    ("line break", "49221470\ntouch {file}\n1"),
    ("commas", "49221470,trunk,3,b(zammad^${SHELL(touch {file})}^1)"),
]


# So that each way has numbers of its own.
WAY_DIGITS = {"agi": 1, "fastagi": 2, "system": 3}


def run(bench, report, way):
    mark = f"executed-{secrets.token_hex(4)}"
    answered = {**ANNA, "outcome": BY_CALLER, "events": WHOLE, "talk": 0.2}

    def filled(text):
        text = text if isinstance(text, bytes) else text.encode()
        return text.replace(b"{file}", f"/tmp/{mark}".encode())

    cases = [
        *(inbound(f"hostile number: {name}", 101,
                  **{**answered, "caller": encoded(filled(text)), "arrives_as": "anonymous", **more})
          for name, text, more in NUMBERS),
        *(inbound(f"hostile name: {name}", 101, name_shown=filled(text), **answered) for name, text in NAMES),
        *(outbound(f"hostile number dialled: {name}", encoded(filled(text)).decode(), None, None,
                   talk=0.2, audio_within=None)
          for name, text in DIALLED),
        # A stranger calls it, and FreePBX looks it up as it came.
        *(inbound(f"hostile number called: {name}", encoded(filled(text)).decode(), None, None, company="493024101",
                  talk=0.2, audio_within=None)
          for name, text in DIALLED),
    ]
    cases = [case for case in cases if report.wants(way, case.name)]
    for run in run_all(bench, cases):
        report.add(way, run.case.name, run.faults, run.case.to)
    name = "hostile channel id: whoever commands Asterisk may choose it"
    if report.wants(way, name):
        report.add(way, name, chosen_id(bench, filled, way))
        cases.append(name)
    if cases:
        found = [path for root in (bench.root, pathlib.Path("/")) for path in executed(root, mark)]
        report.add(way, "hostile callers: nothing was executed", [f"there is {path}" for path in found])


def chosen_id(bench, filled, way):
    """What is wrong with a call whose channel's id was chosen by a client of the manager interface."""
    number = f"493023101{WAY_DIGITS[way]}{secrets.randbelow(9000) + 1000}"
    chosen = filled("x';touch {file};'$(touch {file})`touch {file}`").decode()
    reply = bench.pbx.action(
        "Originate", Channel=f"Local/{number}@from-trunk/n", CallerID="<493055511111>", Async="true",
        ChannelId=f"a{chosen}", OtherChannelId=f"b{chosen}", Application="Wait", Data="1")
    if reply.get("Response") != "Success":
        return [f"Asterisk does not call: {reply}"]
    kept = "".join(c for c in f"b{chosen}" if c.isascii() and (c.isalnum() or c in "-_.@:"))
    end = time.monotonic() + 60
    while not any(row["call_id"] == kept for row in bench.sandbox.rows()):
        if time.monotonic() > end:
            return [f"Zammad has no call {kept}"]
        time.sleep(0.05)
    return []


def encoded(text):
    return urllib.parse.quote(text, safe="").replace(".", "%2E").encode()


def executed(root, mark):
    """Every file of the name, where a command of ours could have left it."""
    return [path for folder in (root, root / "tmp", root / "bench") for path in folder.glob(f"{mark}*")]
