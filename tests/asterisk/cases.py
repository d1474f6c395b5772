"""One call, what is expected of it, and what came instead."""

import dataclasses
import itertools
import re
import threading
import time

from beside import Beside
from processes import BLOCKED, CALLER_ID
from sip import CARRIER, PHONES, Call

_serials = itertools.count(1)
_blocked = itertools.cycle(BLOCKED)


@dataclasses.dataclass
class Case:
    """A call and its expectations; `None` as `outcome` or as `events` expects nothing,
    `events` without any that Zammad hears nothing.

    What the caller log shows is keyed by the number called, so each call has one of its own.
    """

    name: str
    to: str
    outcome: str | None
    events: tuple | None
    cause: str | None = None
    done: bool = False
    # who is shown in the end, and the extension that answered
    user: str | None = None
    extension: str | None = None
    outside: str | None = None  # the number outside that answered, of which only FreePBX 16 tells
    queue: str | None = None
    direction: str = "in"
    source: str | None = None  # where the caller is, if not at the carrier or at a phone
    # the caller: what the telephone sends, and what is to arrive in Zammad
    caller: str | bytes | None = None
    arrives_as: str | None = None
    name_shown: str | bytes = b"Chris"
    headers: bytes = b""
    prefix: str = ""
    talk: float | None = None
    talk_with: float | None = None  # from the pick-up of the phone, for a call that was answered before
    cancel_after: float | None = None
    ringing_for: float | None = None
    # the number in Zammad, if it is not the one called; and the caller id on the trunk
    listed_to: str | None = None
    shown_outside: str | None = None
    # fields of an event in which the dialplan of the PBX tells, once, what else it did with this number
    told: dict | None = None
    untold: bool = False  # or that it did nothing
    # The number called is that of the cookbook, for all calls of this kind: the caller tells them apart.
    by_caller: bool = False
    # seconds: until the caller begins; from the call to the ringing phone, if one may ring; from its
    # pick-up to audio. The two that are limits are what we may add to a call without us.
    delay: float = 0.0
    held: tuple | None = (0.0, 1.0)
    audio_within: float | None = 0.7
    # seconds from the end of the call until its last event is in the caller log
    settles_within: float = 30.0
    during: object = None  # run with (bench, case) once the call is answered
    while_calling: object = None  # and as soon as it began
    caller_does: object = None  # run with (bench, case, call) once the call is answered
    placed_by: object = None  # makes the call from (bench, case), if no telephone places it
    serial: int = 0  # of the numbers that are the call's own, if there are any


    def again(self):
        """The same call as a new one."""
        serial = next(_serials)
        changes = {}
        for name in ("caller", "listed_to", *([] if self.by_caller else ["to"])):
            value = getattr(self, name)
            # Numbers that are the call's own end in its serial number.
            if isinstance(value, str) and value not in BLOCKED and self.serial and value.endswith(f"{self.serial:04}"):
                changes[name] = value.removesuffix(f"{self.serial:04}") + f"{serial:04}"
        return dataclasses.replace(self, **changes, serial=serial)


def inbound(name, destination, outcome, events=("newCall", "hangup"), company="493023", **more):
    serial = next(_serials)
    more.setdefault("caller", f"4940{serial:07}")
    if "listed_to" in more:
        more["listed_to"] += f"{serial:05}"
    return Case(name, f"{company}{destination}{serial:05}", outcome, events, serial=serial, **more)


def blocked(name, destination, outcome="486", *arguments, **more):
    """Zammad rejects this caller, and where it can say so nothing rings."""
    more = {"held": None, "cause": "busy"} | more
    return inbound(name, destination, outcome, *arguments, caller=next(_blocked), **more)


def outbound(name, number, outcome, events=("newCall", "hangup"), **more):
    """`number` lacks its last four digits. Phone 101 calls through the outside line."""
    serial = next(_serials)
    more.setdefault("arrives_as", "101")
    more.setdefault("prefix", "0")
    more |= {"direction": "out", "done": True, "caller": "101"}
    return Case(name, f"{number}{serial:04}", outcome, events, serial=serial, **more)


