package retry

// Class is what a classifier makes of an error.
type Class uint8

const (
	// Unknown is an error that the classifier has no opinion on. A call ends
	// with it ([NotRetryable]): an error that nobody recognises is as likely a
	// bug of the caller's as a fault of the backend's.
	Unknown Class = iota
	// Fatal is an error that another attempt would only repeat.
	Fatal
	// Transient is a fault that the next attempt may not meet.
	Transient
	// Throttle is a backend that asks for less: retried, from
	// Backoff.ThrottleBase where that is set, and at Quota.ThrottleCost.
	Throttle
	// Timeout is an attempt that took too long: retried.
	Timeout

	classes // how many there are
)

var classNames = [classes]string{"unknown", "fatal", "transient", "throttle", "timeout"}

// String returns the class's text, such as "transient".
func (c Class) String() string { return nameOf(classNames[:], int(c), "class") }

// Retryable reports whether an error of the class is worth another attempt.
func (c Class) Retryable() bool { return c >= Transient }

// Classifier tells the class of an error that ended an attempt; the error is
// not nil. It must be safe for concurrent use, and should look at types,
// methods and values, never at the error's text.
type Classifier func(error) Class

// Classifiers returns the names that [Policy].Classifier can have.
func Classifiers() []string { return append([]string(nil), tableNames[:]...) }

// Classify returns the class of err by the named table of [Classifiers],
// and an [*UnknownNameError] if there is no such table. A nil error is Unknown.
func Classify(name string, err error) (Class, error) {
	t, bad := tableNamed(name)
	if bad != nil || err == nil {
		return Unknown, bad
	}
	var f facts
	f.gather(err)
	return t.class(&f), nil
}
