package retry

// idempotencer is the optional method of errors for operations that may have
// taken effect and must not happen twice. It is not a class: the error may be
// worth another attempt, only this operation is not to be the one that makes
// it.
type idempotencer interface{ Idempotent() bool }

// onceOnly reports whether err, or one that it wraps, says that its operation
// must not happen twice. As with the other methods, the outermost has the word.
func onceOnly(err error) bool {
	known, idempotent := idempotency(err)
	return known && !idempotent
}

func idempotency(err error) (known, idempotent bool) {
	for err != nil {
		if e, ok := err.(idempotencer); ok {
			return true, e.Idempotent()
		}
		switch e := err.(type) {
		case interface{ Unwrap() error }:
			err = e.Unwrap()
		case interface{ Unwrap() []error }:
			for _, inner := range e.Unwrap() {
				if known, idempotent = idempotency(inner); known {
					return known, idempotent
				}
			}
			return false, false
		default:
			return false, false
		}
	}
	return false, false
}