DEADLINE = 2.0  # seconds at most that a call is held to ask Zammad
DISTURBED = 1.0  # seconds that nobody is kept by a machine that has little else to do
MOMENT = 0.25  # seconds at most that an answer is held to be reported

BY_CALLER, BY_OTHER = "answered, caller hung up", "answered, other side hung up"
WHOLE = ("newCall", "answer", "hangup")
CLEAR = "normalClearing"
ANNA = {"user": "anna", "extension": "101", "done": True, "cause": CLEAR}
BERT = {"user": "bert", "extension": "102", "done": True, "cause": CLEAR}


def answered_leg(bench, case, **fields):
    return bench.world.wait_for(30, since=time.time() - 60, State="answers", Caller=case.caller, **fields)


def transfer_to(extension):
    """The phone that answered sends a REFER, as its transfer key does."""

    def transfer(bench, case):
        leg = answered_leg(bench, case)
        time.sleep(0.3)
        bench.world.action(
            "Redirect", Channel=leg["Channel"], Context="transfer", Exten=extension, Priority=1)

    return transfer


def press(keys):
    """Whoever picked up presses these keys."""

    def pressing(bench, case):
        leg = answered_leg(bench, case)
        time.sleep(0.3)
        bench.world.action("Redirect", Channel=leg["Channel"], Context="keys", Exten=keys, Priority=1)

    return pressing


def consulted(bench, case):
    """102, who picked up, asks 101 by keys, and leaves the caller to her."""
    leg = bench.world.wait_for(30, since=time.time() - 60, State="answers", Caller=case.caller, Number="102")
    press("*2101")(bench, case)
    asked = bench.world.wait_for(30, since=leg["At"], State="answers", Number="101", Caller="102")
    if not asked:
        raise TimeoutError("101 is not asked")
    time.sleep(0.5)
    bench.world.action("Hangup", Channel=leg["Channel"])
    time.sleep(0.5)


def staying(during):
    """102 stays on the telephone until the bench has it hang up."""

    def stay(bench, case):
        bench.world.set_global(f"STAYS_{case.caller}", "1")
        during(bench, case)

    return stay


def row_of(bench, case):
    """The call in Zammad's caller log, or None."""
    if case.by_caller:
        return bench.sandbox.call_of(case.arrives_as or case.caller)
    return bench.sandbox.log().get(case.listed_to or case.to)


def wait_for_answers(bench, case, count):
    """Until Zammad has heard so many; whoever judges the call sees it if that was in vain."""
    until = time.time() + 30
    while time.time() < until:
        requests = bench.sandbox.requests(row["call_id"]) if (row := row_of(bench, case)) else []
        if sum(fields["event"] == "answer" for fields, _ in requests) >= count:
            return
        time.sleep(0.1)


def transfer_into_the_routine(extension):
    """The same, where the dialplan reports the second answer as well.

    The phones wait until Zammad has heard of an answer before they do what is reported next: with TrySystem
    each report is a process in the background, and a busy machine may start them in another order.
    """

    def transfer(bench, case):
        bench.world.set_global(f"STAYS_{case.caller}", "1")
        wait_for_answers(bench, case, 1)
        transfer_to(extension)(bench, case)
        leg = answered_leg(bench, case, Number="102")  # 122 is the same
        wait_for_answers(bench, case, 2)
        bench.world.action("Hangup", Channel=leg["Channel"])

    return transfer


