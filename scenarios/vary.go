package scenarios

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
)

// Setting is a new value for one place of a scenario.
type Setting struct {
	// Path leads to the place by the keys of the file, with dots between them:
	// load.rate, policies.shipped.retry.attempts. An item of a list is named by its
	// label, name or operation, or by its number from 0: phases.surge.for, load.mix.0.weight.
	Path string
	// Value is what the file would hold: "200/s", "5", "full".
	Value string
}

// SettingError tells that a scenario cannot have a setting.
type SettingError struct {
	Setting
	Message string // what is wrong
	Hint    string // what would be right; may be empty
	Err     error  // the *Problems of the scenario that it would make; or nil
}

// Error gives the place, the value and what is wrong with it.
func (e *SettingError) Error() string {
	text := fmt.Sprintf("scenarios: %s cannot be %s: %s", e.Path, quote(e.Value), e.Message)
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return text
}

// Unwrap gives the cause.
func (e *SettingError) Unwrap() error { return e.Err }

// FullPath is the path of a Setting with its first name policy, which is short for policies
// and the one called so, spelled out.
func FullPath(policy, path string) string {
	if rest, short := strings.CutPrefix(path, "policy."); short {
		return "policies." + policy + "." + rest
	}
	return path
}

// SamePlace reports whether two paths lead to one place: phases.surge.rate is phases.1.rate
// where surge is the second phase.
func (sc *Scenario) SamePlace(a, b string) bool {
	doc, err := sc.document()
	return a == b || err == nil && place(doc, a) == place(doc, b)
}

// place is a path with the numbers of items in place of their names.
func place(doc any, path string) string {
	var out []string
	rest := strings.Split(path, ".")
	for len(rest) > 0 {
		i, _ := find(doc, rest)
		if i < 0 {
			break
		}
		out = append(out, strconv.Itoa(i))
		doc, rest, _ = step(doc, rest)
	}
	return strings.Join(append(out, rest...), ".")
}

// With returns the scenario with other settings, which it does not have itself: it
// is read anew, with all checks, as if its file had said so. A setting may be one
// that the file leaves out, but of a policy that there is. The error is a *SettingError, or the *Problems of a
// scenario that is not valid to begin with.
func (sc *Scenario) With(settings ...Setting) (*Scenario, error) {
	doc, err := sc.document()
	if err != nil {
		return nil, err
	}
	for _, s := range settings {
		if err := sc.checkPolicy(s); err != nil {
			return nil, err
		}
		if doc, err = put(doc, strings.Split(s.Path, "."), s); err != nil {
			return nil, err
		}
	}
	out, err := sc.reread(doc)
	var problems *Problems
	if len(settings) > 0 && errors.As(err, &problems) {
		return nil, blame(problems, settings)
	}
	return out, err
}

// checkPolicy refuses a setting of a policy that there is not: it would be one more, of
// which nobody makes use.
func (sc *Scenario) checkPolicy(s Setting) error {
	rest, ok := strings.CutPrefix(s.Path, "policies.")
	if !ok {
		return nil
	}
	var names []string
	for _, p := range sc.Policies {
		if rest == p.Name || strings.HasPrefix(rest, p.Name+".") {
			return nil
		}
		names = append(names, p.Name)
	}
	name, _, _ := strings.Cut(rest, ".")
	return &SettingError{Setting: s, Message: "there is no policy " + quote(name), Hint: didYouMean(name, names)}
}

// Calm returns the scenario without its trigger: phases of the same names and
// lengths in which nothing is wrong and the load is as at other times.
func (sc *Scenario) Calm() (*Scenario, error) {
	doc, err := sc.document()
	if err != nil {
		return nil, err
	}
	phases := phasesOf(doc)
	for i, phase := range phases {
		phases[i] = slices.DeleteFunc(phase.(yaml.MapSlice), isTrigger)
	}
	return sc.reread(doc)
}

// Triggers reports for each phase whether there is more to it than a name and a
// length: faults, or a load of its own.
func (sc *Scenario) Triggers() ([]bool, error) {
	doc, err := sc.document()
	if err != nil {
		return nil, err
	}
	var list []bool
	for _, phase := range phasesOf(doc) {
		list = append(list, slices.ContainsFunc(phase.(yaml.MapSlice), isTrigger))
	}
	return list, nil
}

func isTrigger(entry yaml.MapItem) bool { return entry.Key != "label" && entry.Key != "for" }

// phasesOf is the list of phases in a document that Write wrote.
func phasesOf(doc any) []any {
	for _, item := range doc.(yaml.MapSlice) {
		if item.Key == "phases" {
			return item.Value.([]any)
		}
	}
	return nil
}

// Value returns the text of what Write prints at a path, and whether it prints a
// single value there: what is at its default is left out.
func (sc *Scenario) Value(path string) (string, bool) {
	doc, err := sc.document()
	if err != nil {
		return "", false
	}
	for rest := strings.Split(path, "."); len(rest) > 0; {
		var ok bool
		if doc, rest, ok = step(doc, rest); !ok {
			return "", false
		}
	}
	switch v := doc.(type) {
	case yaml.MapSlice, []any, nil:
		return "", false
	default:
		return fmt.Sprint(v), true
	}
}

// document is the scenario as its file's maps, lists and scalars.
func (sc *Scenario) document() (any, error) {
	var text bytes.Buffer
	if err := Write(&text, sc); err != nil {
		return nil, err
	}
	var doc yaml.MapSlice
	if err := yaml.UnmarshalWithOptions(text.Bytes(), &doc, yaml.UseOrderedMap()); err != nil {
		return nil, fmt.Errorf("scenarios: %w", err)
	}
	return doc, nil
}

