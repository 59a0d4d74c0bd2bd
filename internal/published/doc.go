// Package published holds squall against results that others published. Every
// result is a [Study]: a program on package sim that runs our backoffs, budgets
// and breakers, with the numbers of the publication beside what it measures.
//
//	for _, study := range published.Studies() {
//		report := study.Run(published.Full)
//		...
//	}
//
// Where a published strategy is none of ours (a bucket that first tries fill,
// counters that are never reset), the study has it as a named variant, built from
// our pieces.
//
// A run is a function of its number: all its chance is keyed by it. Runs are played
// on all processors and summed in their order, so the numbers are the same in
// every process.
//
// Each [Check] says by which test it was made. Where both sides are noisy, the
// difference may be as large as chance makes it in one of a thousand cases (3.29
// standard errors of the difference, or what Student's distribution makes of it for
// few runs) and half a unit of the last digit that was published. A study on fewer
// runs has a wider tolerance by the same formula.
//
// The program validate, in the directory below, runs all studies in full and
// writes docs/validation.md with its figures.
package published
