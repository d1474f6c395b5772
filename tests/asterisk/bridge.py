"""The PBX followed by `zammad-cti bridge asterisk`: the same calls, in contexts without a line of ours.

etc/pbx/followed.conf has their dialplan, etc/pbx/manager_custom.conf the accounts.
"""

import dataclasses
import threading
import time

from cases import (
    ANNA, BERT, BY_CALLER, BY_OTHER, CLEAR, WHOLE, Case, Run, blocked, consulted, inbound, outbound, row_of, run_all, run_once,
    press, staying, transfer_to, wait_for_answers)
from faults import CALLS_AT_ONCE
from processes import AGENTS, PROGRAM, TOKEN, Process
from sip import FOLLOWED, Call

WAY = "bridge"
AMI_SECRET = "Kv3-secret_of-ami-8Wd"
CONFIG = "/etc/zammad-cti/bridge.toml"
SPOOL = "/var/spool/zammad-cti-bridge/spool.db"
CONNECTED = "connected to asterisk"
# Whoever rings is named, even if the machine is slow to ring them.
UNHURRIED = 'hold = "1s"'
PATIENCE = 60


class Bridge:
    """`zammad-cti bridge asterisk`, and what it says. Use it in a `with`: it follows the PBX then."""

    def __init__(self, bench, *, account="zammad", secret=AMI_SECRET, settings="", waits_for=CONNECTED):
        self._bench, self._waits_for = bench, waits_for
        self._printed = bench.logs / "bridge.log"
        self._settings = f"""
url = "http://127.0.0.1:{bench.ports.door}/api/v1/cti/{TOKEN}"
[spool]
path = "{SPOOL}"
[agents]
{"".join(f'{extension} = "{login}"{chr(10)}' for extension, login in AGENTS.items())}
[bridge]
{settings}
[bridge.asterisk]
address = "127.0.0.1:{bench.ports.pbx_ami}"
username = "{account}"
secret = "{secret}"
"""

    def __enter__(self):
        config = self._bench.inside(CONFIG)
        config.unlink(missing_ok=True)
        config.touch(mode=0o600)
        config.write_text(self._settings)
        self._printed.touch()
        self._before = self._printed.stat().st_size
        self._process = Process(
            ["chroot", self._bench.root, "env", "RUST_LOG=zammad_cti=debug", PROGRAM, "--config", CONFIG, "bridge",
             "asterisk"],
            self._printed)
        if not self.wait_for(self._waits_for):
            self._process.stop()
            raise TimeoutError(f"the bridge does not say {self._waits_for!r}: {self.log()}")
        return self

    def __exit__(self, *_):
        self._process.stop()

    def log(self):
        """What it has said since it began."""
        with open(self._printed, "rb") as file:
            file.seek(self._before)
            return file.read().decode(errors="replace")

    def wait_for(self, text, times=1):
        """Until it has said so; whether it has."""
        until = time.time() + PATIENCE
        while self.log().count(text) < times:
            if time.time() > until or not self._process.is_running():
                return False
            time.sleep(0.05)
        return True

    def not_said(self, *texts):
        return [f"the bridge did not say: {text}" for text in texts if not self.wait_for(text)]


def run(bench, report):
    """Each part has a bridge of its own."""
    parts = (ordinary, mailboxes, many, both_ways, disconnected, kept, lacks_rights, unknown, without_zammad, away, crashed)
    for part in parts:
        part(bench, report)


def wanted(report, cases):
    return [case for case in cases if report.wants(WAY, case.name)]


def add(report, run, found=()):
    report.add(WAY, run.case.name, [*run.faults, *found], run.case.to)


def called(name, destination, *arguments, **more):
    """A customer calls where only the bridge reports."""
    return inbound(name, destination, *arguments, company="493027", source=FOLLOWED, **more)


def unwanted(name, destination, *arguments, **more):
    """The same, and Zammad blocks the caller."""
    more = {"company": "493027", "source": FOLLOWED, "held": (0.0, 1.0)} | more
    return blocked(name, destination, *arguments, **more)


def dialled(name, number, *arguments, **more):
    """Phone 101 calls out where only the bridge reports."""
    return outbound(name, number, *arguments, prefix="2", **more)


