"""Calls without us beside the others, in lanes of one after the other: how long the machine keeps anybody waiting.

They go the same way, from the same telephone to the same phones, through a dialplan that does not
know of Zammad, and that runs a program that does nothing where ours would run. What they wait for is
the machine's part, and no call of ours is blamed for it.

They are few, and may miss the moment when most others wait. So there are also processes that only sleep,
one after the other without a gap: what they take longer than that is the machine's part as well.
"""

import itertools
import subprocess
import threading
import time

from sip import CARRIER, Call

TALK = 0.2
# A call of ours waits for two things besides: the program, and Zammad.
WHO_WAIT = 3
STEP = 0.05
# So many calls of ours begin before another lane does: one lane may miss the moment when most of them wait.
CALLS_A_LANE = 12

_serials = itertools.count(1)


class Sleeper:
    """Processes that only sleep, one after the other. Use it in a `with`."""

    def __init__(self):
        self._slept = []  # from when to when
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._over = threading.Event()

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _run(self):
        while not self._over.is_set():
            began = time.time()
            subprocess.run(["sleep", str(STEP)], check=True)
            self._slept.append((began, time.time()))

    def late(self, since, until):
        """Seconds that the machine kept them waiting between these two times."""
        slept = [(began, ended) for began, ended in list(self._slept) if ended > since and began < until]
        return sum(max(0.0, ended - began - STEP) for began, ended in slept)

    def patiently(self, test, *arguments):
        """The faults that a test yields. It is tried again, twice at most, if the machine was late for a tenth of its
        time: nobody can see then what a program does in the time that it promises. What is wrong is wrong again.
        """
        for left in (2, 1, 0):
            began = time.time()
            faults = list(test(*arguments))
            ended = time.time()
            if not faults or not left or self.late(began, ended) < (ended - began) / 10:
                return faults
            print(f"  again: {faults[0]}", flush=True)


class Beside:
    """Use it in a `with`, tell it of each call that begins, and ask it meanwhile."""

    def __init__(self, bench):
        self._bench = bench
        self._ended = []  # when each was over, and both of its times
        self._current = {}  # by lane
        self._lanes = []
        self._calls = 0
        self._sleeper = Sleeper()
        self._over = threading.Event()

    def __enter__(self):
        self._sleeper.__enter__()
        return self

    def __exit__(self, *_):
        self._over.set()
        for lane in self._lanes:
            lane.join()
        self._sleeper.__exit__()

    def late(self, since, until):
        """Seconds that a call may be longer for what the machine kept sleepers waiting between these two times."""
        return WHO_WAIT * self._sleeper.late(since, until)

    def another_call(self):
        """One of ours begins. The first, and some of the others, have a lane begin with them."""
        if self._calls % CALLS_A_LANE == 0:
            self._place(len(self._lanes))
            lane = threading.Thread(target=self._run, args=(len(self._lanes),), daemon=True)
            self._lanes.append(lane)
            lane.start()
        self._calls += 1

    def _place(self, lane):
        serial = next(_serials)
        caller = f"4942{serial:07}"
        call = Call(("127.0.0.1", self._bench.ports.pbx), f"493029101{serial:05}", caller, source=CARRIER, talk=TALK)
        self._current[lane] = caller, call

    def _run(self, lane):
        while True:
            caller, call = self._current[lane]
            call.start()
            call.join()
            self._ended.append((call.ended, *self._times(caller, call)))
            if self._over.is_set():
                return
            self._place(lane)

    def times(self, since):
        """Seconds that calls which took place since then were held before the phone rang, at most; and
        from its pick-up until the caller heard anything.
        """
        times = [times for ended, *times in list(self._ended) if ended >= since]
        times += [self._times(*current) for current in list(self._current.values())]
        return [WHO_WAIT * max(kind) for kind in zip(*times)]

    def _times(self, caller, call):
        """Those of one call, which may be waiting still."""
        now = call.ended or time.time()
        began = call.began or now
        rings = self._bench.world.find(since=began, State="rings", Caller=caller)
        answers = self._bench.world.find(since=began, State="answers", Caller=caller)
        held = (rings["At"] if rings else now) - began
        return held, (call.first_audio or now) - answers["At"] if answers else 0.0
