// Package s3fake is a fake S3 to put faults in front of: gofakes3, made
// deterministic and safe.
//
//	s3 := s3fake.New(s3fake.WithNow(clock.Now), s3fake.WithBuckets("raw"))
//	s3.Ensure("raw", "stations/1.json", 64<<10)
//	h := faults.NewHandler(injector, s3)
//
// The same requests give the same bytes, headers included: time is what
// WithNow says, and the ids of a request are a function of who sent it
// (faults.WithRequest), or of its number.
//
// gofakes3 reads and deletes; around it are a guard, which answers what
// gofakes3 would take for something else, handlers of our own for all that
// writes and lists, and a store of our own. So:
//
//   - subresources and headers that are not known (?acl, ?policy, versions,
//     encryption with a client's key, …) are refused with 501 NotImplemented
//     and change nothing; tags are kept;
//   - uploads in aws-chunked framing are decoded, whole objects and parts;
//   - all checksums that an upload has are checked (Content-MD5,
//     x-amz-content-sha256, x-amz-checksum-* as headers or trailers); the last
//     are kept, also of multipart objects, and given back to who asks;
//   - conditional requests hold, also on GET and HEAD, for copies and at the end
//     of a multipart upload;
//   - ETags of multipart objects are the same everywhere; parts but the last
//     have 5 MiB, and can be copied; an upload that was completed says so again;
//     metadata is the last write's, never merged;
//   - errors are S3's: status, code, message, resource and ids;
//   - a panic below becomes a 500 with the code [BugCode], told apart from any
//     fault that was put in on purpose.
//
// It does not check signatures, and buckets have no versions. Objects whose
// content is that of [Body] take no memory for it.
package s3fake