def ordinary(bench, report):
    """Every way a call can go. No phone waits for anything, whatever is reported of it."""
    lost = {"held": (0.0, 4.0), "user": "Dora Decker"}
    quiet = {"audio_within": None}
    cases = wanted(report, [
        called("answered, the caller hangs up", 101, BY_CALLER, WHOLE, talk=0.5, **ANNA),
        called("answered, the callee hangs up", 102, BY_OTHER, WHOLE, **BERT),
        called("answered and hung up at once", 101, BY_CALLER, WHOLE, talk=0.0, **quiet, **ANNA),
        called("anonymous", 101, BY_CALLER, WHOLE, talk=0.5, caller="anonymous", arrives_as="anonymous",
               name_shown="Anonymous", **ANNA),
        called("number withheld, though the carrier knows it", 101, BY_CALLER, WHOLE, talk=0.5, caller="anonymous",
               arrives_as="anonymous", name_shown="Anonymous",
               headers=b"P-Asserted-Identity: <sip:4940669690@127.0.0.4>\r\nPrivacy: id", **ANNA),
        called("busy", 103, "486", user="Carl Conrad", cause="busy"),
        called("no answer", 104, "603", user="Dora Decker", cause="noAnswer"),
        called("the caller cancels", 104, "487", ringing_for=0.7, user="Dora Decker", cause="cancel"),
        called("the caller cancels at once", 104, "487", cancel_after=0.1, user="Dora Decker", cause="cancel"),
        called("declined", 105, "403", user="Emil Ernst", cause="noAnswer"),
        called("not registered", 107, "404", cause="notFound"),
        called("ring group answered", 200, BY_CALLER, WHOLE, talk=0.5, **ANNA),
        called("ring group not answered", 201, "486", user="Carl Conrad, Dora Decker", cause="noAnswer"),
        called("queue answered", 300, BY_CALLER, WHOLE, talk_with=0.5, queue="followed-300", **ANNA),
        called("queue timed out", 301, BY_OTHER, queue="followed-301", cause="noAnswer", **lost),
        called("queue abandoned", 303, BY_CALLER, queue="followed-303", cause="cancel", talk=1.0, **lost),
        called("blind transfer", 101, BY_OTHER, WHOLE, during=transfer_to("102"), **ANNA),
        called("blind transfer to a busy phone", 101, BY_OTHER, WHOLE, during=transfer_to("103"), **ANNA),
        called("blind transfer by keys", 101, BY_OTHER, WHOLE, during=press("##102"), **ANNA),
        called("attended transfer by keys", 102, BY_CALLER, WHOLE, during=staying(consulted), talk=5.0, **BERT),
        dialled("outbound answered, the caller hangs up", "49221470", BY_CALLER, WHOLE, talk=0.5, cause=CLEAR),
        dialled("outbound answered, the callee hangs up", "49221471", BY_OTHER, WHOLE, cause=CLEAR),
        dialled("outbound busy", "49221472", "486", cause="busy"),
        dialled("outbound not answered", "49221473", "603", cause="noAnswer"),
        dialled("outbound cancelled", "49221473", "487", ringing_for=0.7, cause="cancel"),
        dialled("outbound, no such number", "49221474", "404", cause="notFound"),
    ])
    if cases:
        with Bridge(bench, settings=UNHURRIED):
            for run in run_all(bench, cases):
                add(report, run)
    case = Case("a call between extensions", "101", BY_CALLER, (), direction="out", caller="106", by_caller=True, talk=0.5)
    if report.wants(WAY, case.name):
        with Bridge(bench) as bridge:
            for run in run_all(bench, [case]):
                add(report, run, bridge.not_said("in 106 -> 101, answered by anna", "not reported: both sides are extensions"))