// reread makes a scenario of the document.
func (sc *Scenario) reread(doc any) (*Scenario, error) {
	text, err := yaml.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("scenarios: %w", err)
	}
	out, err := Parse(sc.origin.file, text)
	if err != nil {
		return nil, err
	}
	out.Load.Records = sc.Load.Records
	return out, nil
}

// step goes down to what the first names of a path lead to. Names may hold dots
// themselves, so the longest that fits counts.
func step(doc any, path []string) (next any, rest []string, ok bool) {
	i, n := find(doc, path)
	if i < 0 {
		return nil, path, false
	}
	if m, isMap := doc.(yaml.MapSlice); isMap {
		return m[i].Value, path[n:], true
	}
	return doc.([]any)[i], path[n:], true
}

// find returns the index of the entry or item that path begins with, and how
// many of its names that takes; -1: none.
func find(doc any, path []string) (index, names int) {
	for n := len(path); n > 0; n-- {
		name := strings.Join(path[:n], ".")
		switch v := doc.(type) {
		case yaml.MapSlice:
			if i := slices.IndexFunc(v, func(e yaml.MapItem) bool { return fmt.Sprint(e.Key) == name }); i >= 0 {
				return i, n
			}
		case []any:
			if i := slices.IndexFunc(v, func(item any) bool { return called(item, name) }); i >= 0 {
				return i, n
			}
			if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < len(v) {
				return i, n
			}
		}
	}
	return -1, 0
}

// called reports whether an item of a list goes by a name.
func called(item any, name string) bool {
	m, _ := item.(yaml.MapSlice)
	return slices.ContainsFunc(m, func(e yaml.MapItem) bool { return names(e) && fmt.Sprint(e.Value) == name })
}

// names reports whether the item of a list goes by this entry of it.
func names(e yaml.MapItem) bool { return e.Key == "label" || e.Key == "name" || e.Key == "op" }

// itemNames are what the items of a list may be called.
func itemNames(list []any) []string {
	var all []string
	for i, item := range list {
		name := strconv.Itoa(i)
		m, _ := item.(yaml.MapSlice)
		if at := slices.IndexFunc(m, names); at >= 0 {
			name = fmt.Sprint(m[at].Value)
		}
		all = append(all, name)
	}
	return all
}

// put returns doc with a value at a path, made where there is none.
func put(doc any, path []string, s Setting) (any, error) {
	if len(path) == 0 {
		switch v := doc.(type) {
		case yaml.MapSlice:
			var keys []string
			for _, e := range v {
				keys = append(keys, fmt.Sprint(e.Key))
			}
			return nil, &SettingError{Setting: s, Message: "it is not a single value", Hint: "name one of its keys: " + strings.Join(keys, ", ")}
		case []any:
			return nil, &SettingError{Setting: s, Message: "it is a list", Hint: "name an item: " + strings.Join(itemNames(v), ", ")}
		}
		return scalarOf(s.Value), nil
	}
	switch v := doc.(type) {
	case nil:
		doc = yaml.MapSlice{}
	case string:
		if above := strings.TrimSuffix(s.Path, "."+strings.Join(path, ".")); !strings.HasSuffix(above, ".retry") { // retry: s3
			return nil, &SettingError{Setting: s, Message: "there is only " + quote(v) + " above " + path[0], Hint: "write it as a map in the file"}
		}
		doc = yaml.MapSlice{{Key: "preset", Value: v}}
	case yaml.MapSlice, []any:
	default:
		return nil, &SettingError{Setting: s, Message: fmt.Sprintf("there is only %v above %s", v, path[0]), Hint: "name a key of a map"}
	}
	i, n := find(doc, path)
	if m, isMap := doc.(yaml.MapSlice); isMap {
		if i < 0 {
			i, n, m = len(m), 1, append(m, yaml.MapItem{Key: path[0]})
		}
		below, err := put(m[i].Value, path[n:], s)
		m[i].Value = below
		return m, err
	}
	list := doc.([]any)
	if i < 0 {
		return nil, &SettingError{Setting: s, Message: "the list has no " + quote(path[0]), Hint: didYouMean(path[0], itemNames(list))}
	}
	name := strings.Join(path[:n], ".")
	for other := i + 1; other < len(list); other++ {
		if called(list[i], name) && called(list[other], name) {
			return nil, &SettingError{Setting: s, Message: "the list has more than one " + quote(name), Hint: fmt.Sprintf("name it by its number: %d or %d", i, other)}
		}
	}
	below, err := put(list[i], path[n:], s)
	list[i] = below
	return list, err
}

// scalarOf is a text as the YAML scalar that it looks like.
func scalarOf(text string) any {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil {
		return f
	}
	if b, err := strconv.ParseBool(text); err == nil && len(text) > 1 {
		return b
	}
	return text
}

// blame puts the problems of a varied scenario to the setting that they are about,
// or to the last. Their places are those of a file that nobody has.
func blame(problems *Problems, settings []Setting) error {
	first := problems.List[0]
	s := settings[len(settings)-1]
	for _, one := range settings {
		if sameplace(first.Path, one.Path) {
			s = one
		}
	}
	e := &SettingError{Setting: s, Message: first.Message, Hint: first.Hint, Err: problems}
	if !sameplace(first.Path, s.Path) {
		e.Message = first.Path + ": " + first.Message
	}
	return e
}

// sameplace compares the ends of two paths: those of lists differ before it.
func sameplace(problem, setting string) bool {
	last := func(s string) string { return s[strings.LastIndexByte(s, '.')+1:] }
	return last(problem) == last(setting)
}