def ordinary():
    """Every way a call can go, with Zammad in good health."""
    voicemail = {"user": "voicemail", "cause": CLEAR, "talk": 0.8, "audio_within": None}
    # A queue with one member rings it for one caller at a time.
    sales = {"queue": "sales", "held": (0.0, 4.0)}
    return [
        inbound("answered, the caller hangs up", 101, BY_CALLER, WHOLE, talk=0.5, **ANNA),
        inbound("answered, the callee hangs up", 102, BY_OTHER, WHOLE, **BERT),
        inbound("answered and hung up at once", 101, BY_CALLER, WHOLE, talk=0.0, audio_within=None, **ANNA),
        inbound("busy", 103, "486", cause="busy"),
        inbound("no answer", 104, "603", cause="noAnswer"),
        inbound("the caller cancels", 104, "487", ringing_for=0.7, cause="cancel"),
        inbound("the caller cancels at once", 104, "487", cancel_after=0.1, cause="cancel"),
        inbound("declined", 105, "403", cause="noAnswer"),
        inbound("not registered", 107, "404", cause="notFound"),
        inbound("ring group answered", 200, BY_CALLER, WHOLE, talk=0.5, **ANNA),
        inbound("ring group not answered", 201, "486", cause="noAnswer"),
        inbound("a Dial of one's own", 500, BY_OTHER, WHOLE, **BERT),
        inbound("another number in Zammad", 600, BY_CALLER, WHOLE, talk=0.5, listed_to="49302399", **ANNA),
        inbound("queue answered", 300, BY_CALLER, WHOLE, talk_with=0.5, queue="support", **ANNA),
        inbound("queue behind a Local channel", 303, BY_CALLER, WHOLE, talk_with=0.5, queue="lobby", **ANNA),
        inbound("queue timed out", 301, BY_OTHER, **sales, user="sales", cause="noAnswer"),
        inbound("queue abandoned", 301, BY_CALLER, **sales, user="sales", cause="cancel", talk=1.0),
        inbound("queue, then voicemail", 302, BY_CALLER, WHOLE, **sales, **(voicemail | {"talk": 6.0})),
        inbound("voicemail", 400, BY_CALLER, WHOLE, **voicemail),
        inbound("voicemail behind a Local channel", 402, BY_CALLER, WHOLE, **voicemail),
        inbound("no answer, then voicemail", 401, BY_CALLER, WHOLE, **voicemail),
        inbound("blind transfer", 101, BY_OTHER, WHOLE, during=transfer_to("102"), **ANNA),
        inbound("blind transfer to a busy phone", 101, BY_OTHER, WHOLE, during=transfer_to("103"), **ANNA),
        inbound("blind transfer through the routine again", 101, BY_OTHER,
                ("newCall", "answer", "answer", "hangup"), during=transfer_into_the_routine("7102"), **BERT),
        inbound("anonymous", 101, BY_CALLER, WHOLE, talk=0.5, caller="anonymous", arrives_as="anonymous",
                name_shown="Anonymous", **ANNA),
        inbound("a number with blanks and brackets", 101, BY_CALLER, WHOLE, talk=0.5, caller="%2B49%20(0)44/000-007",
                arrives_as="4944000007", **ANNA),
        inbound("number withheld, though the carrier knows it", 101, BY_CALLER, WHOLE, talk=0.5, caller="anonymous",
                arrives_as="anonymous", name_shown="Anonymous",
                headers=b"P-Asserted-Identity: <sip:4940669690@127.0.0.2>\r\nPrivacy: id", **ANNA),
        blocked("blocked", 101),
        blocked("blocked, before a queue", 300, queue="support", user="support"),
        blocked("blocked, before voicemail", 400),
        outbound("outbound answered, the caller hangs up", "49221470", BY_CALLER, WHOLE, talk=0.5, cause=CLEAR,
                 shown_outside="101"),
        outbound("outbound answered, the callee hangs up", "49221471", BY_OTHER, WHOLE, cause=CLEAR),
        outbound("outbound busy", "49221472", "486", cause="busy"),
        outbound("outbound not answered", "49221473", "603", cause="noAnswer"),
        outbound("outbound cancelled", "49221473", "487", ringing_for=0.7, cause="cancel"),
        outbound("outbound, no such number", "49221474", "404", cause="notFound"),
        outbound("outbound with Zammad's caller id", "41447100", BY_CALLER, WHOLE, talk=0.5, cause=CLEAR,
                 arrives_as=CALLER_ID, shown_outside=CALLER_ID),
    ]