def mailboxes(bench, report):
    """Asterisk says that voicemail took a call only to an account that may read the dialplan."""
    missed = {"talk": 0.8, "audio_within": None}
    heard = missed | {"user": "voicemail"}
    queued = {"held": (0.0, 4.0), "talk": 6.0, "cause": "noAnswer"}
    for account, cases in (
        ("zammad", [
            called("voicemail", 400, BY_CALLER, cause="cancel", **missed),
            called("no answer, then voicemail", 401, BY_CALLER, user="Dora Decker", cause="noAnswer", **missed),
            called("queue, then voicemail", 302, BY_CALLER, user="Dora Decker", queue="followed-302",
                   **(missed | queued)),
        ]),
        ("zammad-dialplan", [
            called("voicemail, which it may see", 400, BY_CALLER, WHOLE, cause="cancel", **heard),
            called("no answer, then voicemail, which it may see", 401, BY_CALLER, WHOLE, cause="noAnswer", **heard),
            called("queue, then voicemail, which it may see", 304, BY_CALLER, WHOLE, queue="followed-304",
                   **(heard | queued)),
        ]),
    ):
        if cases := wanted(report, cases):
            with Bridge(bench, account=account, settings=UNHURRIED):
                for run in run_all(bench, cases):
                    add(report, run)


def many(bench, report):
    """None of them is lost, or taken for another."""
    name = f"{CALLS_AT_ONCE} calls at once"
    if not report.wants(WAY, name):
        return
    cases = [called(name, 101, BY_CALLER, WHOLE, talk=1.0, audio_within=None, held=(0.0, PATIENCE), **ANNA)
             for _ in range(CALLS_AT_ONCE)]
    with Bridge(bench):
        runs = run_all(bench, cases, together=True)
    bad = [run for run in runs if run.faults]
    found = [f"{run.case.to}: {fault}" for run in bad for fault in run.faults]
    listed = bench.sandbox.log().keys() & {run.case.to for run in runs}
    if len(listed) != CALLS_AT_ONCE:
        found.append(f"only {len(listed)} of them are in the caller log")
    report.add(WAY, name, found[:20], bad[0].case.to if bad else None)


def both_ways(bench, report):
    """A dialplan with our lines, and the bridge beside it. They share a spool, and nothing is reported twice."""
    cases = wanted(report, [
        inbound("both ways: answered", 101, BY_CALLER, WHOLE, talk=0.5, **ANNA),
        inbound("both ways: busy", 103, "486", cause="busy"),
        inbound("both ways: queue answered", 300, BY_CALLER, WHOLE, talk_with=0.5, queue="support", **ANNA),
        inbound("both ways: voicemail", 400, BY_CALLER, WHOLE, user="voicemail", cause=CLEAR, talk=0.8, audio_within=None),
        blocked("both ways: blocked", 101),
        outbound("both ways: outbound", "49221470", BY_CALLER, WHOLE, talk=0.5, cause=CLEAR),
    ])
    if not cases:
        return
    bench.via("agi")
    bench.point_at_zammad(bench.ports.door, spool=SPOOL)
    with Bridge(bench, account="zammad-dialplan") as bridge:
        runs = run_all(bench, cases)
        for run in runs:
            row = row_of(bench, run.case)
            said = f"call {row['call_id']} is reported already, so it is not reported from here" if row else "nothing"
            add(report, run, bridge.not_said(said))
    bench.point_at_zammad(bench.ports.door)


def disconnected(bench, report):
    """on_reject = "hangup", and the account may do so."""
    hangs_up = 'on_reject = "hangup"'
    # The phone rings already. Asterisk is told that the call is rejected.
    case = unwanted("blocked, and disconnected", 110, "403", user="Dora Decker", cause="noAnswer")
    if report.wants(WAY, case.name):
        with Bridge(bench, account="zammad-disconnects", settings=hangs_up):
            for run in run_all(bench, [case]):
                add(report, run)
    case = unwanted("blocked, and the account may not disconnect", 101, BY_CALLER, WHOLE, talk=0.5, **ANNA)
    if report.wants(WAY, case.name):
        with Bridge(bench, settings=hangs_up) as bridge:
            for run in run_all(bench, [case]):
                add(report, run, bridge.not_said(
                    "a caller whom Zammad blocks is not disconnected (Permission denied); "
                    "on_reject = hangup needs write = call"))


def kept(bench, report):
    """on_reject is "none" unless it is set, whatever the account may do."""
    case = unwanted("blocked, and on_reject is not set", 101, BY_CALLER, WHOLE, talk=0.5, **ANNA)
    if report.wants(WAY, case.name):
        with Bridge(bench, account="zammad-disconnects"):
            for run in run_all(bench, [case]):
                add(report, run)


