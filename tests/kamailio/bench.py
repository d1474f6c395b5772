"""Calls through a real Kamailio, set up as docs/kamailio.md says, with the kamailio.cfg that comes with it.

Runs in a mount namespace of its own, in which /etc and /usr/bin are copies that it may write.
"""

import argparse
import dataclasses
import itertools
import json
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

import phones
from phones import Call, Phones

HERE = pathlib.Path(__file__).parent
REPOSITORY = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "asterisk"))
from beside import Sleeper  # noqa: E402
from sandbox import Sandbox  # noqa: E402

# What takes longer than so many seconds will never be.
PATIENCE = 60

BLOCKED, ROUTE, CALLER_ID = "491715000000", "41*", "41715880339000"
KAMAILIO_CFG = pathlib.Path("/etc/kamailio/kamailio.cfg")


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        return udp.getsockname()[1]


def lines(file):
    """What the file says is to be put into kamailio.cfg, in order."""
    return [part.split("\n", 1)[1] for part in file.read_text().split("\n#### ")[1:]]


def steps():
    """The commands of the page, block by block."""
    printed = subprocess.run([REPOSITORY / "tests/cookbook/blocks", "--json", "docs/kamailio.md", "kamailio"],
                             check=True, capture_output=True, text=True)
    return [block["code"] for block in json.loads(printed.stdout)]


