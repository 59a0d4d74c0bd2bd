// Package figures draws the record of a run: four pictures that show over time
// what the summary tells in numbers.
//
//   - latency: how long calls took, p50, p99 and max, on a logarithmic axis;
//   - attempts: how many attempts each call cost, mean and max;
//   - load: what the clients asked for against what reached the backend, by
//     outcome: the picture of a retry storm;
//   - breaker: the share of circuit breakers that were open or half-open.
//
// Each picture has a row for each policy, one above the other, on the same axes:
// what differs between rows is the policy. The phases of the scenario are shaded
// in all of them, and those with faults are tinted and carry the fault's text.
//
// When the faults of a run take up a small part of its time, as half an hour in
// four days, a second column enlarges the time around them.
//
//	files, err := figures.Write("out", run, figures.Options{})
//
// The pictures are SVG, and on demand PNG. The SVG of a run is the same, byte by
// byte, in every process and on every architecture: all positions are snapped to
// a grid that is far coarser than the differences between floating-point units.
// Colours are those of Okabe and Ito ("Color Universal Design", 2008), which
// people with any kind of colour vision tell apart; lines differ in their
// dashes, too.
//
// [WriteChart] draws a [reports.Chart] in the same look: numbers of many runs
// against a setting.
//
// This package alone imports gonum/plot, so that programs which only read or
// write records do not link it.
package figures
