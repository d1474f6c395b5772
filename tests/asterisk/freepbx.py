"""What examples/freepbx reports, called by contexts that do what FreePBX's do: etc/pbx/freepbx.conf."""

import time

from cases import (
    ANNA, BERT, BY_CALLER, BY_OTHER, CALLER_ID, CLEAR, WHOLE, Case, blocked, consulted, inbound, outbound, press,
    staying, transfer_to, wait_for_answers)
from clicks import clicked
from processes import BLOCKED
from sip import PHONES, Call


def handed_on(extension):
    """The caller, who is an agent, hands the call on and is out of it; there it is answered.

    The extension is one that no other call rings: what it shows of the caller is FreePBX's matter.
    """

    def handing_on(bench, case, call):
        wait_for_answers(bench, case, 1)
        time.sleep(0.3)
        call.transfer_to(extension)
        if not bench.world.wait_for(30, since=call.began, State="answers", Number=extension):
            raise TimeoutError("the transferred call did not arrive")
        time.sleep(1.5)  # until it would have been reported

    return handing_on


def keys(pressed):
    """The caller presses these keys."""
    return lambda bench, case, call: call.press(pressed)


def sent_on(extension):
    """Whoever picked up hands the caller on, and somebody there picks up."""

    def sending_on(bench, case):
        wait_for_answers(bench, case, 1)
        transfer_to(extension)(bench, case)
        wait_for_answers(bench, case, 2)

    return sending_on


def dialled(bench, number, extension):
    """The telephone of that extension dials the number."""
    call = Call(("127.0.0.1", bench.ports.pbx), number, extension, source=PHONES, patience=20.0)
    call.start()
    return call


def picked_up(ringing, extension="102"):
    """That extension takes the call that rings elsewhere."""

    def picking_up(bench, case):
        bench.world.wait_for(30, State="rings", Caller=case.caller)
        return dialled(bench, f"**{ringing}", extension)

    return picking_up


def asked(bench, extension, asks):
    """The call in which that extension asks a colleague, and what the colleague's telephone tells of it."""
    # No other call rings him for this caller. He stays until the bench has him hang up.
    bench.world.set_global(f"STAYS_{extension}", "1")
    began = time.time()
    asking = dialled(bench, f"4{asks}", extension)
    leg = bench.world.wait_for(30, since=began, State="answers", Caller=extension, Number=asks)
    if not leg or not asking.wait_for_answer(20):
        raise TimeoutError(f"{asks} is not asked")
    time.sleep(0.5)
    return asking, leg


def picked_up_and_connected(ringing):
    """106 takes the call that rings elsewhere, asks 102, and connects the two by the key of the telephone."""

    def connecting(bench, case):
        taken = picked_up(ringing, "106")(bench, case)
        if not taken.wait_for_answer(20):
            raise TimeoutError("106 does not get the call")
        asking, leg = asked(bench, "106", "102")
        taken.connect_with(asking)
        time.sleep(1.5)  # until 102 would have been reported
        bench.world.action("Hangup", Channel=leg["Channel"])

    return connecting


def connected(bench, case, call):
    """The caller, who is an agent, asks 102, connects the two by the key of the telephone, and is out of it."""
    wait_for_answers(bench, case, 1)
    asking, leg = asked(bench, "101", "102")
    call.connect_with(asking)
    time.sleep(1.5)
    bench.world.action("Hangup", Channel=leg["Channel"])


def asked_by_keys(bench, case, call):
    """The caller, who is an agent, asks 100 by keys, whom nobody else rings, and hangs up."""
    wait_for_answers(bench, case, 1)
    call.press("*2100")
    if not bench.world.wait_for(30, since=call.began, State="answers", Number="100"):
        raise TimeoutError("100 is not asked")
    time.sleep(1.5)  # until it would have been reported
    call.talk = time.time() - call.answered + 0.1


def once_reported(bench, case, call):
    """The caller hangs up a moment after Zammad has heard that somebody picked up."""
    wait_for_answers(bench, case, 1)
    call.talk = time.time() - call.answered + 0.5