def lacks_rights(bench, report):
    """Accounts that may not do what the bridge needs."""
    case = called("an account without read = call", 101, BY_CALLER, (), talk=0.5)
    if report.wants(WAY, case.name):
        with Bridge(bench, account="zammad-deaf"):
            for run in run_all(bench, [case]):
                add(report, run)
    case = called("an account without write = reporting", 101, BY_CALLER, WHOLE, talk=0.5, **ANNA)
    if report.wants(WAY, case.name):
        with Bridge(bench, account="zammad-mute") as bridge:
            for run in run_all(bench, [case]):
                add(report, run, bridge.not_said(
                    "asterisk: the account may not list calls: Permission denied. Give the account write = reporting"))
    case = called("an account without write = reporting, which has write = system", 101, BY_CALLER, WHOLE, talk=0.5, **ANNA)
    if report.wants(WAY, case.name):
        with Bridge(bench, account="zammad-numberless") as bridge:
            for run in run_all(bench, [case]):
                add(report, run, bridge.not_said(
                    "Asterisk does not say whether callers withhold their numbers (Permission denied); "
                    "the account needs write = reporting"))


def unknown(bench, report):
    """Logins that Asterisk refuses. Calls go on; the bridge says so once, and tries again later."""
    refused = "refuses the login: Authentication failed; it is tried again after "
    for name, login in (
        ("a wrong secret", {"secret": AMI_SECRET[::-1]}),
        ("an account that there is not", {"account": "zammad-nobody"}),
    ):
        case = called(name, 101, BY_CALLER, (), talk=0.5)
        if not report.wants(WAY, case.name):
            continue
        with Bridge(bench, **login, waits_for=refused) as bridge:
            for run in run_all(bench, [case]):
                found = []
                if login.get("secret", AMI_SECRET) in bridge.log():
                    found.append("the log shows the secret")
                if (times := bridge.log().count(refused)) != 1:
                    found.append(f"said {times} times that the login is refused")
                add(report, run, found)


def without_zammad(bench, report):
    """Zammad is away, while the spool keeps what is to be reported."""
    at_ease = {"held": (0.0, PATIENCE), "audio_within": None}
    before = [
        called("Zammad goes down, then the caller hangs up", 101, BY_CALLER, WHOLE, **ANNA, **at_ease),
    ]
    after = [
        called("Zammad is down: answered", 101, BY_CALLER, WHOLE, talk=0.5, **ANNA, **at_ease),
        called("Zammad is down: busy", 103, "486", user="Carl Conrad", cause="busy", **at_ease),
        called("Zammad is down: queue answered", 300, BY_CALLER, WHOLE, talk_with=0.5, queue="followed-300", **ANNA, **at_ease),
        dialled("Zammad is down: outbound", "49221470", BY_CALLER, WHOLE, talk=0.5, cause=CLEAR, **at_ease),
    ]
    before, after = wanted(report, before), wanted(report, after)
    if not before + after:
        return
    bench.point_at_zammad(bench.ports.door, spool=SPOOL)
    with Bridge(bench) as bridge:
        away = threading.Event()

        def hang_up(bench, case, call):
            wait_for_answers(bench, case, 1)
            bench.door.close()
            away.set()
            call.talk = time.time() - call.answered

        unheard = [dataclasses.replace(case, events=None, caller_does=hang_up) for case in before]
        runs = run_once(bench, unheard, None)
        bench.door.close()
        runs += run_once(bench, [dataclasses.replace(case, events=None) for case in after], None)
        # What ended has been heard of, too.
        found = {run.case.to: bridge.not_said(f"-> {run.case.to}") for run in runs}
        bench.door.open()
    for run, case in zip(runs, before + after):
        until = time.time() + PATIENCE
        while run.judge_later(case) and time.time() < until:
            bench.flush_spool()
            time.sleep(0.2)
        add(report, run, found[case.to] + run.judge_later(case))
    bench.point_at_zammad(bench.ports.door)


