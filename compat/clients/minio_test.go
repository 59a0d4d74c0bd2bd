//go:build unix

package clients

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

func init() { minio.DefaultRetryUnit = time.Millisecond } // the number of attempts does not depend on it

func newMinio(c call) (*minio.Client, error) {
	host, secure := strings.CutPrefix(c.endpoint, "https://")
	return minio.New(strings.TrimPrefix(host, "http://"), &minio.Options{
		Creds: credentials.NewStaticV4("squall", "squall", ""), Region: "us-east-1", Secure: secure, Transport: newTransport(c),
	})
}

// goMinio plays one call of a case.
func goMinio(ctx context.Context, c call) told {
	client, err := newMinio(c)
	if err != nil {
		return told{err: err.Error()}
	}
	switch c.op {
	case "PutObject":
		_, err = client.PutObject(ctx, bucket, c.key, bytes.NewReader(c.body), int64(len(c.body)), minio.PutObjectOptions{})
	case "GetObject":
		out, err := client.GetObject(ctx, bucket, c.key, minio.GetObjectOptions{})
		if err != nil {
			return told{err: minioError(err)}
		}
		defer out.Close()
		body, err := io.ReadAll(out)
		return told{err: minioError(err), body: body}
	case "HeadObject":
		_, err = client.StatObject(ctx, bucket, c.key, minio.StatObjectOptions{})
	case "ListObjectsV2":
		for o := range client.ListObjects(ctx, bucket, minio.ListObjectsOptions{Recursive: true}) {
			err = errors.Join(err, o.Err)
		}
	case "CopyObject":
		_, err = client.CopyObject(ctx, minio.CopyDestOptions{Bucket: bucket, Object: c.key}, minio.CopySrcOptions{Bucket: bucket, Object: source})
	case "DeleteObjects":
		keys := make(chan minio.ObjectInfo, 1)
		keys <- minio.ObjectInfo{Key: c.key}
		close(keys)
		for e := range client.RemoveObjects(ctx, bucket, keys, minio.RemoveObjectsOptions{}) {
			err = errors.Join(err, e.Err)
		}
	default:
		return told{err: "no such operation"}
	}
	return told{err: minioError(err)}
}

// minioError is what minio-go calls an error; "" for none.
func minioError(err error) string {
	var answer minio.ErrorResponse
	switch {
	case err == nil:
		return ""
	case errors.As(err, &answer) && answer.Code != "":
		return answer.Code
	}
	return netError(err)
}
