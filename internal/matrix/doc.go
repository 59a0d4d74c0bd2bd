// Package matrix finds out what clients make of faults: every fault × operation,
// once each, as a table of attempts, classification, delays and what the caller
// got.
//
// A client is either a policy of package retry, behind the real
// [retryhttp.Transport], the real classifier and the real bytes of every answer,
// in process and in virtual time ([Play]); or any program, in real time, against
// internal/live on a socket ([Exec]). Both give a [Matrix]: plain data that can be
// written, shown ([Matrix.Text]), kept as JSON, and compared with one that was kept
// ([Compare]), so that a classification does not change unnoticed.
//
// Each cell has a backend of its own and one fault, which meets every request of
// the cell's operation and no other. What the backend's store says afterwards is
// compared with what the caller was told: that is how false successes and false
// failures are seen.
package matrix
