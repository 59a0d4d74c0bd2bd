package faults

// effectExamples has at least one effect of every kind, in the order in which
// people would look for them; those with a choice (how it ends, a hint) have one
// for each. A kind that is not here fails a test.
var effectExamples = [...]string{
	"SlowDown", "SlowDown retry-after=3s", "SlowDown amz-retry-after=3s",
	"503", "503 retry-after=3s", "503 retry-after-date=3s", `503 header=Content-Type:text/html body="<html>is busy</html>"`,
	"200", "307 header=Location:/elsewhere",
	"latency add=2s", "slow-body add=2s", "bandwidth rate=64KiB/s", "slow-upload rate=64KiB/s",
	"outage", "blackhole", "close", "reset", "garbage", "half-headers",
	"corrupt", "corrupt at=1000 checksum=matching",
	"stale by=30s", "clock-skew by=20m0s", "token-expired", "reject-early AccessDenied", "reject-early 503",
	"headers drop=Etag", "headers set=Content-Encoding:gzip",
	"truncate at=1000", "truncate at=1000 end=reset", "stall at=1000",
	"malformed-chunk", "malformed-chunk at=1000",
	"error-in-200 InternalError", "error-in-200 SlowDown", "error-in-200 SlowDown spaces=3",
	"delete-errors AccessDenied", "delete-errors InternalError share=0.5",
	"lost-ack InternalError", "lost-ack 503", "lost-ack reset", "lost-ack close", "lost-ack timeout",
}

// EffectExamples returns at least one valid effect of every kind that there is,
// always in the same order: for tables and tests that must not miss a kind.
func EffectExamples() []Effect {
	list := make([]Effect, len(effectExamples))
	for i, text := range effectExamples {
		list[i], _ = ParseEffect(text) // a test reads them all
	}
	return list
}
