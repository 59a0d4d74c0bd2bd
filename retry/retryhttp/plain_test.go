package retryhttp

import (
	"bytes"
	"encoding/xml"
	"testing"
)

// slow is what encoding/xml makes of a body, as StatusError has it.
func slow(body []byte) StatusError {
	var b errorBody
	b.readXML(body)
	return StatusError{Code: b.code, Message: clip(b.message), RequestID: b.requestID, HostID: b.hostID}
}

func quick(body []byte) (e StatusError, ok bool) {
	plain, ok := readPlain(body)
	if ok {
		plain.tell(&e)
	}
	return e, ok
}

const plainSlowDown = xml.Header + "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message>" +
	"<Resource>/data/a&amp;b&#39;s</Resource><RequestId>4442587FB7D0A2F9</RequestId><HostId>a/b+c=</HostId></Error>"

// What S3 and its kin send is read without encoding/xml, and what is odd is not.
func TestPlainErrors(t *testing.T) {
	const code = "<Code>a</Code>"
	for _, c := range []struct {
		body string
		ok   bool
	}{
		{plainSlowDown, true},
		{"<Error></Error>", true},
		{"<Error>\n\t<Code> a </Code>\n  <Message></Message>\n</Error>", true},
		{"<Error>" + code + "<Code>b</Code></Error>", true},
		{"<Error><Code></Code>" + code + "</Error>", true},
		{"<Error><Message>&lt;&gt;&amp;&quot;&apos;&#34;&#39;</Message></Error>", true},
		{"<Error><RequestID>1</RequestID><RequestId>2</RequestId></Error>", true},

		{"", false},
		{"<Error>", false},
		{"<Error>" + code, false},
		{"<Error>" + code + "</Error><!-- -->", false},
		{"<Error>" + code + "</Error></Error>", false},
		{"<Error>" + code + "</Errors>", false},
		{"<Error>text" + code + "</Error>", false},
		{"<Error><Code>a</Coda></Error>", false},
		{"<Error><Code>a</Code ></Error>", false},
		{"<Error><Code>a<b>c</b></Code></Error>", false},
		{"<Error><Code/></Error>", false},
		{"<Error><Code a='b'>a</Code></Error>", false},
		{"<Error><a:Code>a</a:Code></Error>", false},
		{"<Error><>a</></Error>", false},
		{"<Error xmlns=\"a\">" + code + "</Error>", false},
		{"<ErrorResponse><Error>" + code + "</Error></ErrorResponse>", false},
		{"<Error><Code>a\r\nb</Code></Error>", false},
		{"<Error><Code>a\x00</Code></Error>", false},
		{"<Error><Code>\xc3\xa9</Code></Error>", false},
		{"<Error><Code>\xff</Code></Error>", false},
		{"<Error><Code>]]></Code></Error>", false},
		{"<Error><Code>&amp</Code></Error>", false},
		{"<Error><Code>&nbsp;</Code></Error>", false},
		{"<Error><Code>&#0;</Code></Error>", false},
		{"<Error><Code><![CDATA[a]]></Code></Error>", false},
		{"<?xml version=\"1.1\" encoding=\"UTF-8\"?><Error>" + code + "</Error>", false},
	} {
		got, ok := quick([]byte(c.body))
		if ok != c.ok {
			t.Errorf("%q: %v, want %v", c.body, ok, c.ok)
		}
		if want := slow([]byte(c.body)); ok && got != want {
			t.Errorf("%q: %+v, want %+v", c.body, got, want)
		}
	}
	if e, _ := quick([]byte(plainSlowDown)); e.Code != "SlowDown" || e.RequestID != "4442587FB7D0A2F9" || e.HostID != "a/b+c=" || e.Message == "" {
		t.Errorf("%+v", e)
	}
}

// Whatever the quick way accepts, encoding/xml reads the same of it.
func FuzzPlainErrors(f *testing.F) {
	f.Add([]byte(plainSlowDown))
	f.Add([]byte("<Error>\n<Code> &#34;x&quot; </Code> <Code>b</Code><Message>a > b]]</Message></Error>"))
	f.Add([]byte("<Error><RequestID>1</RequestID><HostId/></Error>"))
	f.Add([]byte(xmlDeclaration + "\n<Error xmlns=\"\"><Message>&#xA;</Message></Error>"))
	f.Fuzz(func(t *testing.T, body []byte) {
		body = bytes.TrimSpace(body)
		kept := bytes.Clone(body)
		got, ok := quick(body)
		if want := slow(body); ok && got != want {
			t.Fatalf("%+v, want %+v", got, want)
		}
		if !bytes.Equal(body, kept) {
			t.Fatal("changed the body")
		}
	})
}

// The error that a client gets must outlive the memory that its body was read into.
func TestErrorsKeepNothingOfTheBody(t *testing.T) {
	read := func(body string) (e StatusError) {
		withBody(nopCloser{bytes.NewReader([]byte(body))}, e.readBody)
		return e
	}
	first := read(plainSlowDown)
	want := first
	want.Code, want.RequestID = "SlowDown", "4442587FB7D0A2F9"
	for range 100 {
		if e := read("<Error><Code>" + string(bytes.Repeat([]byte("x"), len(plainSlowDown))) + "</Code></Error>"); len(e.Code) != len(plainSlowDown) {
			t.Fatalf("%+v", e)
		}
	}
	if first != want {
		t.Errorf("%+v, want %+v", first, want)
	}
}

type nopCloser struct{ *bytes.Reader }

func (nopCloser) Close() error { return nil }

func BenchmarkErrorBodies(b *testing.B) {
	for name, body := range map[string]string{"plain": plainSlowDown, "by encoding-xml": plainSlowDown + "<!-- -->"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var e StatusError
				if e.readBody([]byte(body)); e.Code != "SlowDown" {
					b.Fatal(e)
				}
			}
		})
	}
}
