"""Zammad in bad health, and many calls at once: what the callers may notice, and what may be lost."""

import dataclasses
import re
import time

from cases import ANNA, BERT, BY_CALLER, BY_OTHER, CLEAR, DEADLINE, WHOLE, Case, blocked, inbound, outbound, run_all
from processes import SECRET

LITTLE = 0.7  # what a phone and two Asterisks take besides
CALLS_AT_ONCE = 50
NOTHING_LEFT = "delivered 0, waiting 0, unconfirmed 0, dead 0"


def run(bench, report, way):
    for part in (silent, slow, late_replies, down, fails, missing, restart, spooled, recovered, serverless, refused, many):
        part(bench, report, way)


def wanted(report, way, cases):
    return [case for case in cases if report.wants(way, case.name)]


def play(bench, report, way, cases, meanwhile=None):
    for run in run_all(bench, cases, meanwhile=meanwhile):
        report.add(way, run.case.name, run.faults, run.case.to)


def unreachable(kind):
    """Calls that nobody can report: they go on, and are held for the deadline at most."""
    held = {"held": (0.0, DEADLINE + LITTLE)}
    return [
        inbound(f"Zammad {kind}: the caller cancels while it is asked", 101, "487", None, cancel_after=0.5, **held),
        *unreported(f"Zammad {kind}", **held),
    ]


def unreported(kind, **held):
    """The same, unless they end before anybody knows that they cannot be reported."""
    held = {"held": (0.0, LITTLE), "events": None} | held
    return [
        inbound(f"{kind}: answered", 101, BY_CALLER, talk=2.5, **held),
        inbound(f"{kind}: the callee hangs up", 102, BY_OTHER, **held),
        inbound(f"{kind}: busy", 103, "486", **held),
        blocked(f"{kind}: a blocked caller gets through", 101, BY_CALLER, talk=0.5, **held),
        inbound(f"{kind}: queue", 300, BY_CALLER, talk_with=0.5, **held),
        inbound(f"{kind}: voicemail", 400, BY_CALLER, talk=0.5, audio_within=None, **held),
        outbound(f"{kind}: outbound", "49221470", BY_CALLER, talk=2.5, **held),
        inbound(f"{kind}: FreePBX, answered", 101, BY_CALLER, talk=2.5, company="493024", **held),
        blocked(f"{kind}: FreePBX, a blocked caller gets through", 101, BY_CALLER, talk=0.5, company="493024", **held),
        inbound(f"{kind}: FreePBX, ring group", 600, BY_CALLER, talk=2.5, company="493024", **held),
        inbound(f"{kind}: FreePBX, queue", 300, BY_CALLER, talk_with=0.5, company="493024", **held),
        outbound(f"{kind}: FreePBX, outbound", "49447000", BY_CALLER, talk=2.5, prefix="8", **held),
        # Not held at all.
        Case(f"{kind}: FreePBX, an emergency route", "110", BY_OTHER, None, direction="out", caller="101",
             prefix="8"),
    ]


def silent(bench, report, way):
    """It takes the connection and says nothing."""
    if cases := wanted(report, way, unreachable("silent")):
        bench.door.silence()
        play(bench, report, way, cases)
        time.sleep(DEADLINE + LITTLE)  # what is still waiting for a reply gives up
        bench.door.open()


def down(bench, report, way):
    """Its port is closed."""
    if cases := wanted(report, way, unreachable("down")):
        bench.door.close()
        play(bench, report, way, cases)
        time.sleep(DEADLINE + LITTLE)
        bench.door.open()


def fails(bench, report, way):
    """It answers each request with 500, at once."""
    if cases := wanted(report, way, unreported("Zammad fails")):
        bench.sandbox.fault(mode="respond", status=500)
        play(bench, report, way, cases)
        bench.sandbox.fault(mode="none")


def missing(bench, report, way):
    """The program is not there, nor is FastAGI's server, which is the same."""
    if cases := wanted(report, way, unreported("no program")):
        bench.stop_fastagi()
        bench.pbx.set_global("ZAMMAD_PROGRAM", "/usr/bin/no-such-program")
        play(bench, report, way, cases)
        bench.point_at_zammad(bench.ports.door)