def parked(bench, case):
    """Whoever picked up parks the caller, and 102 fetches the call."""
    wait_for_answers(bench, case, 1)
    transfer_to("70")(bench, case)
    until = time.time() + 30
    while "71" not in bench.pbx.cli("parking show default").split("Space")[-1] and time.time() < until:
        time.sleep(0.1)
    Call(("127.0.0.1", bench.ports.pbx), "71", "102", source=PHONES, patience=20.0).start()


def outside(destination):
    """A telephone outside picks up, of which nobody knows whose it is."""
    return {"done": True, "cause": CLEAR, "outside": f"492214700{destination}"}


def cases():
    return [*calls(), *more_calls(), *transfers(), *clicks()]


def calls():
    """The same through examples/freepbx, called by contexts such as FreePBX's."""
    other = {"company": "493024"}
    shown = {"prefix": "8", "arrives_as": "4930555710"}
    mailed = {"State": "mailed", "Shown": "4930555710", "Music": ""}
    return [
        inbound("FreePBX: extension answered", 101, BY_CALLER, WHOLE, talk=0.5, **ANNA, **other),
        inbound("FreePBX: extension answered, the callee hangs up", 102, BY_OTHER, WHOLE, **BERT, **other),
        inbound("FreePBX: busy", 103, "486", cause="busy", **other),
        inbound("FreePBX: no answer", 104, "503", cause="noAnswer", **other),
        inbound("FreePBX: the caller cancels", 104, "487", ringing_for=0.7, cause="cancel", **other),
        inbound("FreePBX: declined", 105, "503", cause="noAnswer", **other),
        inbound("FreePBX: not registered", 107, "503", cause="congestion", **other),
        inbound("FreePBX: forwarded to a mobile", 108, BY_CALLER, WHOLE, talk=0.5, **outside(108), **other),
        inbound("FreePBX: forwarded to a mobile for a while", 109, BY_CALLER, WHOLE, talk=0.5, **outside(109), **other),
        inbound("FreePBX: unavailable, forwarded to a mobile", 110, BY_CALLER, WHOLE, talk=0.5, **outside(110), **other),
        inbound("FreePBX: forwarded to a mobile, notified when the pattern matched", 116, BY_CALLER, WHOLE, talk=0.5,
                **outside(116), **other),
        inbound("FreePBX: ring group", 600, BY_CALLER, WHOLE, talk=0.5, **ANNA, **other),
        inbound("FreePBX: hunt group", 601, BY_CALLER, WHOLE, talk=0.5, **ANNA, **other),
        inbound("FreePBX: ring group, a member outside", 602, BY_CALLER, WHOLE, talk=0.5, **outside(602), **other),
        inbound("FreePBX: ring group, a member outside confirms", 603, BY_CALLER, WHOLE, talk=0.5,
                while_calling=press("1"), audio_within=5.0, **outside(603), **other),
        inbound("FreePBX: ring group, a mailbox outside does not confirm", 604, "603", cause="noAnswer", **other),
        inbound("FreePBX: queue", 300, BY_CALLER, WHOLE, talk_with=0.5, **ANNA, **other),
        inbound("FreePBX: queue not answered", 301, BY_OTHER, cause="noAnswer", held=(0.0, 4.0), **other),
        inbound("FreePBX: queue, an agent outside", 303, BY_CALLER, WHOLE, talk_with=0.5, **outside(303), **other),
        inbound("FreePBX: queue, an agent outside, notified when the pattern matched", 308, BY_CALLER, WHOLE, talk_with=0.5,
                **outside(308), **other),
        # Somebody talks to the caller, and nobody knows.
        inbound("FreePBX: queue, an agent outside confirms", 307, BY_CALLER, while_calling=press("1"), talk=6.0,
                audio_within=None, held=(0.0, 4.0), cause="cancel", **other),
        inbound("FreePBX: voicemail at once", 401, BY_CALLER, talk=0.8, audio_within=None, cause="cancel", **other),
        inbound("FreePBX: voicemail", 400, BY_CALLER, talk=0.8, audio_within=None, cause="noAnswer", **other),
        # Whoever takes over is told as well.
        inbound("FreePBX: blind transfer", 101, BY_OTHER, ("newCall", "answer", "answer", "hangup"),
                during=transfer_to("102"), **BERT, **other),
        blocked("FreePBX: blocked", 101, **other),
        # What Zammad gets has digits only.
        inbound("FreePBX: a DID with a letter in it", "1e1", BY_CALLER, WHOLE, talk=0.5, listed_to="49302411", **ANNA,
                **other),
        inbound("FreePBX: a DID that begins with a letter", 101, BY_CALLER, WHOLE, talk=0.5, listed_to="493024101",
                company="sip493024", **ANNA),
        inbound("FreePBX: a DID of all kinds of characters", "b=", BY_CALLER, WHOLE, talk=0.5, listed_to="49",
                company="u-4.9_", **ANNA),
        Case("FreePBX: a DID of letters", "salesdesk", BY_CALLER, WHOLE, talk=0.5, caller="4944000001", by_caller=True,
             listed_to="anonymous", **ANNA),
        Case("FreePBX: a DID of one digit", "7", BY_CALLER, WHOLE, talk=0.5, caller="4944000002", by_caller=True, **ANNA),
        Case("FreePBX: blocked, and the DID is of letters", "salesdesk", "486", ("newCall", "hangup"), cause="busy",
             caller=BLOCKED[-1], held=None, by_caller=True, listed_to="anonymous"),
        outbound("FreePBX: outbound answered", "49447000", BY_CALLER, WHOLE, talk=0.5, cause=CLEAR,
                 shown_outside="4930555710", told={**mailed, "Trunk": "1"}, **shown),
        outbound("FreePBX: outbound answered, the callee hangs up", "49447001", BY_OTHER, WHOLE, cause=CLEAR,
                 **shown),
        outbound("FreePBX: outbound over the second trunk", "49221470", BY_CALLER, WHOLE, talk=0.5, cause=CLEAR,
                 told={**mailed, "Trunk": "2"}, **shown),
        outbound("FreePBX: outbound over a custom trunk", "49431470", BY_CALLER, WHOLE, talk=0.5, cause=CLEAR, untold=True,
                 **shown),
        outbound("FreePBX: outbound with music of the route", "41447000", BY_CALLER, WHOLE, talk=0.5, cause=CLEAR,
                 told={"State": "mailed", "Music": "Treetops"}, **shown),
        outbound("FreePBX: outbound, notified when the pattern matched", "49447000", BY_CALLER, WHOLE, talk=0.5,
                 cause=CLEAR, told={"State": "mailed"}, **(shown | {"prefix": "5"})),
        outbound("FreePBX: outbound with music, notified when the pattern matched", "41447000", BY_CALLER, WHOLE,
                 talk=0.5, cause=CLEAR, told={"State": "music", "Music": "Treetops"}, **(shown | {"prefix": "5"})),
        outbound("FreePBX: outbound busy", "49447002", "486", cause="busy", **shown),
        outbound("FreePBX: outbound cancelled", "49447003", "487", ringing_for=0.7, cause="cancel", **shown),
        outbound("FreePBX: outbound, no such number", "49447004", "486", cause="notFound", **shown),
        outbound("FreePBX: outbound, no such number, hung up in the announcement", "49447004", "487", ringing_for=0.3,
                 cause="notFound", **shown),
        outbound("FreePBX: outbound, no line free on either trunk", "49447005", "503", cause="congestion", **shown),
        outbound("FreePBX: outbound, no such number on the second trunk", "49221474", "486", cause="notFound", **shown),
        outbound("FreePBX: outbound, busy on the second trunk", "49221472", "486", cause="busy", **shown),
        outbound("FreePBX: outbound, handed on", "49447000", BY_CALLER, WHOLE, cause=CLEAR, caller_does=handed_on("106"),
                 **shown),
        outbound("FreePBX: outbound, a colleague asked by keys", "49447000", BY_CALLER, WHOLE, cause=CLEAR,
                 caller_does=asked_by_keys, **shown),
        outbound("FreePBX: outbound, attended transfer by the telephone's key", "49447000", None, WHOLE, cause=CLEAR,
                 caller_does=connected, **shown),
        outbound("FreePBX: outbound with Zammad's caller id", "41447100", BY_CALLER, WHOLE, talk=0.5, cause=CLEAR,
                 shown_outside=CALLER_ID, **(shown | {"arrives_as": CALLER_ID})),
        Case("FreePBX: an emergency route", "110", BY_OTHER, (), direction="out", caller="101", prefix="8",
             shown_outside="4930555710"),
    ]