class Placed:
    """A call that is placed by hand, and its case."""

    def __init__(self, bench, case):
        self._bench, self.case = bench, case
        self.call = Call(("127.0.0.1", bench.ports.pbx), case.to, case.caller, source=FOLLOWED)
        self.call.start()

    def wait_for(self, event):
        """Until Zammad has heard so of it."""
        until = time.time() + PATIENCE
        while not self.has(event):
            if time.time() > until:
                raise TimeoutError(f"{self.case.name}: Zammad hears of no {event}")
            time.sleep(0.05)

    def has(self, event):
        row = row_of(self._bench, self.case)
        requests = self._bench.sandbox.requests(row["call_id"]) if row else []
        return any(fields["event"] == event for fields, _ in requests)

    def hang_up(self):
        self.call.wait_for_answer(PATIENCE)
        self.call.talk = 0.0

    def faults(self):
        """What is wrong in the caller log, once there is time enough for it to be right."""
        run = Run(self._bench, None, self.case)
        until = time.time() + PATIENCE
        while (found := run.judge_later(self.case)) and time.time() < until:
            time.sleep(0.2)
        return found

    def answered(self):
        """It talks to somebody."""
        return self._bench.world.wait_for(PATIENCE, State="answers", Caller=self.case.caller)


def placed(bench, cases):
    return {name: Placed(bench, case) for name, case in cases.items()}


def away(bench, report):
    """The bridge ends and begins again in the middle of calls."""
    answered = (None, WHOLE)
    name = "the bridge is away"
    cases = {
        "goes on": called(f"{name}: a call goes on", 101, *answered, **ANNA),
        "ends": called(f"{name}: a call ends meanwhile", 101, *answered, **ANNA),
        "rings": called(f"{name}: a call that rings is given up meanwhile", 110, None, user="Dora Decker", cause="cancel"),
        "begins": called(f"{name}: a call begins meanwhile", 101, *answered, **ANNA),
    }
    if not any(report.wants(WAY, case.name) for case in cases.values()):
        return
    begins = cases.pop("begins")
    with Bridge(bench, settings=UNHURRIED):
        calls = placed(bench, cases)
        calls["goes on"].wait_for("answer")
        calls["ends"].wait_for("answer")
        calls["rings"].wait_for("newCall")
    calls["ends"].hang_up()
    calls["rings"].call.cancel_after = 0.0
    calls["begins"] = Placed(bench, begins)
    calls["begins"].answered()
    for ended in ("ends", "rings"):
        calls[ended].call.join(PATIENCE)
    with Bridge(bench):
        calls["begins"].wait_for("answer")
        calls["ends"].wait_for("hangup")
        calls["goes on"].hang_up()
        calls["begins"].hang_up()
        for call in calls.values():
            report.add(WAY, call.case.name, call.faults(), call.case.to)


def crashed(bench, report):
    """Asterisk is killed in the middle of calls, and starts again. The calls are gone then."""
    name = "Asterisk is killed"
    cases = {
        "talks": called(f"{name}: in the middle of a talk", 101, None, WHOLE, **ANNA),
        "rings": called(f"{name}: while a phone rings", 110, None, user="Dora Decker", cause="cancel"),
        "waits": called(f"{name}: while a caller waits in a queue", 310, None, user="Dora Decker",
                        queue="followed-310", cause="cancel"),
    }
    if not any(report.wants(WAY, case.name) for case in cases.values()):
        return
    with Bridge(bench, settings=UNHURRIED) as bridge:
        calls = placed(bench, cases)
        calls["talks"].wait_for("answer")
        calls["rings"].wait_for("newCall")
        calls["waits"].wait_for("newCall")
        bench.kill_pbx()
        lost = bridge.not_said("no connection to 127.0.0.1")
        hasty = {name: ["a hangup while nobody can know"] for name, call in calls.items() if call.has("hangup")}
        bench.start_pbx()
        if not bridge.wait_for(CONNECTED, 2):
            lost.append("the bridge does not connect again")
        for name, call in calls.items():
            report.add(WAY, call.case.name, [*lost, *hasty.get(name, []), *call.faults()], call.case.to)
            # It waits for an Asterisk that knows nothing of it.
            call.call.patience = 0.0
            call.call.join(PATIENCE)
        for run in run_all(bench, [called("Asterisk is killed: afterwards", 101, BY_CALLER, WHOLE, talk=0.5, **ANNA)]):
            add(report, run)