def xivo():
    """The same through examples/xivo, called by contexts such as XiVO's."""
    other, prefix = {"company": "493025"}, {"prefix": "6"}
    return [
        inbound("XiVO: a user answered", 101, BY_CALLER, WHOLE, talk=0.5, **ANNA, **other),
        inbound("XiVO: busy", 103, "486", cause="busy", **other),
        inbound("XiVO: no answer", 104, "603", cause="noAnswer", **other),
        inbound("XiVO: the caller cancels", 104, "487", ringing_for=0.7, cause="cancel", **other),
        inbound("XiVO: a queue's agent", 300, BY_CALLER, WHOLE, talk_with=0.5, queue="xivo", **ANNA, **other),
        blocked("XiVO: blocked", 101, **other),
        blocked("XiVO: blocked, before a queue", 300, queue="xivo", user="xivo", **other),
        outbound("XiVO: outbound answered", "49221470", BY_CALLER, WHOLE, talk=0.5, cause=CLEAR, **prefix),
        outbound("XiVO: outbound busy", "49221472", "486", cause="busy", **prefix),
        outbound("XiVO: outbound with Zammad's caller id", "41447100", BY_CALLER, WHOLE, talk=0.5, cause=CLEAR,
                 shown_outside=CALLER_ID, **(prefix | {"arrives_as": CALLER_ID})),
        Case("XiVO: an emergency number", "112", BY_OTHER, (), direction="out", caller="101", prefix="6",
             shown_outside="101"),
    ]


def recipes():
    """What docs/asterisk.md and docs/freepbx.md tell their readers to paste: etc/pbx/cookbook.conf."""

    def recipe(name, to, *arguments, **more):
        serial = next(_serials)
        more = {"caller": f"4941{serial:07}", "by_caller": True} | more
        return Case(f"recipe: {name}", f"493055571{to}", *arguments, serial=serial, **more)

    voicemail = {"user": "voicemail", "cause": CLEAR, "talk": 0.8, "audio_within": None}
    answered = {"talk": 0.5} | ANNA
    answered_twice = {"talk_with": 0.5} | ANNA
    # Nobody knows whose telephone that is.
    mobile = {"talk": 0.5, "done": True, "cause": CLEAR}
    # Two calls of this queue, which serves its callers one after the other.
    queued = answered_twice | {"queue": "support", "held": (0.0, 5.0)}
    return [
        recipe("a phone", 101, BY_CALLER, WHOLE, **answered),
        recipe("a phone is busy, then voicemail", 103, BY_CALLER, WHOLE, **voicemail),
        recipe("a ring group", 200, BY_CALLER, WHOLE, **answered),
        recipe("one phone after the other", 201, BY_CALLER, WHOLE, **answered),
        recipe("a queue", 300, BY_CALLER, WHOLE, **queued),
        recipe("follow me, the desk and then the mobile", 110, BY_CALLER, WHOLE, **mobile),
        recipe("follow me, the desk and the mobile", 111, BY_CALLER, WHOLE, **mobile),
        recipe("a menu", "000", BY_CALLER, WHOLE, held=(0.0, 4.0), **answered_twice),
        recipe("a menu, blocked", "000", "486", ("newCall", "hangup"), caller=next(_blocked), held=None, cause="busy"),
        recipe("a Dial of one's own", 500, BY_CALLER, WHOLE, **answered),
        recipe("a Queue of one's own", 501, BY_CALLER, WHOLE, **queued),
        recipe("a transfer to a colleague", 101, BY_OTHER, ("newCall", "answer", "answer", "hangup"),
               during=transfer_into_the_routine("122"), extension="122", user="anna", done=True, cause=CLEAR),
        outbound("recipe: an outside line", "49221470", BY_CALLER, WHOLE, talk=0.5, cause=CLEAR, prefix="9",
                 arrives_as="493055571101", shown_outside="493055571101"),
        outbound("recipe: an outside line, Zammad's caller id", "41447100", BY_CALLER, WHOLE, talk=0.5, cause=CLEAR,
                 prefix="9", arrives_as=CALLER_ID, shown_outside=CALLER_ID),
        Case("recipe: an emergency number", "112", BY_OTHER, (), direction="out", caller="101",
             shown_outside="493055571101"),
        Case("recipe: an emergency number after the 9", "110", BY_OTHER, (), direction="out", caller="101", prefix="9",
             shown_outside="493055571101"),
        recipe("FreePBX, a DID that leads to a queue", 390, BY_CALLER, WHOLE, queue="300", **answered_twice),
        recipe("FreePBX, a DID whose calls are not reported", 399, BY_CALLER, (), talk=0.5),
        Case("recipe: FreePBX, a DID that is no number", "helpdesk", BY_CALLER, WHOLE, talk=0.5, caller="4944000003",
             by_caller=True, listed_to="493055571200", **ANNA),
    ]