class Bench:
    def __init__(self, program, folder):
        self.folder = folder
        self._processes = []
        self.port = free_port()
        private = folder / "private"
        private.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "none", private], check=True)
        for path in ("/etc", "/usr/bin"):
            upper, work = (private / f"{path[1:].replace('/', '-')}.{part}" for part in ("upper", "work"))
            upper.mkdir()
            work.mkdir()
            subprocess.run(["mount", "-t", "overlay", "overlay", "-o",
                            f"lowerdir={path},upperdir={upper},workdir={work}", path], check=True)
        shutil.copy(program, "/usr/bin/zammad-cti")

    def __enter__(self):
        try:
            self._start_all()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start_all(self):
        printed = self.folder / "sandbox.log"
        self._start(["/usr/bin/zammad-cti", "sandbox", "--listen", "127.0.0.1:0", "--token", "bench", "--block", BLOCKED,
                     "--route", f"{ROUTE}={CALLER_ID}"], printed)
        url = self._wait_for(lambda: re.search(r"http://127.0.0.1:(\d+)/\S+", printed.read_text()))
        self.sandbox = Sandbox(url.group(1), printed)
        self.phones, self.carrier = Phones(phones.PHONES), Phones(phones.TRUNK)
        self.phones.start()
        self.carrier.start()
        self._start_kamailio(url.group(0))
        for extension, contacts in {"101": ["101"], "102": ["102"], "103": ["103"], "104": ["104"], "105": ["105"],
                                    "200": ["101", "104"], "201": ["x7f3k101"], "202": ["'&touch$IFS$9canary&'101"]}.items():
            for contact in contacts:
                self.phones.register(("127.0.0.1", self.port), extension, contact)
        time.sleep(0.3)

    def __exit__(self, *_):
        for process in reversed(self._processes):
            process.terminate()
        for process in self._processes:
            process.wait(10)

    def _start_kamailio(self, url):
        """The package's kamailio.cfg with the example's lines, and where it listens and what is around it."""
        self._install(url)
        first, *others = steps()
        self._step(first)
        text = KAMAILIO_CFG.read_text()
        modules, cancel, calls, then = lines(REPOSITORY / "examples/kamailio/lines.cfg")
        changes = [
            ("#!KAMAILIO\n", "#!KAMAILIO\n#!define WITH_PSTN\n"),
            ("# listen=udp:10.0.0.10:5060\n", f"listen=udp:127.0.0.1:{self.port}\n"),
            ('pstn.gw_ip = ""', f'pstn.gw_ip = "{phones.TRUNK}"'),
            ('pstn.gw_port = ""', f'pstn.gw_port = "{self.carrier.port}"'),
            ("/* Main SIP request routing logic\n", modules + "\n/* Main SIP request routing logic\n"),
            ('\tif (is_method("CANCEL")) {\n', '\tif (is_method("CANCEL")) {\n' + cancel),
            ("\t# dispatch destinations to PSTN\n", calls + "\n\t# dispatch destinations to PSTN\n"),
        ]
        for old, new in changes:
            assert text.count(old) == 1, f"{old!r} is not in kamailio.cfg once"
            text = text.replace(old, new)
        text = (text + then).replace("192.0.2.10", phones.TRUNK)
        KAMAILIO_CFG.write_text(text)
        for step in others:
            self._step(step)
        self.log = self.folder / "kamailio.log"
        run = self.run = self.folder / "run"
        run.mkdir()
        shutil.chown(run, "kamailio", "kamailio")
        # As the package's unit starts it, but in the foreground.
        self._start(["/usr/sbin/kamailio", "-f", KAMAILIO_CFG, "-Y", run, "-P", run / "pid", "-w", run, "-DD", "-E",
                     "-u", "kamailio", "-g", "kamailio", "-m", "64", "-M", "8"], self.log,
                    env={"PATH": "/usr/bin:/bin", "HOME": str(run)})
        self._wait_for(self._answers)

    @staticmethod
    def _install(url):
        """As the package does, and an editor that changes the lines of which the page tells."""
        subprocess.run(["groupadd", "--system", "--force", "zammad-cti"], check=True)
        config = pathlib.Path("/etc/zammad-cti/config.toml")
        config.parent.mkdir(exist_ok=True)
        config.touch(0o640)
        shutil.chown(config, "root", "zammad-cti")
        page = (REPOSITORY / "docs/kamailio.md").read_text()
        settings = page.split("```toml\n")[1].split("```")[0]
        assert "https://zammad.example.com/api/v1/cti/TOKEN" in settings
        # Without the spool: each event arrives, or the bench hears why not.
        written = config.parent / "written"
        written.write_text(settings.replace("https://zammad.example.com/api/v1/cti/TOKEN", url))
        editor = pathlib.Path("/usr/bin/editor")
        editor.unlink(missing_ok=True)
        editor.write_text(f'#!/bin/sh\ncat {written} > "$1"\n')
        editor.chmod(0o755)

    @staticmethod
    def _step(script):
        subprocess.run(["bash", "-euo", "pipefail", "-c", script], check=True, cwd=REPOSITORY, timeout=30,
                       stdout=subprocess.DEVNULL, env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": "/root"})

    def _answers(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.bind((phones.PHONES, 0))
            udp.settimeout(0.2)
            udp.sendto(
                (f"OPTIONS sip:127.0.0.1:{self.port} SIP/2.0\r\nVia: SIP/2.0/UDP {phones.PHONES}:{udp.getsockname()[1]};"
                 "branch=z9hG4bKping;rport\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:127.0.0.1>\r\nCall-ID: ping\r\n"
                 "CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n").encode(), ("127.0.0.1", self.port))
            try:
                return udp.recv(65535).startswith(b"SIP/2.0 200")
            except OSError:
                return False

    def _start(self, command, printed, **options):
        with open(printed, "ab") as file:
            self._processes.append(subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True, **options))

    def _wait_for(self, condition):
        until = time.time() + PATIENCE
        while time.time() < until:
            if found := condition():
                return found
            time.sleep(0.05)
        raise TimeoutError(f"it does not start; see {self.folder}")


@dataclasses.dataclass
class Case:
    """A call and what is to be in the caller log of it."""

    name: str
    to: str
    outcome: str
    events: tuple = ("newCall", "hangup")
    cause: str | None = None
    done: bool = False
    user: str | None = None
    extension: str | None = None
    listed_to: str | None = None
    arrives_as: str | None = None
    direction: str = "in"
    caller: str | bytes | None = None
    settings: dict = dataclasses.field(default_factory=dict)


WHOLE = ("newCall", "answer", "hangup")
BY_CALLER, BY_OTHER = "answered, caller hung up", "answered, other side hung up"
ANNA = {"user": "anna@example.com", "extension": "101", "done": True, "cause": "normalClearing"}
BERT = {"user": "bert@example.com", "extension": "102", "done": True, "cause": "normalClearing"}
OUT = {"direction": "out", "done": True}


def ordinary():
    talk = {"settings": {"talk": 0.4}}
    return [
        Case("answered, the caller hangs up", "493055571101", BY_CALLER, WHOLE, **ANNA, **talk),
        Case("answered, the callee hangs up", "493055571102", BY_OTHER, WHOLE, **BERT),
        Case("answered and hung up at once", "493055571101", BY_CALLER, WHOLE, **ANNA, settings={"talk": 0.0}),
        Case("a group, by the Contact of who picks up", "493055571200", BY_CALLER, WHOLE, **ANNA, **talk),
        Case("a group whose telephone calls itself anything", "493055571201", BY_CALLER, WHOLE, done=True,
             cause="normalClearing", **talk),
        Case("busy", "493055571103", "486", cause="busy"),
        Case("declined", "493055571105", "603", cause="noAnswer"),
        Case("the caller cancels", "493055571104", "487", cause="cancel", settings={"cancel_after": 0.8}),
        *(Case(f"the caller cancels after {after} ms", "493055571104", "487", cause="cancel",
               settings={"cancel_after": after / 1000}) for after in (0, 0, 2, 5, 20, 40)),
        Case("not registered", "493055571199", "404", cause="notFound"),
        Case("blocked", "493055571101", "486", cause="busy", caller=BLOCKED),
        Case("with parameters, and a plus", "+493055571101", BY_CALLER, WHOLE, listed_to="493055571101", **ANNA,
             caller="+49404567;npdi", arrives_as="49404567", **talk),
        Case("outbound answered", "0049221470101", BY_CALLER, WHOLE, cause="normalClearing", arrives_as="11",
             caller="11", listed_to="49221470101", **OUT, **talk),
        Case("outbound busy", "0049221470103", "486", cause="busy", arrives_as="12", caller="12",
             listed_to="49221470103", **OUT),
        Case("outbound, no such number", "0049221470109", "404", cause="notFound", arrives_as="13", caller="13",
             listed_to="49221470109", **OUT),
        Case("outbound with Zammad's caller id", "0041447110101", BY_CALLER, WHOLE, cause="normalClearing",
             arrives_as=CALLER_ID, caller="14", listed_to="41447110101", **OUT, **talk),
    ]


# What callers may write as their number: all of it makes them anonymous.
HOSTILE = [
    b"$(touch$IFS$9@canary@)", b"`touch$IFS$9@canary@`", b"';touch$IFS$9@canary@;'", b"'&touch$IFS$9@canary@&'",
    b"'|touch$IFS$9@canary@|'", b'4930";touch$IFS$9@canary@;"',
    b"4930|touch$IFS$9@canary@", b"4930&touch$IFS$9@canary@&", b"4930%27;touch%20@canary@", b"4930%0atouch @canary@",
    b"$(touch @canary@)", b"'; touch @canary@ '", b"4930\\", b"-x", b"--fail-open",
    b"$fU", b"$avp(zammad_then)", b"$dlg_var(zammad_call)", b"{s.select,0,;}", "4930\u0660\u0661".encode(), b"4930\xff", 60 * b"4",
    b"4930\0", b"anonymous", b"4930 1", b"4930+1", b"",
]


_serials = itertools.count()


class Run(threading.Thread):
    def __init__(self, bench, case):
        super().__init__(daemon=True)
        self.bench, self.case, self.faults = bench, case, []
        self.caller = case.caller or f"4940{next(_serials):07}"
        self.before = len(bench.sandbox.rows())

    def run(self):
        case = self.case
        source = phones.PHONES if case.direction == "out" else phones.TRUNK
        self.call = Call(("127.0.0.1", self.bench.port), case.to, self.caller, source=source,
                         **({"name": b'$(touch canary)\'`;'} | case.settings))
        self.call.start()
        self.call.join()
        until = time.time() + PATIENCE
        while (faults := list(self._judge())) and time.time() < until:
            time.sleep(0.2)
        self.faults = faults

    def _judge(self):
        case = self.case
        if self.call.outcome != case.outcome:
            yield f"the caller: expected {case.outcome}, came {self.call.outcome}"
        arrives_as = case.arrives_as or self.caller
        to = case.listed_to or case.to
        rows = [row for row in rows_since(self.bench, self.before) if row["from"] == arrives_as and row["to"] == to]
        if len(rows) != 1:
            yield f"the call is in the caller log {len(rows)} times"
            return
        expected = {"direction": case.direction, "state": "hangup", "done": case.done, "to_comment": case.user,
                    "comment": case.cause}
        yield from (f"caller log, {key}: expected {value}, came {rows[0][key]}"
                    for key, value in expected.items() if rows[0][key] != value)
        requests = self.bench.sandbox.requests(rows[0]["call_id"])
        if (events := tuple(fields["event"] for fields, _ in requests)) != case.events:
            yield f"events: expected {case.events}, came {events}"
        yield from (f"Zammad refused {fields['event']} with {status}" for fields, status in requests if status != 200)
        for fields, _ in requests:
            if fields["event"] == "answer" and fields.get("answeringNumber") != case.extension:
                yield f"answering number: expected {case.extension}, came {fields.get('answeringNumber')}"


def rows_since(bench, before):
    """The caller log without its first rows, newest first."""
    rows = bench.sandbox.rows()
    return rows[: len(rows) - before]


def run_all(bench, cases):
    """At the same time; what was wrong."""
    runs = [Run(bench, case) for case in cases]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    return [f"{run.case.name}: {fault}" for run in runs for fault in run.faults]


def caller_id_is_shown(bench):
    invites = [invite for invite in bench.carrier.invites if b"+41447110101@" in invite.split(b"\r\n", 1)[0]]
    shown = b"sip:+" + CALLER_ID.encode() + b"@"
    if not invites or any(shown not in phones.header(invite, name)[0] for invite in invites for name in (b"From", b"P-Asserted-Identity")):
        yield f"the carrier does not see {CALLER_ID}: {invites}"
    others = [invite for invite in bench.carrier.invites if b"+49221" in invite.split(b"\r\n", 1)[0]]
    if not others or any(CALLER_ID.encode() in invite for invite in others):
        yield "the carrier sees a caller id that Zammad did not choose"


def hostile(bench):
    """Each of them rings the telephone as anybody does, and Zammad lists a caller without a number."""
    before = len(bench.sandbox.rows())
    canary = bench.run / "canary"
    calls = [Call(("127.0.0.1", bench.port), "493055571101", user.replace(b"@canary@", b"canary"), talk=0.2, patience=20,
                  name=user.replace(b"@canary@", b"canary").replace(b'"', b"'"),
                  call_id=b"%d-$(touch$IFS$9'canary');'" % serial)
             for serial, user in enumerate(HOSTILE)]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    # One that is shown as a number only to those who may know it, and two calls that say they are one.
    for caller, headers in (("49699", b"Privacy: id"), ("49698", b""), ("49698", b"")):
        again = Call(("127.0.0.1", bench.port), "493055571101", caller, talk=0.1, headers=headers, call_id=b"the same")
        again.start()
        again.join()
    answered = sum(call.answered is not None for call in calls)
    refused = [call.user for call in calls if call.answered is None]
    yield from ([] if answered >= 12 else [f"only {answered} hostile callers were put through"])
    print(f"  hostile callers: {answered} put through, {len(refused)} refused by Kamailio: {refused}")
    expected = sorted([*(answered + 1) * ["anonymous"], "49698", "49698"])
    until = time.time() + PATIENCE
    while True:
        rows = rows_since(bench, before)
        numbers = sorted(row["from"] for row in rows)
        if time.time() > until or numbers == expected and all(row["state"] == "hangup" for row in rows):
            break
        time.sleep(0.1)
    if numbers != expected:
        yield f"hostile callers in the caller log: {numbers}, put through: {answered}"
    yield from (f"not ended: {row}" for row in rows if row["state"] != "hangup")
    # What the called number and the telephone say of themselves.
    calls = [Call(("127.0.0.1", bench.port), to, "4930", talk=0.2, patience=20)
             for to in ("493055571101'&touch$IFS$9canary&'", "$(touch$IFS$9'canary')", "x'x", "493055571202")]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    print("  hostile numbers called:", [call.outcome for call in calls])
    # By the time that a later call is over in Zammad, what these have begun is over, too.
    yield from run_all(bench, [Case("after the hostile ones", "493055571101", BY_CALLER, WHOLE, **ANNA, settings={"talk": 0.4})])
    if canary.exists():
        yield "a caller has run a command"


def while_zammad_is_slow(bench):
    """A call is held for two seconds at the most, and one that is given up meanwhile ends in Zammad too."""
    bench.sandbox.fault(mode="delay_before", seconds=1.2)
    faults = run_all(bench, [
        Case("slow: cancelled while Zammad is asked", "493055571104", "487", cause="cancel", caller="49401",
             settings={"cancel_after": 0.4}),
        Case("slow: answered", "493055571101", BY_CALLER, WHOLE, **ANNA, caller="49402", settings={"talk": 2.0}),
    ])
    bench.sandbox.fault(mode="none")
    yield from faults
    bench.sandbox.fault(mode="delay_before", seconds=30)
    call = Call(("127.0.0.1", bench.port), "493055571101", "49403", talk=0.1)
    call.start()
    call.join()
    bench.sandbox.fault(mode="none")
    # Two seconds, and what a busy machine adds: far less than Zammad takes.
    if call.answered is None or not 1.5 < call.answered - call.began < 20:
        yield f"a call was not held for two seconds: {call.outcome}, {call.answered and call.answered - call.began}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--keep", action="store_true")
    args = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="zammad-cti-kamailio-"))
    folder.chmod(0o755)
    began = time.time()
    with Bench(args.program, folder) as bench, Sleeper() as sleeper:
        cases = ordinary()
        faults = sleeper.patiently(run_all, bench, cases)
        for part in (caller_id_is_shown, hostile, while_zammad_is_slow):
            faults += sleeper.patiently(part, bench)
        faults += [f"Kamailio: {line}" for line in bench.log.read_text(errors="replace").splitlines()
                   if re.search(r"CRITICAL|zammad-cti: error|BUG", line)]
    for fault in faults:
        print(f"  {fault}")
    print(f"Kamailio: {len(cases)} calls, {len(HOSTILE)} hostile ones, {len(faults)} faults, {time.time() - began:.0f} s")
    subprocess.run(["umount", folder / "private"], check=False)
    (folder / "private").rmdir()
    if args.keep or faults:
        print(f"the logs are in {folder}")
    else:
        shutil.rmtree(folder)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
