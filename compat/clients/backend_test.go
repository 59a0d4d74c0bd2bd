//go:build unix

package clients

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand"
	"net/http"
	"testing"
	"time"

	"github.com/squall-sim/squall/internal/live"
	"github.com/squall-sim/squall/scenarios"
)

const bucket = "data"

// backend is a fake S3 on a socket, with one phase in which nothing is wrong and
// one in which a fault hits every request that it is for.
type backend struct{ *live.Server }

const scenarioText = `scenario: clients
backend: {kind: s3, bucket: data, latency: {dist: fixed, value: 1ms}}
load: # of simulated runs: faults must be for one of its operations
  model: open
  rate: 1/s
  mix:
    - {op: PutObject, key: a, size: 1KiB}
    - {op: GetObject, key: a, size: 1KiB}
    - {op: HeadObject, key: a, size: 1KiB}
    - {op: CopyObject, key: a, size: 1KiB}
    - {op: ListObjectsV2, key: a}
phases:
  - {label: fine, for: 1h}
  - {label: bad, for: 1h%s}
policies: {only: {retry: none}}
`

// serve starts one; faults is YAML, "" for none.
func serve(t testing.TB, faults string, secure bool) *backend {
	t.Helper()
	b, err := start(faults, secure)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close(0) })
	return b
}

func start(faults string, secure bool) (*backend, error) {
	if faults != "" {
		faults = ", faults: [" + faults + "]"
	}
	sc, err := scenarios.Parse("clients.yaml", fmt.Appendf(nil, scenarioText, faults))
	if err != nil {
		return nil, err
	}
	s, err := live.Start(sc, live.Options{Seed: 1, Phase: "fine", TLS: secure})
	if err != nil {
		return nil, err
	}
	return &backend{s}, nil
}

// vars are those that simulate exec sets for its program.
func (b *backend) vars() []string {
	return []string{
		"AWS_ENDPOINT_URL=" + b.URL(), "AWS_ACCESS_KEY_ID=squall", "AWS_SECRET_ACCESS_KEY=squall",
		"AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1", "SQUALL_BUCKET=" + bucket,
	}
}

// put makes an object while nothing is wrong.
func (b *backend) put(key string, body []byte) error {
	req, err := http.NewRequest(http.MethodPut, b.URL()+"/"+bucket+"/"+key, bytes.NewReader(body))
	if err != nil {
		return err
	}
	sum := make([]byte, 4)
	binary.BigEndian.PutUint32(sum, crc32.ChecksumIEEE(body))
	req.Header.Set("X-Amz-Checksum-Crc32", base64.StdEncoding.EncodeToString(sum)) // so that a corrupt answer can be told
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("PUT %s: %s", key, resp.Status)
	}
	return nil
}

// get is the truth about an object, when nothing is wrong again; false: there is
// none.
func (b *backend) get(key string) ([]byte, bool, error) {
	resp, err := http.Get(b.URL() + "/" + bucket + "/" + key)
	if err != nil {
		return nil, false, err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotFound {
		return nil, false, nil
	}
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s", key, resp.Status)
	}
	return body, true, err
}

// grace is how long requests may go on after their client has ended.
const grace = 5 * time.Second

// content is bytes that no framing, compression or text mode leaves alone.
func content(size int) []byte {
	body := make([]byte, size)
	rand.New(rand.NewSource(int64(size))).Read(body)
	return body
}
