"""Calls without us, one after the other beside the others: how long the machine keeps anybody waiting.

They go the same way, from the same telephone to the same phones, through a dialplan that does not
know of Zammad, and that runs a program that does nothing where ours would run. What they wait for is
the machine's part, and no call of ours is blamed for it.
"""

import itertools
import threading
import time

from sip import CARRIER, Call

TALK = 0.2
# A call of ours waits for two things besides: the program, and Zammad.
WHO_WAIT = 3

_serials = itertools.count(1)


class Beside(threading.Thread):
    """Use it in a `with`, and ask it meanwhile."""

    def __init__(self, bench):
        super().__init__(daemon=True)
        self._bench = bench
        self._ended = []  # when each was over, and both of its times
        self._current = None
        self._over = threading.Event()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self.join()

    def run(self):
        while not self._over.is_set():
            serial = next(_serials)
            caller = f"4942{serial:07}"
            call = Call(("127.0.0.1", self._bench.ports.pbx), f"493029101{serial:05}", caller, source=CARRIER, talk=TALK)
            self._current = caller, call
            call.start()
            call.join()
            self._ended.append((call.ended, *self._times(caller, call)))

    def times(self, since):
        """Seconds that calls which took place since then were held before the phone rang, at most; and
        from its pick-up until the caller heard anything.
        """
        times = [times for ended, *times in list(self._ended) if ended >= since]
        times.append(self._times(*self._current))
        return [WHO_WAIT * max(kind) for kind in zip(*times)]

    def _times(self, caller, call):
        """Those of one call, which may be waiting still."""
        now = call.ended or time.time()
        began = call.began or now
        rings = self._bench.world.find(since=began, State="rings", Caller=caller)
        answers = self._bench.world.find(since=began, State="answers", Caller=caller)
        held = (rings["At"] if rings else now) - began
        return held, (call.first_audio or now) - answers["At"] if answers else 0.0
