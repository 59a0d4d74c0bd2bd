package retry

import (
	"fmt"
	"strconv"
	"strings"
)

// UnknownNameError reports a text that is not one of a closed set of names.
type UnknownNameError struct {
	Set   string   // what was named: "jitter", "hint", "classifier"
	Name  string   // the text
	Known []string // the names that there are
}

// Error says what was wrong and what would be right.
func (e *UnknownNameError) Error() string {
	return fmt.Sprintf("retry: unknown %s %q, want one of: %s", e.Set, e.Name, strings.Join(e.Known, ", "))
}

func nameOf(names []string, i int, set string) string {
	if i < len(names) {
		return names[i]
	}
	return set + "(" + strconv.Itoa(i) + ")"
}

func marshalName(names []string, i int, set string) ([]byte, error) {
	if i < len(names) {
		return []byte(names[i]), nil
	}
	return nil, &UnknownNameError{Set: set, Name: strconv.Itoa(i), Known: names}
}

func parseName(names []string, text, set string) (int, error) {
	for i, name := range names {
		if name == text {
			return i, nil
		}
	}
	return 0, &UnknownNameError{Set: set, Name: text, Known: append([]string(nil), names...)}
}
