/*
Simulate shows what retry, backoff and breaker settings do on a bad day of an S3
or HTTP service.

	simulate run SCENARIO...     run, print the table, write summary and figures
	simulate serve SCENARIO      its backend, with its faults, on a socket
	simulate exec SCENARIO -- …  run a program against that
	simulate matrix              what a client makes of every fault, on every operation
	simulate map SCENARIO        where it recovers and where not, over two settings
	simulate list                the built-in scenarios
	simulate show NAME           one of them, as a file
	simulate check FILE...       find the mistakes in scenario files
	simulate import LOG          make a scenario that replays an access log
	simulate version             the version of this program
	simulate completion SHELL    complete commands, scenarios and policies

Each command's --help has its flags, and examples that a test runs.

# A run

A run replays one scenario under each of its policies. All of them meet the same
calls, latencies and faults: chance is drawn by what it is for (this client's
seventh call, second attempt), not in the order in which it is needed. What
differs between two policies of a table is therefore their doing and not luck.
Another --seed is another day; a claim should hold on more than one.

Time is virtual. A call's duration counts from the moment at which it was meant
to start, so that a client that could not keep up does not hide its delay.

A call belongs to the phase in which it started, with all its attempts and their
consequences, even where they reach into the next phase. A phase after a fault
may therefore be worse than the fault's own: look at recovery, too.

# Output

Results go to standard output: the table, then where the files are. Standard error
has a progress bar if it is a terminal, and why a run failed. With --quiet only
the latter is left.

The directory of a run has summary.json, which package reports reads back, and
latency.svg, attempts.svg, load.svg and breaker.svg. Files are written whole or not
at all. The same scenario, seed and version give the same bytes.

Colours are for terminals; NO_COLOR turns them off.

# Exit codes

	0    fine
	99   a threshold was missed, or a fault never fired: the scenario proved nothing;
	     a cell of the matrix is not as it was kept
	2    bad flags, or a bad scenario
	130  interrupted; what was seen by then is written, and marked as interrupted
	1    anything else

exec gives the code of the program where that failed. The first interrupt (Ctrl-C,
SIGTERM) stops a run cleanly, the second kills; serve ends with 0, as it is made to
be stopped, and exec hands all of them to its program.
*/
package main
