package live

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/scenarios"
)

// faultForm is what the body of POST /faults looks like.
const faultForm = `the body must be {"rule": "PutObject raw/** p=0.9 SlowDown"}, with "for": "30s" to take itself back, and "phase": "NAME" for one phase`

// errOrder is a mistake in an order to the admin API.
type errOrder struct{ message string }

func (e *errOrder) Error() string { return e.message }

// tellFaults lists the faults, those of the plan and those that were added.
func (s *Server) tellFaults(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, map[string][]Rule{"faults": s.State().Rules})
}

// orderFault adds a fault. The answer is what GET /faults tells of it.
func (s *Server) orderFault(w http.ResponseWriter, r *http.Request) {
	var order struct {
		Rule  json.RawMessage `json:"rule"`
		For   string          `json:"for"`
		Phase string          `json:"phase"`
	}
	if err := decode(w, r, &order, faultForm); err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	rule, err := parseRule(order.Rule)
	if err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	stay := time.Duration(0)
	if order.For != "" {
		if stay, err = time.ParseDuration(order.For); err != nil || stay <= 0 {
			refuse(w, http.StatusBadRequest, &errOrder{fmt.Sprintf("%q is no duration; write a positive one with its unit, such as 30s", order.For)})
			return
		}
	}
	id, err := s.AddFault(rule, order.Phase, stay)
	switch {
	case errors.Is(err, faults.ErrFull):
		refuse(w, http.StatusConflict, &errOrder{fmt.Sprintf("there are %d faults that were added; DELETE /faults/ID takes one back", faults.MaxAdded)})
	case err != nil:
		refuse(w, http.StatusBadRequest, err)
	default:
		w.Header().Set("Location", "/faults/"+strconv.Itoa(id))
		rules := s.State().Rules
		i := slices.IndexFunc(rules, func(r Rule) bool { return r.ID == id })
		if i < 0 { // a reset came between
			refuse(w, http.StatusConflict, &errOrder{"the server was reset meanwhile, and the fault is gone"})
			return
		}
		reply(w, http.StatusCreated, rules[i])
	}
}

// parseRule reads a rule as text, or as an object as a scenario has it.
func parseRule(raw json.RawMessage) (faults.Rule, error) {
	var text string
	switch trimmed := bytes.TrimSpace(raw); {
	case len(trimmed) == 0 || string(trimmed) == "null":
		return faults.Rule{}, &errOrder{"no rule; " + faultForm}
	case trimmed[0] == '{':
		return scenarios.ParseFault("rule", trimmed)
	case json.Unmarshal(trimmed, &text) != nil:
		return faults.Rule{}, &errOrder{"the rule is neither text nor an object; " + faultForm}
	}
	return faults.ParseRule(text)
}

// orderNoFault takes a fault back. The answer is what it did.
func (s *Server) orderNoFault(w http.ResponseWriter, r *http.Request) {
	text := r.PathValue("id")
	if id, err := strconv.Atoi(text); err == nil {
		if rule, ok := s.RemoveFault(id); ok {
			reply(w, http.StatusOK, rule)
			return
		}
	}
	hint := "none was added"
	var known []string
	for _, rule := range s.State().Rules {
		if rule.ID != 0 && !rule.Removed {
			known = append(known, strconv.Itoa(rule.ID))
		}
	}
	if len(known) > 0 {
		hint = "there is " + strings.Join(known, ", ")
	}
	refuse(w, http.StatusNotFound, &errOrder{fmt.Sprintf("there is no added fault %q; %s", text, hint)})
}

// tellCalls lists the last calls: n of them, of one op, target or id if that is asked
// for.
func (s *Server) tellCalls(w http.ResponseWriter, r *http.Request) {
	n, query := 100, r.URL.Query()
	for key, values := range query {
		if !slices.Contains([]string{"n", "op", "target", "id"}, key) || len(values) != 1 {
			refuse(w, http.StatusBadRequest, &errOrder{"the query has n=100, op=PutObject, target=/bucket/key and id=ID, each once at most"})
			return
		}
	}
	if text := query.Get("n"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil || n < 1 || n > maxHistory {
			refuse(w, http.StatusBadRequest, &errOrder{fmt.Sprintf("%q is no number of calls; write n=1 to n=%d", text, maxHistory)})
			return
		}
	}
	fits := func(want, got string) bool { return want == "" || want == got }
	calls := s.Calls(n, func(c *Call) bool {
		return fits(query.Get("op"), c.Op) && fits(query.Get("target"), c.Target) && fits(query.Get("id"), c.ID)
	})
	reply(w, http.StatusOK, map[string][]Call{"calls": calls})
}

// decode reads an order, strictly. form says what would be right.
func decode(w http.ResponseWriter, r *http.Request, into any, form string) error {
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxOrder))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return &errOrder{form + ": " + mistake(err)}
	}
	if dec.More() {
		return &errOrder{form + ": something comes after it"}
	}
	return nil
}

// mistake tells what is wrong with a body, without the Go types that it is read into.
func mistake(err error) string {
	var other *json.UnmarshalTypeError
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &other) && other.Field == "":
		return "it is no object"
	case errors.As(err, &other):
		return fmt.Sprintf("%q does not take a %s", other.Field, other.Value)
	case errors.As(err, &large):
		return fmt.Sprintf("it is longer than %d bytes", large.Limit)
	case errors.Is(err, io.EOF):
		return "it is empty"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "it breaks off"
	}
	return strings.TrimPrefix(err.Error(), "json: ")
}
