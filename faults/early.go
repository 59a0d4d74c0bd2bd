package faults

import (
	"net/http"
	"time"
)

// skewed is the body's part that RequestTimeTooSkewed has besides: what the client
// said, in its own words, and what the server's clock says. Source: recorded answers
// of S3.
func skewed(b []byte, r *http.Request, now time.Time) []byte {
	said := r.Header.Get("X-Amz-Date")
	if said == "" {
		said = parameter(r.URL.RawQuery, "X-Amz-Date") // a presigned URL
	}
	if said == "" {
		said = r.Header.Get("Date")
	}
	if said != "" {
		b = appendElement(b, "RequestTime", said)
	}
	b = appendElement(b, "ServerTime", now.UTC().Format("2006-01-02T15:04:05Z"))
	return appendElement(b, "MaxAllowedSkewMilliseconds", "900000")
}

// skewCode is S3's code for clocks that are too far apart.
const skewCode = "RequestTimeTooSkewed"

// newSkewAnswer is the answer of a server whose clock is ahead by that much.
func newSkewAnswer(ahead time.Duration) *answer {
	c, _ := LookupS3Code(skewCode)
	a := newS3Answer(c)
	a.ahead = Wait{For: ahead, Given: true}
	return a
}

// DefaultSkew is how far the server of a ClockSkew is ahead where nobody says.
const DefaultSkew = 20 * time.Minute

// parseEarly reads with what a RejectEarly answers, and returns the options.
func (p *effectParser) parseEarly(words []word) ([]word, error) {
	if len(words) == 0 {
		return nil, p.fail(len(p.text), "reject-early needs an answer", "write reject-early AccessDenied, or reject-early 503")
	}
	if isDigits(words[0].text) {
		p.effect.By = Status
		return words[1:], p.parseStatus(words[0], 400)
	}
	p.effect.By = S3Error
	return words[1:], p.parseCode(words[0])
}

// early checks with what a RejectEarly answers.
func (c *checker) early(path string, e Effect) {
	switch e.By {
	case S3Error:
		c.code(path, e)
	case Status:
		c.status(path, e, 400)
	default:
		c.add(path, e.By.String()+" is no answer", "set By to S3Error or Status")
	}
}
