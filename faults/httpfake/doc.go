// Package httpfake is a plain web service to put faults in front of: every path
// is a resource of a size that the options say, whose content is a pure
// function of path and size.
//
//	backend := httpfake.New(httpfake.WithSize(func(path string) int64 { return 4 << 10 }))
//	h := faults.NewHandler(injector, backend, faults.PlainHTTP())
package httpfake
