"""Calls that no telephone places: a program has Asterisk call an agent, and once she has picked up, the number.

Or the number first, and once somebody has picked up there, those who are to talk to him.
"""

import threading
import time

from cases import CLEAR, WHOLE, outbound, row_of, wait_for_answers

WHOLE_CALL = "the other side hung up"


class Clicked(threading.Thread):
    """One call. What happened is told as sip.Call tells it, but what only a telephone hears."""

    answered = first_audio = None

    def __init__(self, bench, case, channel, then):
        super().__init__(daemon=True)
        dialled = case.prefix + case.to
        self._bench, self._case = bench, case
        self._channel = channel or f"Local/{dialled}@from-internal"
        self._context, self._extension = then or ("from-internal", dialled)
        self.began = self.ended = None
        self.outcome = "nobody answered"

    def run(self):
        bench, case = self._bench, self._case
        self.began = time.time()
        bench.pbx.action(
            "Originate", Channel=self._channel, CallerID="Click <101>", Context=self._context,
            Exten=self._extension, Priority=1, Async="true")
        if leg := bench.world.wait_for(30, since=self.began, State="answers", Number=case.to):
            wait_for_answers(bench, case, 1)
            time.sleep(1.5)  # until a hangup would have been reported
            row = row_of(bench, case)
            self.outcome = "over before anybody hung up" if row and row["state"] == "hangup" else WHOLE_CALL
            bench.world.action("Hangup", Channel=leg["Channel"])
        self.ended = time.time()


def clicked(name, number, channel, then=None, **more):
    """The call of 101 to that number. She is rung first, or without a channel of hers the number is, and then the others."""
    return outbound(name, number, WHOLE_CALL, WHOLE, cause=CLEAR, held=(0.0, 4.0),
                    placed_by=lambda bench, case: Clicked(bench, case, channel, then), **more)


def cases():
    """Through examples/asterisk."""
    return [
        clicked("click to call, an extension", "49221470", "Local/101@from-internal"),
        clicked("click to call, a telephone", "49221470", "PJSIP/101"),
    ]