class Run(threading.Thread):
    """A case being run. `faults` says afterwards what is not as expected."""

    def __init__(self, bench, beside, case):
        super().__init__(daemon=True)
        self.bench, self.beside, self.case = bench, beside, case
        self.faults = []

    def run(self):
        try:
            self._run()
        except Exception as error:  # one call that cannot be judged must not end the others
            self.faults.append(f"{type(error).__name__}: {error}")

    def _run(self):
        case, bench = self.case, self.bench
        time.sleep(case.delay)
        outward = case.direction == "out"
        self.call = case.placed_by(bench, case) if case.placed_by else Call(
            ("127.0.0.1", bench.ports.pbx), case.prefix + case.to, case.caller,
            source=case.source or (PHONES if outward else CARRIER), name=case.name_shown, headers=case.headers,
            talk=case.talk, cancel_after=case.cancel_after, ringing_for=case.ringing_for)
        self.call.start()
        if case.while_calling:
            case.while_calling(bench, case)
        if case.during:
            self.call.wait_for_answer(30)
            case.during(bench, case)
        if case.caller_does and self.call.wait_for_answer(30):
            case.caller_does(bench, case, self.call)
        if case.talk_with is not None:
            answered_leg(bench, case)
            now = time.time()
            self.call.talk = now - (self.call.answered or now) + case.talk_with
        self.call.join()
        until = time.time() + case.settles_within
        while (faults := self._judge()) and time.time() < until:
            time.sleep(0.2)
        self.faults += faults

    def judge_later(self, case):
        """What is in the caller log by now, if that is to be expected of the call."""
        self.case = case
        return list(self._judge_log())

    def _judge(self):
        return [*self._judge_call(), *self._judge_times(), *self._judge_log()]

    def _judge_call(self):
        if self.case.outcome and self.call.outcome != self.case.outcome:
            yield f"the caller: expected {self.case.outcome}, came {self.call.outcome}"
        if self.case.shown_outside:
            leg = self._leg("rings") or {}
            if leg.get("Caller") != self.case.shown_outside:
                yield f"caller id on the trunk: expected {self.case.shown_outside}, came {leg.get('Caller')}"
        told = self.case.told
        if told and (times := self.bench.pbx.count(self.call.began, Number=self.case.to, **told)) != 1:
            yield f"the PBX told {times} times: {told}"
        if self.case.untold and (event := self.bench.pbx.find(since=self.call.began, Number=self.case.to)):
            yield f"the PBX told: {event}"

    def _judge_times(self):
        case = self.case
        rings = self._leg("rings")
        if rings and case.held is None:
            yield "a phone rang"
        elif rings:
            held = rings["At"] - self.call.began
            least, most = case.held
            machine = max(self._without_us()[0], self.beside.late(self.call.began, rings["At"]))
            if held < least or held > most and held > most + machine:
                yield (f"held before it rang: expected {least} to {most} s, besides {machine:.2f} s for the machine, "
                       f"came {held:.2f} s")
        if (answers := self._leg("answers")) and self.call.answered and case.audio_within is not None:
            # A busy machine may have brought nothing yet when a short call ends.
            heard = self.call.first_audio or self.call.ended
            waited = heard - answers["At"]
            machine = max(self._without_us()[1], self.beside.late(answers["At"], heard))
            if self.call.first_audio is None and waited > MOMENT + machine:
                yield f"the caller heard nothing in {waited:.2f} s"
            elif waited > case.audio_within and waited > case.audio_within + machine:
                yield (f"audio after the answer: expected within {case.audio_within} s, besides {machine:.2f} s for the "
                       f"machine, came in {waited:.2f} s")

    def was_disturbed(self):
        """Whether the machine kept calls without us waiting, too."""
        return max(self._without_us()) > DISTURBED

    def _without_us(self):
        # One that never began had the whole time.
        return self.beside.times(self.call.began or 0.0)

    def _leg(self, state):
        """What the far end told of this call."""
        key = {"Number": self.case.to} if self.case.direction == "out" else {"Caller": self.case.caller}
        return self.bench.world.find(since=self.call.began, State=state, **key)

    def _judge_log(self):
        case = self.case
        if case.events is None:
            return
        if not case.events:
            if row_of(self.bench, case):
                yield "the call is in the caller log"
            return
        arrives_as = case.arrives_as or case.caller
        row = row_of(self.bench, case)
        if row is None:
            yield "the call is not in the caller log"
            return
        expected = {
            "direction": case.direction, "state": "hangup", "done": case.done, "from": arrives_as,
            "to_comment": case.user, "comment": case.cause,
            "queue": case.queue or (arrives_as if case.direction == "out" else case.listed_to or case.to),
        }
        for key, value in expected.items():
            if row[key] != value:
                yield f"caller log, {key}: expected {value}, came {row[key]}"
        requests = self.bench.sandbox.requests(row["call_id"])
        answers = [fields for fields, _ in requests if fields["event"] == "answer"]
        extension = case.outside if case.outside and self.bench.is_freepbx_16 else case.extension
        if answers and answers[-1].get("answeringNumber") != extension:
            yield f"answering number: expected {extension}, came {answers[-1].get('answeringNumber')}"
        events = tuple(fields["event"] for fields, _ in requests)
        if len(events) > len(case.events):
            requests = self._without_repeats(row["call_id"], requests)
            events = tuple(fields["event"] for fields, _ in requests)
        if events != case.events:
            yield f"events: expected {', '.join(case.events)}, came {', '.join(events)}"
        for fields, status in requests:
            if status != 200:
                yield f"Zammad refused {fields['event']} with {status}"

    def _without_repeats(self, call_id, requests):
        """The requests without those second copies of which the program said why: on a busy machine Zammad's
        reply may be later than it waits, or than Zammad goes away. A copy of which it said nothing stays.
        """
        kept = []
        said = self.bench.program_log()
        why = "(?:no reply within|the connection broke before the reply)"
        late = rf" of call {re.escape(call_id)}: {why}"
        due = {kind: len(re.findall(kind + late, said)) for kind in WHOLE}
        for fields, status in requests:
            kind = fields["event"]
            if due[kind] and any(before == fields for before, _ in kept):
                due[kind] -= 1
                continue
            kept.append((fields, status))
        return kept


