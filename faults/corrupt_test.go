package faults

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// withSums answers with content, and every checksum that there is.
func withSums(n int64, content, announced bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/x")
		for name, value := range sums {
			h.Set(name, value)
		}
		if announced {
			h.Set("Content-Length", strconv.FormatInt(n, 10))
		}
		if content {
			WriteContent(w, NewContent("k", n).Section(0, n))
			return
		}
		for c, at := NewContent("k", n), int64(0); at < n; at += 7 {
			io.CopyN(w, c, min(7, n-at))
		}
	}
}

var sums = map[string]string{
	"Etag": `"0123456789abcdef0123456789abcdef"`, "Content-Md5": "ASNFZ4mrze8BI0VniavN7w==",
	"X-Amz-Checksum-Crc32": "AAAAAA==", "X-Amz-Checksum-Type": "FULL_OBJECT", "Digest": "x", "Repr-Digest": "x", "Content-Digest": "x",
}

// One byte is another by one bit, at its place or at the end of what is shorter;
// checksums tell of it, or are gone.
func TestCorruptAnswers(t *testing.T) {
	const size = 100_000
	for text, at := range map[string]int{"corrupt": 0, "corrupt at=1": 1, "corrupt at=70001": 70001, "corrupt at=99999": 99999, "corrupt at=200000": 99999, "corrupt at=5 checksum=matching": 5} {
		for _, content := range []bool{false, true} {
			in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: effect(t, text)}}})
			h := NewHandler(in, withSums(size, content, true), WithNow(func() time.Duration { return 0 }))
			server := serveHandler(t, h)
			for where, rt := range map[string]http.RoundTripper{"socket": server.Client().Transport, "memory": NewTransport(h)} {
				resp, got, err := readObject(t, rt, server.URL)
				want := []byte(generated(size))
				want[at] ^= 1
				if err != nil || string(got) != string(want) || resp.ContentLength != size {
					t.Errorf("%s, %s, content %v: %d bytes, the same %v, %v", text, where, content, len(got), string(got) == string(want), err)
				}
				for name, value := range sums {
					if strings.Contains(text, "matching") {
						value = map[string]string{"Etag": `"0123456789abcdef0123456789abcdef-1"`}[name]
					}
					if resp.Header.Get(name) != value {
						t.Errorf("%s, %s: %s is %q, want %q", text, where, name, resp.Header.Get(name), value)
					}
				}
			}
			if v := in.Decide(0, Request{Op: "GetObject"}); v.Err() != nil || !v.Served() || v.Hangs() || !v.Effect().Modifies() || !v.Corrupts() {
				t.Errorf("%+v", v)
			}
		}
	}
}

// readObject reads /b/k to its end.
func readObject(t *testing.T, rt http.RoundTripper, url string) (*http.Response, []byte, error) {
	t.Helper()
	req, err := http.NewRequest("GET", url+"/b/k", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	return resp, got, err
}

// What has no length and ends before the place is damaged at its last byte, however
// it came, also before chunks that are none.
func TestCorruptWithoutALength(t *testing.T) {
	for _, size := range []int64{0, 1, 7, 8, 100, 5000} {
		for _, content := range []bool{false, true} {
			for _, end := range []string{"headers set=X:y", "malformed-chunk at=5"} {
				in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{P: 1, Continue: true, Effect: effect(t, "corrupt at=70001")}, {P: 1, Effect: effect(t, end)}}})
				h := NewHandler(in, withSums(size, content, false), WithNow(func() time.Duration { return 0 }))
				server := serveHandler(t, h)
				for where, rt := range map[string]http.RoundTripper{"socket": server.Client().Transport, "memory": NewTransport(h)} {
					_, got, err := readObject(t, rt, server.URL)
					want := []byte(generated(size))
					if cut := strings.HasPrefix(end, "malformed"); cut != (err != nil) {
						t.Errorf("%s, %s: %v", end, where, err)
					} else if cut && size < 5 {
						continue // the filling is damaged
					} else if cut {
						want = want[:5]
					}
					if len(want) > 0 {
						want[len(want)-1] ^= 1
					}
					if string(got) != string(want) {
						t.Errorf("%s, %s, content %v, %d bytes: %q, want %q", end, where, content, size, tail(got), tail(want))
					}
				}
				server.Close()
			}
		}
	}
}

func tail(b []byte) []byte { return b[max(0, len(b)-20):] }

// An ETag that is no MD5 stays what it is, and the store's own content is not damaged
// for good.
func TestCorruptSparesWhatItMust(t *testing.T) {
	in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: effect(t, "corrupt at=50 checksum=matching")}}})
	whole := NewContent("k", 100)
	for i := range 2 {
		h := NewHandler(in, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Etag", `"weak-1"`)
			w.Header().Set("Content-Type", "text/x")
			WriteContent(w, whole.Section(int64(60*i), 100))
		}))
		resp := NewTransport(h).Exchange(request(t, "GET", "/b/k", "")).Resp
		got, _ := io.ReadAll(resp.Body)
		want := []byte(generated(100))[60*i:]
		want[min(50, len(want)-1)] ^= 1
		if string(got) != string(want) || resp.Header.Get("Etag") != `"weak-1"` {
			t.Errorf("%d: %q, want %q; %v", i, got, want, resp.Header)
		}
	}
	if !whole.Is("k", 100) {
		t.Error("the backend's own content is damaged")
	}
}

// Damaged content takes no memory, and its sections are damaged alike.
func TestDamagedContent(t *testing.T) {
	c := NewContent("k", 1<<50)
	c.damage(1 << 40)
	if c.Is("k", 1<<50) {
		t.Error("damage goes unseen")
	}
	for _, from := range []int64{1<<40 - 3, 1 << 40, 1<<40 + 1} {
		got, want := make([]byte, 10), make([]byte, 10)
		io.ReadFull(c.Section(from, 10), got)
		io.ReadFull(NewContent("k", 1<<50).Section(from, 10), want)
		if i := int64(1<<40) - from; i >= 0 {
			want[i] ^= 1
		}
		if string(got) != string(want) {
			t.Errorf("from %d: %x, want %x", from, got, want)
		}
	}
	if s := fmt.Sprint(c.Size()); s != "1125899906842624" {
		t.Error(s)
	}
}
