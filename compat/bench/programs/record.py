"""What squall keeps of a run, for programs in Python that are to do as much: draws that
are keyed, so that they are the same whatever else is drawn; histograms with three digits;
and what happened in each stretch of time.
"""
import json

MASK = (1 << 64) - 1


def stream(seed, name):
    """Returns the draws in [0, 1) of a named stream, by client, call and attempt."""
    key = seed
    for byte in name.encode():
        key = (key ^ byte) * 0x9E3779B97F4A7C15 & MASK
        key ^= key >> 32

    def draw(client, call, attempt):
        x = (key + client * 0x9E3779B97F4A7C15 + call * 0xBF58476D1CE4E5B9 + attempt * 0x94D049BB133111EB) & MASK
        x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & MASK
        x = (x ^ x >> 27) * 0x94D049BB133111EB & MASK
        return (x ^ x >> 31) / 18446744073709551616.0

    return draw


class Durations:
    """A histogram of microseconds with 1024 steps in each power of two, and exact extremes."""

    def __init__(self):
        self.counts = {}
        self.count = 0
        self.total = 0.0
        self.least = float("inf")
        self.most = 0.0

    def add(self, seconds):
        us = int(seconds * 1e6)
        shift = us.bit_length() - 11
        step = us if shift <= 0 else us >> shift << shift
        self.counts[step] = self.counts.get(step, 0) + 1
        self.count += 1
        self.total += seconds
        if seconds < self.least:
            self.least = seconds
        if seconds > self.most:
            self.most = seconds

    def quantiles(self, *shares):
        out, seen, at = [], 0, iter(sorted(self.counts.items()))
        step = 0
        for share in shares:
            while seen < share * self.count:
                step, n = next(at)
                seen += n
            out.append(step / 1e6)
        return out


class Record:
    """What the calls and attempts of a run did, as a whole and by seconds."""

    def __init__(self):
        self.calls = self.succeeded = self.attempts = 0
        self.by_attempts = {}
        self.outcomes = {}
        self.call, self.attempt, self.delay = Durations(), Durations(), Durations()
        self.started = {}  # second: calls, succeeded, attempts, durations
        self.sent = {}  # second and outcome: attempts

    def attempted(self, sent, now, ok):
        self.attempts += 1
        self.outcomes[ok] = self.outcomes.get(ok, 0) + 1
        self.attempt.add(now - sent)
        key = (int(sent), ok)
        self.sent[key] = self.sent.get(key, 0) + 1

    def ended(self, start, now, attempts, ok):
        self.calls += 1
        self.succeeded += ok
        self.by_attempts[attempts] = self.by_attempts.get(attempts, 0) + 1
        self.call.add(now - start)
        second = self.started.get(int(start))
        if second is None:
            second = self.started[int(start)] = [0, 0, 0, Durations()]
        second[0] += 1
        second[1] += ok
        second[2] += attempts
        second[3].add(now - start)

    def report(self):
        seconds = [[at, *row[:3], *row[3].quantiles(0.5, 0.99)] for at, row in sorted(self.started.items())]
        return json.dumps({
            "calls": self.calls, "succeeded": self.succeeded, "attempts": self.attempts,
            "call": self.call.quantiles(0.5, 0.9, 0.99), "attempt": self.attempt.quantiles(0.5, 0.9, 0.99),
            "delay": self.delay.quantiles(0.5, 0.9, 0.99), "seconds": len(seconds),
        })
