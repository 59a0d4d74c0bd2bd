// Package httpfake is a plain web service to put faults in front of: every path
// is a resource of a size that the options say, whose content is a pure
// function of path and size.
//
//	backend := httpfake.New(httpfake.WithSize(func(path string) int64 { return 4 << 10 }))
//	h := faults.NewHandler(injector, backend, faults.PlainHTTP())
//
// Routes ([WithRoutes]) answer otherwise: with a status, headers and a body of
// their own, or with what came. A write with an idempotency key is carried out
// once, and [Server.Executions] tells how many were, with a key and without.
package httpfake
