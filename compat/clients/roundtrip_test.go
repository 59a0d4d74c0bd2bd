//go:build unix

package clients

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/minio/minio-go/v7"
)

// partSize is S3's least, and bigSize makes parts of it, the last one smaller.
const (
	partSize = 5 << 20
	bigSize  = 2*partSize + 12345
)

// overBoth runs a test against a backend in which nothing is wrong: over HTTP, and over
// HTTPS, where SDKs frame their uploads otherwise.
func overBoth(t *testing.T, f func(t *testing.T, b *backend, c call)) {
	for _, secure := range []bool{false, true} {
		t.Run(map[bool]string{false: "http", true: "https"}[secure], func(t *testing.T) {
			b := serve(t, "", secure)
			c := call{endpoint: b.URL()}
			if secure {
				pool := x509.NewCertPool()
				if !pool.AppendCertsFromPEM(b.CA()) {
					t.Fatal("the server has no certificate to trust")
				}
				c.tls = &tls.Config{RootCAs: pool}
			}
			f(t, b, c)
			if err := b.Close(grace); err != nil {
				t.Fatal(err)
			}
			s := b.State()
			if s.Bugs > 0 || s.Requests == 0 || s.LeakedUploads == nil || *s.LeakedUploads > 0 {
				t.Errorf("%d requests, %d defects of the fake, uploads left behind: %v", s.Requests, s.Bugs, s.LeakedUploads)
			}
			for _, truth := range s.TruthByOp() {
				if truth.FalseFailures+truth.FalseSuccesses+truth.Duplicates > 0 {
					t.Errorf("nothing was wrong, and yet: %+v", truth)
				}
			}
		})
	}
}

// must ends the test at an error.
func must[T any](value T, err error) func(t *testing.T, what string) T {
	return func(t *testing.T, what string) T {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		return value
	}
}

func same(t *testing.T, what string, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		t.Fatalf("%s: %d bytes, which are not the %d that went there", what, len(got), len(want))
	}
}

// awkward is a key that every layer has to escape.
const awkward = "a b/ü+%2F&?=/1.txt"

func TestRoundTripAWS(t *testing.T) {
	overBoth(t, func(t *testing.T, b *backend, c call) {
		frames := &framing{RoundTripper: newTransport(c)}
		ctx, client := t.Context(), newAWS(c.endpoint, frames)
		in, small := aws.String(bucket), content(1000)
		read := func(what string, input *s3.GetObjectInput) []byte {
			t.Helper()
			input.Bucket = in
			out := must(client.GetObject(ctx, input))(t, what)
			defer out.Body.Close()
			return must(io.ReadAll(out.Body))(t, what)
		}
		_ = must(client.PutObject(ctx, &s3.PutObjectInput{Bucket: in, Key: aws.String(awkward), Body: bytes.NewReader(small), Metadata: map[string]string{"made-by": "test"}}))(t, "put")
		same(t, "get", read("get", &s3.GetObjectInput{Key: aws.String(awkward)}), small)
		same(t, "range", read("range", &s3.GetObjectInput{Key: aws.String(awkward), Range: aws.String("bytes=5-14")}), small[5:15])
		head := must(client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: in, Key: aws.String(awkward)}))(t, "head")
		if aws.ToInt64(head.ContentLength) != 1000 || head.Metadata["made-by"] != "test" {
			t.Errorf("head: %d bytes, metadata %v", aws.ToInt64(head.ContentLength), head.Metadata)
		}
		for _, sum := range types.ChecksumAlgorithm("").Values() {
			if sum == types.ChecksumAlgorithmCrc32 || sum == types.ChecksumAlgorithmCrc32c || sum == types.ChecksumAlgorithmSha1 ||
				sum == types.ChecksumAlgorithmSha256 || sum == types.ChecksumAlgorithmCrc64nvme {
				key := aws.String("sum/" + string(sum))
				_ = must(client.PutObject(ctx, &s3.PutObjectInput{Bucket: in, Key: key, Body: bytes.NewReader(small), ChecksumAlgorithm: sum}))(t, "put with "+*key)
				same(t, "get with "+*key, read("get", &s3.GetObjectInput{Key: key, ChecksumMode: types.ChecksumModeEnabled}), small)
			}
		}
		_ = must(client.CopyObject(ctx, &s3.CopyObjectInput{Bucket: in, Key: aws.String("copy"), CopySource: aws.String(bucket + "/" + escaped(awkward))}))(t, "copy")
		same(t, "get of the copy", read("get", &s3.GetObjectInput{Key: aws.String("copy")}), small)
		manageAWS(t, client)
		listAndDeleteAWS(t, client)
		if c.tls != nil && !frames.trailer.Load() {
			t.Error("no upload over TLS had its checksum in a trailer: what the test is for was not tried")
		}
	})
}

