"""The model of fleet.yaml in plain Python, with all that squall keeps of a run (record.py).

    python3 fleet_heapq_recorded.py SECONDS [SEED]

prints one line of JSON.
"""
import sys
from heapq import heappop, heappush
from math import log

from record import Record, stream

SEND, ANSWER = 0, 1


class Call:
    __slots__ = ("client", "number", "attempt", "start", "sent", "ok")

    def __init__(self, client, number, start):
        self.client, self.number, self.start = client, number, start
        self.attempt, self.sent, self.ok = 0, 0.0, False


def main():
    until = float(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    fault, latency, jitter = stream(seed, "fault"), stream(seed, "latency"), stream(seed, "jitter")
    record, pending, order = Record(), [], 0
    for client in range(1000):
        heappush(pending, (0.0, order, SEND, Call(client, 0, 0.0)))
        order += 1
    while pending[0][0] < until:
        now, _, what, call = heappop(pending)
        order += 1
        if what == SEND:
            call.attempt += 1
            call.sent = now
            key = call.client, call.number, call.attempt
            call.ok = fault(*key) >= 0.5
            heappush(pending, (now - 0.05 * log(1.0 - latency(*key)), order, ANSWER, call))
            continue
        record.attempted(call.sent, now, call.ok)
        if not call.ok and call.attempt < 3:
            delay = jitter(call.client, call.number, call.attempt) * min(10.0, 0.1 * 2 ** (call.attempt - 1))
            record.delay.add(delay)
            heappush(pending, (now + delay, order, SEND, call))
            continue
        record.ended(call.start, now, call.attempt, call.ok)
        heappush(pending, (now, order, SEND, Call(call.client, call.number + 1, now)))
    print(record.report())


main()