def slow(bench, report, way):
    """It answers each request after a second, which is slow enough to be seen and soon enough to count."""
    held = {"held": (1.0, 1.0 + LITTLE)}
    cases = wanted(report, way, [
        inbound("Zammad slow: answered", 101, BY_CALLER, WHOLE, talk=1.0, **ANNA, **held),
        inbound("Zammad slow: answered and hung up at once", 101, BY_CALLER, WHOLE, talk=0.0, audio_within=None,
                **ANNA, **held),
        inbound("Zammad slow: busy", 103, "486", cause="busy", **held),
        blocked("Zammad slow: blocked", 101),
        inbound("Zammad slow: the caller cancels while it is asked", 101, "487", cancel_after=0.8, cause="cancel",
                **held),
        outbound("Zammad slow: outbound", "49221470", BY_CALLER, WHOLE, talk=1.0, cause=CLEAR, **held),
    ])
    if cases:
        bench.sandbox.fault(mode="delay_before", seconds=1)
        play(bench, report, way, cases)
        bench.sandbox.fault(mode="none")


def late_replies(bench, report, way):
    """It takes each event at once, and its reply is later than the deadline."""
    # The answer is sent twice, each time for as long as that takes, and the hangup waits for it.
    held = {"held": (0.0, DEADLINE + LITTLE), "settles_within": 40.0}
    twice = ("newCall", "answer", "answer", "hangup")
    cases = wanted(report, way, [
        inbound("Zammad replies too late: answered", 101, BY_CALLER, twice, talk=1.0, **ANNA, **held),
        inbound("Zammad replies too late: busy", 103, "486", cause="busy", **held),
    ])
    if cases:
        bench.sandbox.fault(mode="delay_after", seconds=4)
        play(bench, report, way, cases)
        time.sleep(DEADLINE + LITTLE)
        bench.sandbox.fault(mode="none")


def restart(bench, report, way):
    """It goes away for a while in the middle of calls, and what happens meanwhile comes in later."""
    goes, returns = 1.5, 2.3
    # On a busy machine it may be gone before those who call just before have been reported.
    at_ease = {"held": (0.0, DEADLINE + LITTLE)}
    cases = wanted(report, way, [
        inbound("Zammad restarts: hung up meanwhile", 101, BY_CALLER, WHOLE, talk=1.6, **ANNA, **at_ease),
        inbound("Zammad restarts: hung up afterwards", 101, BY_CALLER, WHOLE, talk=3.0, **ANNA, **at_ease),
        inbound("Zammad restarts: answered meanwhile", 101, BY_CALLER, WHOLE, delay=goes - 0.15, talk=2.5,
                **ANNA, **at_ease),
        inbound("Zammad restarts: called meanwhile", 101, BY_CALLER, WHOLE, delay=goes + 0.2, talk=1.0,
                **ANNA, **at_ease),
    ])
    if not cases:
        return

    def restarting():
        time.sleep(goes)
        bench.door.close()
        time.sleep(returns - goes)
        bench.door.open()

    play(bench, report, way, cases, restarting)


def spooled(bench, report, way):
    """It goes away in the middle of calls and for as long as they last, and there is a spool.

    Nobody hears more of it than without one, and what the spool has kept makes the caller log right.
    """
    goes = 1.5
    # On a busy machine it may be gone before those who call just before have been reported.
    at_ease = {"held": (0.0, DEADLINE + LITTLE)}
    held = at_ease | {"delay": goes + 0.3}
    before = [
        inbound("spool: Zammad goes down, then the caller hangs up", 101, BY_CALLER, WHOLE, talk=2.5,
                **ANNA, **at_ease),
        inbound("spool: Zammad goes down, then somebody answers", 101, BY_CALLER, WHOLE, delay=goes - 0.15,
                talk=1.5, **ANNA, **at_ease),
        inbound("spool: Zammad goes down, and nobody answers", 104, "603", cause="noAnswer", delay=goes - 1.0,
                **at_ease),
    ]
    after = [
        inbound("spool: answered", 101, BY_CALLER, WHOLE, talk=2.5, **ANNA, **held),
        inbound("spool: the callee hangs up", 102, BY_OTHER, WHOLE, **BERT, **held),
        inbound("spool: hung up at once", 101, BY_CALLER, WHOLE, talk=0.0, audio_within=None, **ANNA, **held),
        inbound("spool: busy", 103, "486", cause="busy", **held),
        inbound("spool: no answer", 104, "603", cause="noAnswer", **held),
        inbound("spool: the caller cancels while Zammad is asked", 101, "487", cancel_after=0.5,
                cause="cancel", **held),
        # Zammad says so too late, and he has talked to Anna.
        blocked("spool: a blocked caller gets through", 101, BY_CALLER, WHOLE, talk=0.5, **(held | ANNA)),
        inbound("spool: queue", 300, BY_CALLER, WHOLE, talk_with=0.5, queue="support", **ANNA, **held),
        inbound("spool: voicemail", 400, BY_CALLER, WHOLE, talk=0.5, audio_within=None, user="voicemail",
                cause=CLEAR, **held),
        outbound("spool: outbound", "49221470", BY_CALLER, WHOLE, talk=2.5, cause=CLEAR, **held),
        outbound("spool: outbound busy", "49221472", "486", cause="busy", **held),
    ]
    cases = wanted(report, way, before + after)
    if not cases:
        return
    bench.point_at_zammad(bench.ports.door, spool=f"/var/spool/zammad-cti-{way}/spool.db")

    def going():
        bench.door.open()
        time.sleep(goes)
        bench.door.close()

    runs = run_all(bench, [dataclasses.replace(case, events=None) for case in cases], meanwhile=going)
    bench.door.open()

    def judge(run, case):
        return run.judge_later(dataclasses.replace(run.case, events=case.events))

    until = time.time() + 60
    while any([judge(run, case) for run, case in zip(runs, cases)]) and time.time() < until:
        bench.flush_spool()
        time.sleep(0.5)
    left = bench.flush_spool()
    for run, case in zip(runs, cases):
        found = run.faults + judge(run, case)
        if case in after:
            found += not_told(bench, run.case)
        if left != NOTHING_LEFT:
            found.append(f"left in the spool: {left}")
        report.add(way, case.name, found, run.case.to)
    bench.point_at_zammad(bench.ports.door)