// framing notes whether an upload had the framing that the SDK takes over TLS.
type framing struct {
	http.RoundTripper
	trailer atomic.Bool
}

func (f *framing) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Header.Get("X-Amz-Content-Sha256") == "STREAMING-UNSIGNED-PAYLOAD-TRAILER" {
		f.trailer.Store(true)
	}
	return f.RoundTripper.RoundTrip(req)
}

// manageAWS moves an object in parts.
func manageAWS(t *testing.T, client *s3.Client) {
	manager := transfermanager.New(client, func(o *transfermanager.Options) {
		o.PartSizeBytes, o.MultipartUploadThreshold = partSize, partSize
	})
	big := content(bigSize)
	_ = must(manager.UploadObject(t.Context(), &transfermanager.UploadObjectInput{Bucket: aws.String(bucket), Key: aws.String("big"), Body: bytes.NewReader(big)}))(t, "upload in parts")
	got := &writerAt{}
	_ = must(manager.DownloadObject(t.Context(), &transfermanager.DownloadObjectInput{Bucket: aws.String(bucket), Key: aws.String("big"), WriterAt: got}))(t, "download in parts")
	same(t, "download in parts", got.body, big)
}

// listAndDeleteAWS lists in pages and deletes all.
func listAndDeleteAWS(t *testing.T, client *s3.Client) {
	in := aws.String(bucket)
	var keys []types.ObjectIdentifier
	pages := 0
	for p := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: in, MaxKeys: aws.Int32(3)}); p.HasMorePages(); pages++ {
		for _, o := range must(p.NextPage(t.Context()))(t, "list").Contents {
			keys = append(keys, types.ObjectIdentifier{Key: o.Key})
		}
	}
	if pages != (len(keys)+2)/3 || len(keys) < 8 || aws.ToString(keys[0].Key) != awkward {
		t.Fatalf("list: %d keys in %d pages, the first is %q", len(keys), pages, aws.ToString(keys[0].Key))
	}
	_ = must(client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: in, Key: keys[0].Key}))(t, "delete")
	gone := must(client.DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: in, Delete: &types.Delete{Objects: keys[1:]}}))(t, "delete many")
	if len(gone.Deleted) != len(keys)-1 || len(gone.Errors) > 0 {
		t.Errorf("delete many: %d of %d deleted, errors %v", len(gone.Deleted), len(keys)-1, gone.Errors)
	}
	left := must(client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: in}))(t, "list")
	if aws.ToInt32(left.KeyCount) != 0 || left.KeyCount == nil {
		t.Errorf("%d keys are left", len(left.Contents))
	}
	var none *types.NoSuchKey
	if _, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: in, Key: keys[0].Key}); !errors.As(err, &none) {
		t.Errorf("get of what was deleted: %v", err)
	}
}

// writerAt is a file in memory.
type writerAt struct {
	mu   sync.Mutex // parts come at once
	body []byte
}

func (w *writerAt) WriteAt(p []byte, at int64) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if need := int(at) + len(p); need > len(w.body) {
		w.body = append(w.body, make([]byte, need-len(w.body))...)
	}
	return copy(w.body[at:], p), nil
}