def more_calls():
    """The kinds of calls that FreePBX has besides."""
    other = {"company": "493024"}
    # Answered by the PBX, which then waits for something, before a phone picks up.
    menu = {"audio_within": None, "held": (0.0, 5.0)}
    mailbox = {"talk": 6.0, "audio_within": None, "held": (0.0, 4.0), "cause": "noAnswer"}
    return [
        inbound("FreePBX: do not disturb", 111, "486", cause="busy", **other),
        inbound("FreePBX: no call waiting", 112, "486", cause="busy", **other),
        inbound("FreePBX: busy, forwarded to an extension", 113, BY_CALLER, WHOLE, talk=0.5, **ANNA, **other),
        inbound("FreePBX: a ring group, then voicemail", 605, BY_CALLER, **mailbox, **other),
        inbound("FreePBX: a queue, then voicemail", 304, BY_CALLER, **mailbox, **other),
        inbound("FreePBX: a DID without a route", 200, BY_OTHER, audio_within=None, cause="cancel", **other),
        inbound("FreePBX: a menu, hung up", 800, BY_CALLER, talk=0.5, audio_within=None, cause="cancel", **other),
        inbound("FreePBX: a menu, then an extension", 800, BY_CALLER, WHOLE, talk_with=0.5, caller_does=keys("1"), **menu,
                **ANNA, **other),
        inbound("FreePBX: a menu, then a queue", 800, BY_CALLER, WHOLE, talk_with=0.5, caller_does=keys("2"),
                **(menu | {"held": (0.0, 12.0)}), **ANNA, **other),
        inbound("FreePBX: a menu, nothing said, then a ring group", 800, BY_CALLER, WHOLE, talk_with=0.5, **menu, **ANNA,
                **other),
        blocked("FreePBX: blocked, before a ring group", 600, **other),
        blocked("FreePBX: blocked, before a queue", 300, **other),
        blocked("FreePBX: blocked, before a menu", 800, **other),
        inbound("FreePBX: anonymous", 101, BY_CALLER, WHOLE, talk=0.5, caller="anonymous", arrives_as="anonymous",
                name_shown="Anonymous", **ANNA, **other),
        Case("FreePBX: a number with blanks", "101", BY_CALLER, WHOLE, talk=0.5, caller="%2B49%2044%20000006", by_caller=True,
             arrives_as="4944000006", **ANNA),
        inbound("FreePBX: a route by caller id", 104, BY_CALLER, WHOLE, talk=0.5, caller="49430471100", **ANNA, **other),
        inbound("FreePBX: a second provider", 101, BY_CALLER, WHOLE, talk=0.5, company="493026", **ANNA),
        Case("FreePBX: a DID that is an extension", "101", BY_CALLER, WHOLE, talk=0.5, caller="4944000004", by_caller=True,
             **ANNA),
        inbound("FreePBX: memory hunt group, the third", 607, BY_CALLER, WHOLE, talk=0.5, **ANNA, **other),
        inbound("FreePBX: ring group, nobody is free", 609, "603", cause="busy", **other),
        inbound("FreePBX: ring group, nobody", 606, "603", cause="noAnswer", **other),
        inbound("FreePBX: ring group, the caller cancels", 606, "487", ringing_for=0.5, cause="cancel", **other),
        inbound("FreePBX: hunt group, a member outside confirms", 608, BY_CALLER, WHOLE, talk=0.5, audio_within=5.0,
                while_calling=press("1"), held=(0.0, 4.0), **outside(608), **other),
        inbound("FreePBX: queue abandoned", 301, BY_CALLER, talk=1.0, cause="cancel", held=(0.0, 4.0), **other),
        inbound("FreePBX: queue, overflow into another", 305, BY_CALLER, WHOLE, talk_with=0.5, **ANNA,
                **(other | menu | {"held": (0.0, 14.0)})),
        inbound("FreePBX: queue with extensions only", 306, BY_CALLER, WHOLE, talk_with=0.5, **ANNA,
                **(other | menu | {"held": (0.0, 12.0)})),
        inbound("FreePBX: queue, a second caller at once", 306, BY_CALLER, WHOLE, talk_with=0.5, **ANNA,
                **(other | menu | {"held": (0.0, 12.0)})),
        inbound("FreePBX: follow me, the own phone", 700, BY_CALLER, WHOLE, talk=0.5, **ANNA, **other),
        inbound("FreePBX: follow me, the mobile", 701, BY_CALLER, WHOLE, talk=0.5, **outside(701), **other),
        inbound("FreePBX: follow me, the mobile confirms", 702, BY_CALLER, WHOLE, talk=0.5, audio_within=5.0,
                while_calling=press("1"), **outside(702), **other),
        *(Case(f"FreePBX: an internal call, {name}", to, outcome, (), direction="out", caller="105", by_caller=True, talk=0.5)
          for name, to, outcome in (("to an extension", "4101", BY_CALLER), ("to a ring group", "4600", BY_CALLER))),
        outbound("FreePBX: an internal call, forwarded outside", "49221470", BY_CALLER, WHOLE, talk=0.5, cause=CLEAR,
                 prefix="4108", arrives_as="4930555710"),
    ]