def not_told(bench, case, what="spooled"):
    """Unless the dialplan of a call was told this, such as that its event waits in the spool."""
    if case.cancel_after or case.direction == "out":
        return  # nobody is there to be told; TrySystem only hears of a caller id
    lines = bench.pbx_log()
    first = next((line for line in lines if case.to in line), "")
    tag = re.search(r"\[C-[0-9a-f]+\]", first)
    if not any(what in line for line in lines if tag and tag.group() in line):
        yield f"the dialplan was not told: {what}"


def recovered(bench, report, way):
    """After all that, a call is as good as ever."""
    play(bench, report, way, wanted(report, way, [
        inbound("Zammad is back: answered", 101, BY_CALLER, WHOLE, talk=0.5, **ANNA),
        blocked("Zammad is back: blocked", 101),
    ]))


def serverless(bench, report, way):
    """FastAGI's server is not there, and comes back."""
    name = "no server"
    if way != "fastagi":
        return
    if cases := wanted(report, way, [
            inbound(f"{name}: answered", 101, BY_CALLER, WHOLE, talk=0.5, **ANNA),
            blocked(f"{name}: blocked", 101),
            outbound(f"{name}: outbound", "49221470", BY_CALLER, WHOLE, talk=0.5, cause=CLEAR),
    ]):
        bench.stop_fastagi()
        play(bench, report, way, cases)
        bench.point_at_zammad(bench.ports.door)


def refused(bench, report, way):
    """FastAGI's server wants another secret than the dialplan has: calls go on, and Zammad hears nothing."""
    if way != "fastagi":
        return
    if cases := wanted(report, way, [
            inbound("wrong secret: answered", 101, BY_CALLER, (), talk=0.5),
            blocked("wrong secret: a blocked caller gets through", 101, BY_CALLER, (), talk=0.5,
                    held=(0.0, DEADLINE + LITTLE)),
            outbound("wrong secret: outbound", "49221470", BY_CALLER, (), talk=0.5),
    ]):
        bench.pbx.set_global("ZAMMAD_SECRET", SECRET[::-1])
        runs = run_all(bench, cases)
        bench.pbx.set_global("ZAMMAD_SECRET", SECRET)
        for run in runs:
            found = [*run.faults, *not_told(bench, run.case, "needs the secret of this server")]
            report.add(way, run.case.name, found, run.case.to)


def many(bench, report, way):
    """None of them is lost, or taken for another. How long they are held is the machine's matter."""
    name = f"{CALLS_AT_ONCE} calls at once"
    if not report.wants(way, name):
        return
    patient = {"held": (0.0, DEADLINE + LITTLE), "audio_within": DEADLINE}
    cases = [inbound(name, 101, BY_CALLER, WHOLE, talk=1.0, **ANNA, **patient) for _ in range(CALLS_AT_ONCE)]
    bench.point_at_zammad(bench.ports.door, is_patient=True)
    runs = run_all(bench, cases, together=True)
    bench.point_at_zammad(bench.ports.door)
    bad = [run for run in runs if run.faults]
    found = [f"{run.case.to}: {fault}" for run in bad for fault in run.faults]
    listed = bench.sandbox.log().keys() & {run.case.to for run in runs}
    if len(listed) != CALLS_AT_ONCE:
        found.append(f"only {len(listed)} of them are in the caller log")
    report.add(way, name, found[:20], bad[0].case.to if bad else None)