func TestRoundTripMinio(t *testing.T) {
	overBoth(t, func(t *testing.T, b *backend, c call) {
		ctx, client := t.Context(), must(newMinio(c))(t, "client")
		small, big := content(1000), content(bigSize)
		read := func(key string, o minio.GetObjectOptions) []byte {
			t.Helper()
			out := must(client.GetObject(ctx, bucket, key, o))(t, key)
			defer out.Close()
			return must(io.ReadAll(out))(t, key)
		}
		_ = must(client.PutObject(ctx, bucket, awkward, bytes.NewReader(small), int64(len(small)), minio.PutObjectOptions{UserMetadata: map[string]string{"Made-By": "test"}}))(t, "put")
		same(t, "get", read(awkward, minio.GetObjectOptions{}), small)
		var part minio.GetObjectOptions
		if err := part.SetRange(5, 14); err != nil {
			t.Fatal(err)
		}
		same(t, "range", read(awkward, part), small[5:15])
		if info := must(client.StatObject(ctx, bucket, awkward, minio.StatObjectOptions{}))(t, "head"); info.Size != 1000 || info.UserMetadata["Made-By"] != "test" {
			t.Errorf("head: %d bytes, metadata %v", info.Size, info.UserMetadata)
		}
		_ = must(client.CopyObject(ctx, minio.CopyDestOptions{Bucket: bucket, Object: "copy"}, minio.CopySrcOptions{Bucket: bucket, Object: awkward}))(t, "copy")
		same(t, "get of the copy", read("copy", minio.GetObjectOptions{}), small)
		_ = must(client.PutObject(ctx, bucket, "big", bytes.NewReader(big), int64(len(big)), minio.PutObjectOptions{PartSize: partSize}))(t, "upload in parts")
		_ = must(client.PutObject(ctx, bucket, "unknown", io.MultiReader(bytes.NewReader(big)), -1, minio.PutObjectOptions{PartSize: partSize}))(t, "upload of unknown length")
		same(t, "get of parts", read("big", minio.GetObjectOptions{}), big)
		same(t, "get of unknown length", read("unknown", minio.GetObjectOptions{}), big)
		_ = must(client.ComposeObject(ctx, minio.CopyDestOptions{Bucket: bucket, Object: "twice"},
			minio.CopySrcOptions{Bucket: bucket, Object: "big"}, minio.CopySrcOptions{Bucket: bucket, Object: "copy"}))(t, "compose")
		same(t, "get of what was composed", read("twice", minio.GetObjectOptions{}), append(bytes.Clone(big), small...))
		listAndDeleteMinio(t, client)
	})
}

func listAndDeleteMinio(t *testing.T, client *minio.Client) {
	list := func() (keys []minio.ObjectInfo) {
		for o := range client.ListObjects(t.Context(), bucket, minio.ListObjectsOptions{Recursive: true, MaxKeys: 2}) {
			if o.Err != nil {
				t.Fatal(o.Err)
			}
			keys = append(keys, o)
		}
		return keys
	}
	keys := list()
	if len(keys) != 5 || keys[0].Key != awkward {
		t.Fatalf("list: %v", keys)
	}
	if err := client.RemoveObject(t.Context(), bucket, keys[0].Key, minio.RemoveObjectOptions{}); err != nil {
		t.Errorf("delete: %v", err)
	}
	many := make(chan minio.ObjectInfo, len(keys))
	for _, o := range keys[1:] {
		many <- o
	}
	close(many)
	for e := range client.RemoveObjects(t.Context(), bucket, many, minio.RemoveObjectsOptions{}) {
		t.Errorf("delete many: %s: %v", e.ObjectName, e.Err)
	}
	if left := list(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if _, err := client.StatObject(t.Context(), bucket, keys[0].Key, minio.StatObjectOptions{}); minioError(err) != "NoSuchKey" {
		t.Errorf("head of what was deleted: %v", err)
	}
}

// TestRoundTripPrograms: each program moves objects to and fro by itself, and fails
// where something is not as it was.
func TestRoundTripPrograms(t *testing.T) {
	file := filepath.Join(t.TempDir(), "big")
	if err := os.WriteFile(file, content(bigSize), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, p := range []program{{"aws", "awscli.sh"}, {"rclone", "rclone.sh"}, {"s3cmd", "s3cmd.sh"}, {"curl", "curl.sh"}} {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			if _, err := p.version(); err != nil {
				skip(t, p.name, err)
			}
			overBoth(t, func(t *testing.T, b *backend, c call) {
				passes(t, p.command(t.Context(), b.trusted(t), "roundtrip", "there", file))
			})
		})
	}
	t.Run("boto3", func(t *testing.T) {
		t.Parallel()
		path, err := python()
		if err != nil {
			skip(t, "boto3", err)
		}
		overBoth(t, func(t *testing.T, b *backend, c call) {
			cmd := exec.CommandContext(t.Context(), path, "programs/boto3_roundtrip.py", file)
			cmd.Env = append(environment(), b.trusted(t)...)
			passes(t, cmd)
		})
	})
}

func passes(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", filepath.Base(cmd.Path), err, out)
	}
}

// skip is absent for a test of one client.
func skip(t *testing.T, name string, err error) {
	t.Helper()
	absent(t, name, err)
	t.SkipNow()
}

// trusted are the variables of the backend, and of its certificate as simulate exec
// sets them.
func (b *backend) trusted(t *testing.T) []string {
	vars := b.vars()
	if len(b.CA()) == 0 {
		return vars
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, b.CA(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"AWS_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SQUALL_CA"} {
		vars = append(vars, name+"="+file)
	}
	return vars
}

// escaped is a key as it stands in the source of a copy.
func escaped(key string) string { return (&url.URL{Path: key}).EscapedPath() }
