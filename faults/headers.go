package faults

import (
	"net/http"
	"strconv"
	"strings"
)

// MaxText bounds Effect.Body, and Effect.Drop and Effect.Set together: 64 KiB.
const MaxText = 64 << 10

// Text is a text that may be absent. The zero value is.
type Text struct {
	Text  string
	Given bool
}

// headerer is the ResponseWriter of a backend whose headers are changed.
type headerer struct {
	Wire
	drop, set string
	wrote     bool
}

// Unwrap lets an http.ResponseController find what the connection can do.
func (h *headerer) Unwrap() http.ResponseWriter { return h.Wire }

// WriteHeader changes the headers of the answer. net/http's server has no header
// that is nil, not even of those that it would add.
func (h *headerer) WriteHeader(status int) {
	if h.wrote || status < 200 {
		h.Wire.WriteHeader(status)
		return
	}
	h.wrote = true
	headers, unsized := h.Header(), false
	if h.drop != "" {
		for _, name := range strings.Split(h.drop, ",") {
			if headers[name] = nil; name == "Content-Length" {
				delete(headers, name)
				unsized = true
			}
		}
	}
	for _, nv := range headerList(h.set) {
		headers[nv[0]] = []string{nv[1]}
	}
	h.Wire.WriteHeader(status)
	if unsized {
		http.NewResponseController(h.Wire).Flush() // or the server finds the length of what is short by itself
	}
}

// Write is that of the connection.
func (h *headerer) Write(p []byte) (int, error) {
	if !h.wrote {
		if headers := h.Header(); headers["Content-Type"] == nil {
			headers.Set("Content-Type", http.DetectContentType(p)) // as net/http's server does
		}
		h.WriteHeader(http.StatusOK)
	}
	return h.Wire.Write(p)
}

// WriteContent is Write for content that need not be copied.
func (h *headerer) WriteContent(c *Content) (int64, error) {
	if !h.wrote {
		h.WriteHeader(http.StatusOK)
	}
	return WriteContent(h.Wire, c)
}

// finish sends the headers of an answer without a body.
func (h *headerer) finish() {
	if !h.wrote {
		h.WriteHeader(http.StatusOK)
	}
}

// headerList reads the lines of Effect.Set.
func headerList(set string) [][2]string {
	if set == "" {
		return nil
	}
	var list [][2]string
	for _, line := range strings.Split(set, "\n") {
		name, value, _ := strings.Cut(line, ": ")
		list = append(list, [2]string{name, value})
	}
	return list
}

// headersText writes the lines of Effect.Set as options of that name.
func headersText(name, set string) string {
	var parts []string
	for _, nv := range headerList(set) {
		short := nv[0] + ":" + nv[1]
		if wordText(short) != short {
			short = strconv.Quote(nv[0] + ": " + nv[1])
		}
		parts = append(parts, short)
	}
	return strings.Join(parts, " "+name+"=")
}

// parseHeader reads a header that is set, and adds it.
func (p *effectParser) parseHeader(value word) error {
	line, err := p.parseWord(value)
	if err != nil {
		return err
	}
	name, text, ok := strings.Cut(line, ":")
	if !ok {
		return p.fail(value.at, quote(line)+" is not a header", "write Name:Value, or in quotes \"Name: Value\"")
	}
	if strings.ContainsAny(line, "\r\n") { // which part lines
		return p.fail(value.at, "the value of "+name+" has a control character", "leave it out")
	}
	line = http.CanonicalHeaderKey(strings.TrimSpace(name)) + ": " + strings.TrimSpace(text)
	if p.effect.Set != "" {
		line = p.effect.Set + "\n" + line
	}
	p.effect.Set = line
	return nil
}

func (p *effectParser) parseDrop(value word) error {
	text, err := p.parseWord(value)
	if err != nil {
		return err
	}
	names := strings.Split(text, ",")
	if text == "" {
		message, hint := checkHeaderName("")
		return p.fail(value.at, message, hint)
	}
	for i, name := range names {
		names[i] = http.CanonicalHeaderKey(strings.TrimSpace(name))
	}
	p.effect.Drop = strings.Join(names, ",")
	return nil
}

func (p *effectParser) parseBody(value word) error {
	text, err := p.parseWord(value)
	p.effect.Body = Text{Text: text, Given: err == nil}
	return err
}

// checkSet says what is wrong with headers that are set.
func checkSet(set string) (message, hint string) {
	seen := make(map[string]bool)
	for _, nv := range headerList(set) {
		name, value := nv[0], nv[1]
		if message, hint := checkHeaderName(name); message != "" {
			return message, hint
		}
		for i := 0; i < len(value); i++ {
			if value[i] < ' ' && value[i] != '\t' || value[i] == 0x7f {
				return "the value of " + name + " has a control character", "leave it out"
			}
		}
		if value != strings.TrimSpace(value) {
			return "the value of " + name + " has blanks around it", "leave them out"
		}
		if seen[name] {
			return "the header " + name + " is set twice", "write it once"
		}
		seen[name] = true
	}
	return checkLength(len(set))
}

// checkDrop says what is wrong with names of headers.
func checkDrop(drop string) (message, hint string) {
	if drop == "" {
		return "", ""
	}
	for _, name := range strings.Split(drop, ",") {
		if name == "Content-Length" { // the answer comes in chunks
			continue
		}
		if message, hint := checkHeaderName(name); message != "" {
			return message, hint
		}
	}
	return checkLength(len(drop))
}

// checkHeaderName says what is wrong with a name, in its canonical form. What
// frames the answer is the server's to write.
func checkHeaderName(name string) (message, hint string) {
	if name == "" || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~") != "" {
		return quote(name) + " is not the name of a header", "write one such as ETag or Content-Range"
	}
	if canonical := http.CanonicalHeaderKey(name); canonical != name {
		return "the header " + name + " is not in its canonical form", "write " + canonical
	}
	switch name {
	case "Content-Length", "Transfer-Encoding", "Trailer":
		return "the header " + name + " cannot be changed", "write truncate or malformed-chunk for a body that is not what its headers say"
	}
	return "", ""
}

func checkLength(n int) (message, hint string) {
	if n > MaxText {
		return "it has " + strconv.Itoa(n) + " bytes", "write at most " + strconv.Itoa(MaxText)
	}
	return "", ""
}

// checkBody says what is wrong with the body of a Status.
func checkBody(e *Effect) (message, hint string) {
	if !e.Body.Given && e.Body.Text != "" {
		return "body is not given but " + quote(e.Body.Text), "set Given"
	}
	if e.Body.Text != "" && e.Status >= 200 && !bodyAllowed(e.Status) {
		return "an answer of " + strconv.Itoa(e.Status) + " has no body", "leave body out, or write another status"
	}
	return checkLength(len(e.Body.Text))
}

// conflict says which options cannot go together, or what is missing.
func (e *Effect) conflict() (message, hint string) {
	switch {
	case e.RetryAfter.Given && e.RetryDate.Given:
		return "retry-after and retry-after-date are both given", "write one: they are one header"
	case e.Kind == Headers && e.Drop == "" && e.Set == "":
		return "headers needs a change", "write headers drop=ETag, or headers set=Name:Value"
	}
	return "", ""
}