def run_all(bench, cases, *, together=False, meanwhile=None):
    """Runs the cases at the same time, and `meanwhile` beside them, and waits for the PBX to be idle again.

    Who fails while the machine keeps calls without us for long is tried again, twice at most: it cannot be seen
    then what the program does in the time that it promises. What is wrong with it is wrong again. `together`
    with the others, if it is they who matter.
    """
    runs = run_once(bench, cases, meanwhile)
    for _ in range(2):
        failed = [place for place, run in enumerate(runs) if run.faults and run.was_disturbed()]
        if not failed:
            break
        for run in (runs[place] for place in failed):
            print(f"again   {run.case.name}: {run.faults[0]}", flush=True)
        places = range(len(runs)) if together or meanwhile else failed
        for place, run in zip(places, run_once(bench, [runs[place].case.again() for place in places], meanwhile)):
            runs[place] = run
    return runs


def run_once(bench, cases, meanwhile):
    if not cases:
        return []
    beside_them = threading.Thread(target=meanwhile or (lambda: None))
    with Beside(bench) as beside:
        runs = [Run(bench, beside, case) for case in cases]
        beside_them.start()
        for run in runs:
            beside.another_call()
            run.start()
        for run in runs:
            run.join()
    beside_them.join()
    until = time.time() + 60
    while bench.calls_up() and time.time() < until:
        time.sleep(0.1)
    return runs
