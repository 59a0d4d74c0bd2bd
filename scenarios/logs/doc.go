// Package logs turns access logs into recorded arrivals that a scenario can
// replay: who asked for what, when, and how large it was.
//
// It has two halves, to be used one after the other:
//
//   - [Scanner] reads a log line by line and says what became of every line;
//   - [Collector] puts the entries of one or many logs in order and hands back
//     a [Replay]: rows of offset, client number, operation, key and size.
//
// [Import] does both for a single reader.
//
// # What is read
//
// Apache's and nginx's common and combined formats (and Apache's
// vhost_combined), and Amazon S3's server access log format; plain or gzip,
// told apart by their first bytes. The format is detected from the first lines
// unless [Options.Format] names it. Only the fields up to the response size
// are read, so that formats with further fields, such as S3's, which AWS goes
// on extending, or nginx's with a request time at the end, are read as well.
//
// Of an HTTP log, the operation is the method and the key is the path as the
// client sent it, percent-encoding kept and query dropped. Of an S3 log, the
// operation is the API's name (REST.GET.OBJECT becomes GetObject) and the key
// is decoded.
//
// # What is not lost
//
// Every line is either taken or counted under a [Reason]; [Report] has the
// totals. A line that is broken is passed over and the first few are told with
// line and column; when more than [Options.MaxBad] of the lines are broken,
// the log is refused with a [*BadShareError], as it is then more likely to be
// in some other format.
//
// # What to keep in mind
//
// A log records requests as the server saw them. If the clients retried, their
// retries are in the log as requests of their own, and a replay takes them for
// calls. A log of a good day is therefore the best input. [Summary.Statuses]
// shows whether the log has failures.
//
// Client addresses are replaced by numbers in order of appearance and are not
// kept, and neither are queries (unless asked for), referrers, user agents
// and requester names. Paths and keys are kept as they are.
package logs
