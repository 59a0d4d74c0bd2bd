//go:build unix

package clients

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

// newAWS is aws-sdk-go-v2 as config.LoadDefaultConfig sets it up, but for the backoff,
// which is none.
func newAWS(endpoint string, transport http.RoundTripper) *s3.Client {
	return s3.New(s3.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(endpoint), UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider("squall", "squall", ""),
		HTTPClient:  &http.Client{Transport: transport},

		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
		}),
	})
}

// goAWS plays one call of a case.
func goAWS(ctx context.Context, c call) told {
	transport := newTransport(c)
	defer transport.CloseIdleConnections()
	client := newAWS(c.endpoint, transport)
	key := aws.String(c.key)
	switch c.op {
	case "PutObject":
		_, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(bucket), Key: key, Body: bytes.NewReader(c.body)})
		return told{err: awsError(err)}
	case "GetObject":
		out, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(bucket), Key: key})
		if err != nil {
			return told{err: awsError(err)}
		}
		defer out.Body.Close()
		body, err := io.ReadAll(out.Body)
		return told{err: awsError(err), body: body}
	case "HeadObject":
		_, err := client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String(bucket), Key: key})
		return told{err: awsError(err)}
	case "ListObjectsV2":
		_, err := client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String(bucket)})
		return told{err: awsError(err)}
	case "CopyObject":
		_, err := client.CopyObject(ctx, &s3.CopyObjectInput{Bucket: aws.String(bucket), Key: key, CopySource: aws.String(bucket + "/" + source)})
		return told{err: awsError(err)}
	case "DeleteObjects":
		out, err := client.DeleteObjects(ctx, &s3.DeleteObjectsInput{
			Bucket: aws.String(bucket), Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: key}}},
		})
		if err == nil && len(out.Errors) > 0 {
			return told{err: "errors of keys"}
		}
		return told{err: awsError(err)}
	}
	return told{err: "no such operation"}
}

// newTransport is one with connections of its own, on which every read is to end within
// the call's time-out: that of a socket, as clients in other languages have it.
func newTransport(c call) *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Proxy = nil
	t.TLSClientConfig = c.tls
	if c.timeout > 0 {
		t.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, addr)
			return &impatient{conn, c.timeout}, err
		}
	}
	return t
}

type impatient struct {
	net.Conn
	timeout time.Duration
}

func (c *impatient) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.timeout)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

// awsError is what the SDK calls an error; "" for none.
func awsError(err error) string {
	var api smithy.APIError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &api):
		return api.ErrorCode()
	}
	return netError(err)
}

// The words for errors that have no code. What exactly a client sees of a broken
// connection depends on what it was doing just then.
const (
	timedOut = "time-out"
	broken   = "broken"
)

func netError(err error) string {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return timedOut
	}
	return broken
}
