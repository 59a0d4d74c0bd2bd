package matrix

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"unicode"

	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/retry/retryhttp"
)

// reasonOf is why a call ended without success.
func reasonOf(err error) string {
	var e *retry.Error
	if errors.As(err, &e) {
		return e.Reason.String()
	}
	return "error" // retryhttp's Transport returns no other
}

// describe says in a few words what an error is to its caller.
func describe(err error) string {
	var status *retryhttp.StatusError
	var ambiguous *retryhttp.AmbiguousError
	var body *retryhttp.TruncatedError
	var late *retry.TimeoutError
	switch {
	case errors.As(err, &ambiguous):
		return "ambiguous 412"
	case errors.As(err, &late), errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.As(err, &body):
		if errors.Is(body.Err, syscall.ECONNRESET) {
			return "broken body, reset"
		}
		return "broken body"
	case errors.As(err, &status):
		return strings.TrimSpace(fmt.Sprintf("%d %s", status.Status, status.Code))
	}
	return ending(err)
}

// ending is how a connection ended.
func ending(err error) string {
	switch {
	case errors.Is(err, syscall.ECONNRESET):
		return "connection reset"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "unexpected EOF"
	case errors.Is(err, io.EOF):
		return "connection closed"
	}
	return short(innermost(err).Error(), 32)
}

// innermost is what an error comes from.
func innermost(err error) error {
	var e *retry.Error
	if errors.As(err, &e) && e.Err != nil {
		err = e.Err
	}
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// short keeps a text from outside to one line of at most so many characters, with
// nothing in it that disturbs a terminal.
func short(s string, longest int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	runes := []rune(strings.TrimSpace(reports.OneLine(s)))
	if len(runes) > longest {
		return string(runes[:longest-1]) + "…"
	}
	return string(runes)
}
