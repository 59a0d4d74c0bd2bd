// Package regions finds where a scenario recovers from its trouble and where it
// does not, over two of its settings.
//
// Each point is played with the scenario's trigger (the faults, surges and whatever
// else its phases hold) and without. It is stable if it is well in the end both
// times, collapsed if it is not even without a trigger, and bistable if a trigger
// pushes it into a state that it does not leave by itself: it is metastable there
// (Bronson et al., "Metastable Failures in Distributed Systems", HotOS 2021).
//
// Along x, pairs of neighbours with different verdicts are halved until the edge is
// known within a share of the range. Runs are played on all processors, and are
// functions of their settings and seed; so is the map.
package regions
