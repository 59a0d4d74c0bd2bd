package main

import (
	"fmt"
	"strings"
)

// page is the document. Its sentences are about the numbers of five seeds; who
// changes what is played reads them again.
func (s *study) page() string {
	percent, times := format(success, 1, "%"), format(amplification, 2, "")
	latency := format(func(o outcome) float64 { return o.p99 }, 1, " s")
	var b strings.Builder
	fmt.Fprintf(&b, intro, s.seeds)
	fmt.Fprintf(&b, outages, s.lengths.table("success", percent), s.lengths.table("p99 of calls", latency), s.lengths.table("attempts for each call", times))
	fmt.Fprintf(&b, partials, s.partial["2"].table("success, 2 clients", percent), s.partial["20"].table("success, 20 clients", percent),
		s.partial["200"].table("success, 200 clients", percent), s.partial["200"].table("attempts for each call, 200 clients", times))
	fmt.Fprintf(&b, hangs, s.silence.table("success in silence", percent), s.silence.table("p99 in silence", latency),
		s.hanging["2"].table("success, 2 clients, some hang", percent), s.hanging["200"].table("success, 200 clients, some hang", percent), s.hanging["200"].table("p99, 200 clients, some hang", latency))
	fmt.Fprintf(&b, throttling, s.burst.table("success", percent), s.burst.table("attempts for each call", times))
	fmt.Fprintf(&b, overload, s.loads["2"].table("2 clients", s.recovery), s.loads["20"].table("20 clients", s.recovery), s.loads["200"].table("200 clients", s.recovery))
	b.WriteString(limits)
	return b.String()
}

const intro = `# AWS Retry Behavior 2.1: when is a fleet better off, when worse?

<!-- Written by go run ./internal/studies/awsretry; change it there. -->

The AWS SDKs change their retries: aws-sdk-go-v2 from v1.48.0 on, botocore with ` + "`AWS_NEW_RETRIES_2026=true`" + `. Two numbers matter
most. The delay before the first retry of a transient error goes from up to 1 s or 2 s down to up to 50 ms, and a retry costs 14
of a client's 500 tokens instead of 5. This page is what became of calls and backends under both, in simulation, with the
policies that [package retry](../migrating.md) has of them.

| | attempts | delays after a transient error | a retry costs | its success gives back |
|---|---:|---|---:|---|
| 2.1 | 3 | U(0, 50 ms), U(0, 100 ms); throttled U(0, 1 s), U(0, 2 s) | 14, throttled 5 | the cost; +1 for a clean first attempt |
| Go before | 3 | U(0, 2 s), U(0, 4 s) | 5, timed out 10 | the cost and 1 |
| boto standard before | 3 | U(0, 1 s), U(0, 2 s) | 5, timed out 10 | the cost; +1 for a clean first attempt |
| boto default (legacy) | 5 | U(0, 1 s), U(0, 2 s), U(0, 4 s), U(0, 8 s) | no quota | |

In short:

- **Worse in short outages.** Calls used to sit out a second of outage, and now fail: of the calls that begin in a full outage of
  one second 15 %% succeed with 2.1, 98 %% with the Go SDK before, 92 %% with boto's standard mode before.
- **Worse in lasting partial failures, where few clients make many calls.** The quota is spent above 21.5 %% of failures, where it
  was above 32.1 %%. At 30 %%, two busy clients lose 18 %% of their calls with 2.1, and lost 2.6 %%.
- **Better where requests hang**, if it is for less than 2 s, or no more than a fifth do: no more calls are lost than before, and the
  slowest are over sooner, after 1.1 s of a silent second where they took 2 to 3 s.
- **Better in long outages.** Callers know after a third of a second, not after 3 to 6 seconds, and each client sends 35
  retries into the outage, not 100.
- **Better after overload, where many clients share a backend.** It is well again in 72 %% of the time. But it is down ten times as
  long as without retries even so, since each client has a quota of its own: how many clients there are matters far more than
  which version they run.
- **The same when throttled**: delays from 1 s and a cost of 5 stay as they were.

boto's default is in the tables because it is what boto3 does unless it is told otherwise: it has no quota, and does not come back
from overload at all.

Numbers are means of %d seeds. 95 %% of S3's answers come within 80 ms; 100 clients make 200 calls a second together, unless it says
otherwise.

`

