package retryhttp

import (
	"bytes"
	"io"
	"sync"
)

// plainError is what an error body of S3's plain shape says: parts of the body, which
// are of no use once that is read over.
type plainError struct{ code, message, requestID, hostID []byte }

// xmlDeclaration is how S3 begins.
const xmlDeclaration = `<?xml version="1.0" encoding="UTF-8"?>`

// readPlain reads the shape in which S3 sends its errors, and says no at the least
// doubt, which leaves the body to encoding/xml: an <Error>, after a declaration or
// without, of elements that hold nothing but text, without attributes, in ASCII, and
// nothing after it. body has no blanks around it. What it accepts it reads as readXML
// does, at a tenth of the cost: a client that is told to slow down by the thousand
// pays for little else.
func readPlain(body []byte) (e plainError, ok bool) {
	if bytes.HasPrefix(body, []byte(xmlDeclaration)) {
		body = skipBlanks(body[len(xmlDeclaration):])
	}
	body, ok = bytes.CutPrefix(body, []byte("<Error>"))
	for ok {
		body = skipBlanks(body)
		if string(body) == "</Error>" {
			return e, true
		}
		var name, text []byte
		if name, text, body, ok = plainElement(body); ok {
			e.keep(name, bytes.TrimSpace(text))
		}
	}
	return plainError{}, false
}

// skipBlanks leaves carriage returns to encoding/xml, which translates them.
func skipBlanks(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t' || b[0] == '\n') {
		b = b[1:]
	}
	return b
}

// plainElement cuts <name>text</name> off b.
func plainElement(b []byte) (name, text, rest []byte, ok bool) {
	if len(b) == 0 || b[0] != '<' {
		return nil, nil, nil, false
	}
	n := 1
	for n < len(b) && isLetter(b[n]) {
		n++
	}
	if n == 1 || n == len(b) || b[n] != '>' {
		return nil, nil, nil, false
	}
	name, b = b[1:n], b[n+1:]
	end := bytes.IndexByte(b, '<')
	if end < 0 {
		return nil, nil, nil, false
	}
	text, rest = b[:end], b[end:]
	if len(rest) < len(name)+3 || rest[1] != '/' || !bytes.HasPrefix(rest[2:], name) || rest[len(name)+2] != '>' {
		return nil, nil, nil, false
	}
	text, ok = plainText(text)
	return name, text, rest[len(name)+3:], ok
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// textBytes says which bytes of a text make it more than plain.
var textBytes = func() (kinds [256]byte) {
	for c := range kinds {
		if c < ' ' && c != '\n' && c != '\t' || c >= 0x7f || c == ']' { // "]]>" is an error
			kinds[c] = odd
		}
	}
	kinds['&'] = reference
	return kinds
}()

const odd, reference = 1, 2

// plainText reads character data with the references that are common.
func plainText(text []byte) ([]byte, bool) {
	var seen byte
	for _, c := range text {
		seen |= textBytes[c]
	}
	switch {
	case seen&odd != 0:
		return nil, false
	case seen&reference == 0:
		return text, true
	}
	out := make([]byte, 0, len(text))
	for len(text) > 0 {
		if text[0] != '&' {
			out, text = append(out, text[0]), text[1:]
			continue
		}
		i := bytes.IndexByte(text, ';')
		if i < 0 {
			return nil, false
		}
		switch string(text[1:i]) {
		case "amp":
			out = append(out, '&')
		case "lt":
			out = append(out, '<')
		case "gt":
			out = append(out, '>')
		case "quot", "#34":
			out = append(out, '"')
		case "apos", "#39":
			out = append(out, '\'')
		default:
			return nil, false
		}
		text = text[i+1:]
	}
	return out, true
}

// keep is errorBody.element for what is within an <Error>.
func (e *plainError) keep(name, text []byte) {
	var field *[]byte
	switch string(name) {
	case "Code":
		field = &e.code
	case "Message":
		field = &e.message
	case "RequestId", "RequestID":
		field = &e.requestID
	case "HostId":
		field = &e.hostID
	default:
		return
	}
	if len(*field) == 0 {
		*field = text
	}
}

// tell gives what the body says to an error whose headers have not said it.
func (e *plainError) tell(to *StatusError) {
	keepBytes(&to.Code, e.code)
	if to.Message == "" {
		to.Message = clip(string(e.message))
	}
	keepBytes(&to.RequestID, e.requestID)
	keepBytes(&to.HostID, e.hostID)
}

func keepBytes(field *string, value []byte) {
	if *field == "" {
		*field = string(value)
	}
}

// reading is the memory that an error's body is read into.
type reading struct {
	buf   bytes.Buffer
	limit io.LimitedReader
}

var readings = sync.Pool{New: func() any { return new(reading) }}

// withBody hands as much of a body as is read to f, which must not keep it, and
// closes the body.
func withBody(body io.ReadCloser, f func([]byte)) {
	r := readings.Get().(*reading)
	defer readings.Put(r)
	r.buf.Reset()
	r.limit = io.LimitedReader{R: body, N: maxBody}
	r.buf.ReadFrom(&r.limit) // what came is what there is
	r.limit.R = nil
	body.Close()
	f(r.buf.Bytes())
}