def transfers():
    """Calls that change hands. Whoever takes over is reported as well, if it is a hook that rings his phone."""
    other = {"company": "493024", "audio_within": None}
    twice = ("newCall", "answer", "answer", "hangup")
    return [
        inbound("FreePBX: blind transfer by keys", 101, BY_OTHER, twice, during=press("##102"), **BERT, **other),
        inbound("FreePBX: attended transfer by keys", 102, BY_CALLER, twice, during=staying(consulted), talk=5.0, **ANNA,
                **other),
        inbound("FreePBX: transfer to a ring group", 101, BY_CALLER, twice, during=sent_on("600"), talk_with=0.5, **ANNA,
                **other),
        inbound("FreePBX: transfer to a queue", 101, BY_CALLER, twice, during=sent_on("306"), talk_with=0.5, **ANNA, **other),
        inbound("FreePBX: transfer to voicemail", 101, BY_CALLER, WHOLE, during=transfer_to("400"), talk_with=2.5, **ANNA,
                **other),
        inbound("FreePBX: transfer to the outside", 101, BY_OTHER, twice, during=transfer_to("8492214711999"),
                user="anna", done=True, cause=CLEAR, outside="492214711999", **other),
        inbound("FreePBX: picked up by a colleague", 114, BY_CALLER, WHOLE, while_calling=picked_up("114"), talk=1.0, **BERT,
                **other),
        inbound("FreePBX: picked up by a colleague, out of a queue", 309, BY_CALLER, WHOLE, while_calling=picked_up("134"),
                caller_does=once_reported, held=(0.0, 4.0), **BERT, **other),
        # The call to 102 is another one, between two extensions, until it is connected.
        inbound("FreePBX: attended transfer by the telephone's key", 124, BY_OTHER, WHOLE,
                while_calling=picked_up_and_connected("124"), extension="106", done=True, cause=CLEAR, **other),
        inbound("FreePBX: parked and fetched", 101, BY_CALLER, WHOLE, during=parked, talk_with=2.5, **ANNA, **other),
    ]


def clicks():
    """Calls that a program places for an agent: over her extension, as somebody would dial it, or over her telephone."""
    return [
        clicked(f"FreePBX: click to call, {name}{notified}", "49447000", channel, prefix=prefix, arrives_as="4930555710")
        for name, channel in (("an extension", "Local/4101@from-internal"), ("a telephone", "PJSIP/101"))
        for notified, prefix in (("", "8"), (", notified when the pattern matched", "5"))
    ] + [
        # FreePBX calls the customer back, and then rings a group.
        clicked("FreePBX: a callback", "49447000", None, prefix="8", then=("destination", "600"), arrives_as="4930555710"),
    ]
