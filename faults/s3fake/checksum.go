package s3fake

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// algorithm is one of x-amz-checksum-*.
type algorithm struct {
	name   string // as in x-amz-checksum-algorithm
	header string
	make   func() hash.Hash
	whole  bool // it can be a checksum of the whole object where that came in parts
}

// algorithms are those that are checked and kept. Source: Amazon S3 user guide,
// "Checking object integrity".
var algorithms = []*algorithm{
	{"CRC32", "X-Amz-Checksum-Crc32", func() hash.Hash { return crc32.NewIEEE() }, true},
	{"CRC32C", "X-Amz-Checksum-Crc32c", func() hash.Hash { return crc32.New(castagnoli) }, true},
	{"CRC64NVME", "X-Amz-Checksum-Crc64nvme", func() hash.Hash { return crc64.New(nvme) }, true},
	{"SHA1", "X-Amz-Checksum-Sha1", sha1.New, false},
	{"SHA256", "X-Amz-Checksum-Sha256", sha256.New, false},
}

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	nvme       = crc64.MakeTable(0x9a6c9329ac4bc9b5) // CRC-64/NVME, reflected (NVM Express base specification 2.0)
)

// algorithmOf finds an algorithm by its name; nil if there is none of it.
func algorithmOf(name string) *algorithm {
	for _, a := range algorithms {
		if strings.EqualFold(a.name, name) {
			return a
		}
	}
	return nil
}

// sum is the checksum of what r has.
func (a *algorithm) sum(r io.Reader) checksum {
	h := a.make()
	io.Copy(h, r) // of memory or generated: it cannot fail
	return checksum{a, base64.StdEncoding.EncodeToString(h.Sum(nil))}
}

// checksum is what an object or a part keeps of how its upload was checked. The
// zero value is none.
type checksum struct {
	of   *algorithm
	text string // base64; "-N" after it where it is made of the checksums of N parts
}

// compose makes the checksum of an object of those of its parts.
func compose(a *algorithm, parts []*part) checksum {
	h := a.make()
	for _, p := range parts {
		raw, _ := base64.StdEncoding.DecodeString(p.checksum.text) // ours: it cannot fail
		h.Write(raw)
	}
	return checksum{a, base64.StdEncoding.EncodeToString(h.Sum(nil)) + "-" + strconv.Itoa(len(parts))}
}

// kind is x-amz-checksum-type.
func (c checksum) kind() string {
	if strings.Contains(c.text, "-") { // which is no letter of base64
		return "COMPOSITE"
	}
	return "FULL_OBJECT"
}

const (
	headerChecksumAlgorithm = "X-Amz-Checksum-Algorithm"
	headerChecksumType      = "X-Amz-Checksum-Type"
	headerChecksumMode      = "X-Amz-Checksum-Mode"
)

// set tells the checksum to a client, or to gofakes3.
func (c checksum) set(set func(name, value string)) {
	if c.of != nil {
		set(c.of.header, c.text)
		set(headerChecksumType, c.kind())
	}
}

// hideChecksum takes the checksum out of an answer to a client that did not ask
// for it, or that gets a part of what it is the checksum of.
func hideChecksum(h http.Header) {
	for _, a := range algorithms {
		delete(h, a.header)
	}
	delete(h, headerChecksumType)
}

// checksumXML is a checksum as an element of answers and requests.
type checksumXML struct {
	ChecksumCRC32     string `xml:",omitempty"`
	ChecksumCRC32C    string `xml:",omitempty"`
	ChecksumCRC64NVME string `xml:",omitempty"`
	ChecksumSHA1      string `xml:",omitempty"`
	ChecksumSHA256    string `xml:",omitempty"`
	ChecksumType      string `xml:",omitempty"`
}

// field is where the checksum of an algorithm stands.
func (x *checksumXML) field(a *algorithm) *string {
	return []*string{&x.ChecksumCRC32, &x.ChecksumCRC32C, &x.ChecksumCRC64NVME, &x.ChecksumSHA1, &x.ChecksumSHA256}[slices.Index(algorithms, a)]
}

func (c checksum) xml() (x checksumXML) {
	if c.of != nil {
		*x.field(c.of), x.ChecksumType = c.text, c.kind()
	}
	return x
}

// announced is the checksum that an upload says it has.
type announced struct {
	of      *algorithm // nil: it says nothing
	text    string
	trailer bool // text comes after the body
}

// announcement reads it. An algorithm that is not known is an error: what asks
// for a check must not be stored without.
func announcement(h http.Header) (out announced, err error) {
	var given []string
	for name := range h {
		if rest, ok := strings.CutPrefix(name, "X-Amz-Checksum-"); ok && rest != "Algorithm" && rest != "Type" && rest != "Mode" {
			given = append(given, name)
		}
	}
	trailers := 0
	for _, name := range strings.Split(strings.Join(h["X-Amz-Trailer"], ","), ",") {
		if name = http.CanonicalHeaderKey(strings.TrimSpace(name)); strings.HasPrefix(name, "X-Amz-Checksum-") {
			given = append(given, name)
			trailers++
		}
	}
	slices.Sort(given)
	for _, name := range slices.Compact(given) {
		i := slices.IndexFunc(algorithms, func(a *algorithm) bool { return a.header == name })
		switch {
		case i < 0:
			return out, refused("NotImplemented", "the fake S3 does not implement "+strings.ToLower(name))
		case out.of != nil:
			return out, refused("InvalidRequest", "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
		}
		out = announced{of: algorithms[i], text: h.Get(name)}
		out.trailer = out.text == "" && trailers > 0
	}
	switch sdk := h.Get("X-Amz-Sdk-Checksum-Algorithm"); {
	case out.of != nil && !out.trailer && !out.of.wellFormed(out.text):
		return out, refused("InvalidRequest", "Value for "+strings.ToLower(out.of.header)+" header is invalid.")
	case out.of == nil && sdk != "":
		return out, refused("InvalidRequest", "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.")
	}
	return out, nil
}

// wellFormed reports whether a text can be a checksum.
func (a *algorithm) wellFormed(text string) bool {
	raw, err := base64.StdEncoding.DecodeString(text)
	return err == nil && len(raw) == a.make().Size()
}