const outages = `## Full outages

S3 answers every request with InternalError for a while (` + "`aws-retry-outage`" + `). Columns are the length of the outage; the calls are
those that begin in it.

![Share of calls that succeed, by the length of the outage.](images/aws-retry-outage.svg)

%s
A call of 2.1 is over 200 to 300 ms after it began; an outage that lasts longer fails it. The settings before reach across 1 to
4 s. A fleet that moves to 2.1 will see failures at each failover, deployment or blip of a few seconds that nobody has seen
before. Who needs those calls raises the attempts (the delays before a fifth attempt of 2.1 come to 0.75 s at most, before an
eighth to 6.4 s) or retries above the SDK.

%s
In exchange, callers do not hang: the slowest calls take 0.3 s where they took 3 to 6 s, and a server holds as many fewer
of its threads or connections in calls to S3.

![Attempts for each call, by the length of the outage.](images/aws-retry-load.svg)

%s
The load on the backend differs in outages of 10 s and more. With 2 calls a second, a client of 2.1 has spent its quota after 9 s
(35 retries), one of before after 25 s (100 retries), and neither retries from there on.

`

const partials = `## Partial failures

Attempts fail by chance for two minutes, with InternalError. Columns are the share that fails; the same 200 calls a second come from
2, 20 or 200 clients. A steady failure rate of p spends the quota where 1 − p < c·p² + c·p³, which is above p = 0.2149 for a cost of
c = 14 and above 0.3207 for c = 5 ([R6](../validation.md)).

![Share of calls that succeed in two minutes of partial failure, with two clients.](images/aws-retry-partial.svg)

%s
%s
%s
With 200 clients, each makes 120 calls in the two minutes and few spend their quota: there is hardly a difference below 40 %%. With
two busy clients the quotas are soon gone, and success goes down to what the rare tokens pay for. At 30 %% of failures 2.1 loses
seven times as many calls as before.

That is what a quota is for, of course: the retries that are not made are load that the backend does not get.

%s
`

const hangs = `## Requests that hang

S3 says nothing at all, and attempts give up after 1 s, with every policy. Columns are the length of a full outage of that kind.

![Share of calls that succeed, by the length of a silent outage.](images/aws-retry-silence.svg)

%s
%s
What fails calls of 2.1 in short outages is that the answers come at once. Where each attempt waits a second in vain, three of them
reach across 2 s with any version, and a second or two of delays between them only make the slowest calls slower: 1.1 s where they took
2 to 3 s. From 2 s on the delays count again.

The same where some requests hang for two minutes, as behind a balancer that has not noticed a dead node. Columns are their share.

%s
%s
%s
A time-out cost 10 tokens before and costs 14 now, so that the quotas of busy clients last until 21.5 %% and not 24.6 %%: less of a
difference than with errors. Where many clients share the load there is hardly any up to 40 %%, and the slowest calls take half to two
thirds of the time.

`

const throttling = `## Throttling

S3 answers SlowDown for 30 s, to a share of the requests. The delays of 2.1 begin at 1 s then, and a retry costs 5, as before.

%s
%s
2.1 and boto's standard mode before are the same to the last call. The Go SDK before waits up to twice as long, so that a few more
calls reach the end of the burst.

`

const overload = `## Overload

A backend with 4 workers can serve 80 calls a second. 160 a second come for 10 s, and fill its queue. Clients give an attempt up
after 1 s, and the backend works on it all the same (` + "`aws-retry-overload`" + `). Columns are the calls a second before and after the
surge; cells are how long it takes after the surge until calls succeed as before, or how many of the seeds were well again
within half an hour.

![Minutes until the backend is well again, by the load.](images/aws-retry-recovery.svg)

%s
%s
%s
The backlog stays because retries keep it there, and it goes when the quotas are spent. With two clients that is at once; with 200
the fleet holds 100,000 tokens, which are 7,000 retries of 2.1 and 10,000 of before (a retry after a time-out cost 10). So the new
cost shortens the outage by 28 %%, and the number of clients lengthens it tenfold. No version helps here that counts tokens for
each client: what would is a breaker, a deadline that the backend heeds, a queue with a bound, or fewer attempts.

Without a quota (boto's default) the backend does not come back, at any load from 30 %% of its capacity on.

`

const limits = `## What was run, and what this does not say

` + "`go run ./internal/studies/awsretry`" + ` made all runs and wrote this page. They are variations of two built-in scenarios, in the mode
` + "`model`" + ` (of lengths, failure rates, loads and clients), and each can be looked at by itself:

` + "```sh" + `
simulate run aws-retry-outage
simulate run aws-retry-overload --mode model --policy 2.1,none
simulate show aws-retry-overload
` + "```" + `

- The policies are squall's presets of the SDKs; tests hold them against the SDKs' code (compat/awslegacy and others). Settings for
  DynamoDB are not in them. The SDKs have no time-out of attempts by default: the 1 s of the overload, and where requests hang, is
  ours, for all policies.
- A client here is whatever has a quota of its own: a process, or each SDK client object in it. A fleet of 200 pods with one S3
  client each is 200 clients.
- All clients meet the same fault at the same time. A fault of one node behind a balancer is gone on the next attempt, whatever the
  delay: there 2.1 is faster and loses nothing.
`
