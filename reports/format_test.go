package reports_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/reports"
)

func TestFormatDuration(t *testing.T) {
	for _, tt := range []struct {
		d    time.Duration
		want string
	}{
		{0, "0s"},
		{1, "1ns"},
		{999, "999ns"},
		{1000, "1.00µs"},
		{12_345, "12.3µs"},
		{999_499, "999µs"},
		{999_500, "1.00ms"},
		{12_345_678, "12.3ms"},
		{123_456_789, "123ms"},
		{999_499_999, "999ms"},
		{999_500_000, "1.00s"},
		{1_235_000_000, "1.24s"},
		{9_994_999_999, "9.99s"},
		{9_995_000_000, "10.0s"},
		{31_200 * time.Millisecond, "31.2s"},
		{59_949 * time.Millisecond, "59.9s"},
		{59_950 * time.Millisecond, "1m00s"},
		{125 * time.Second, "2m05s"},
		{time.Hour - 501*time.Millisecond, "59m59s"},
		{time.Hour - 500*time.Millisecond, "1h00m"},
		{187 * time.Minute, "3h07m"},
		{24*time.Hour - 30*time.Second, "1d00h"},
		{98 * time.Hour, "4d02h"},
		{100 * 24 * time.Hour, "100d"},
		{math.MaxInt64, "106,752d"},
		{-1500 * time.Millisecond, "-1.50s"},
		{math.MinInt64, "-106,752d"},
	} {
		if got := reports.FormatDuration(tt.d); got != tt.want {
			t.Errorf("FormatDuration(%d) = %q, want %q", int64(tt.d), got, tt.want)
		}
	}
}

// What is printed must be what was measured, to three digits.
func TestFormatDurationIsClose(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(1, int64(60*time.Second)).Draw(t, "ns"))
		s := reports.FormatDuration(d)
		back, err := time.ParseDuration(s)
		if err != nil {
			t.Fatalf("%d: %q: %v", int64(d), s, err)
		}
		if off := math.Abs(float64(back-d)) / float64(d); off > 0.00502 {
			t.Fatalf("%d is printed as %q, off by %v", int64(d), s, off)
		}
	})
}

func TestFormatExact(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 30 * time.Second: "30s", time.Minute: "1m", 150 * time.Second: "2m30s", 96 * time.Hour: "96h",
		time.Hour + time.Second: "1h0m1s", 10 * time.Minute: "10m", 20 * time.Hour: "20h", 1500 * time.Microsecond: "1.5ms",
	} {
		if got := reports.FormatExact(d); got != want {
			t.Errorf("FormatExact(%v) = %q, want %q", d, got, want)
		}
		if back, err := time.ParseDuration(reports.FormatExact(d)); err != nil || back != d {
			t.Errorf("FormatExact(%v) does not parse back: %v, %v", d, back, err)
		}
	}
}

func TestFormatCount(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "0", 999: "999", 1000: "1,000", 12_345: "12,345", 1_000_000: "1,000,000", 9_999_999_999: "9,999,999,999",
		10_000_000_000: "1.00e10", math.MaxUint64: "1.84e19",
	} {
		if got := reports.FormatCount(n); got != want {
			t.Errorf("FormatCount(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestFormatNumber(t *testing.T) {
	for _, tt := range []struct {
		x    float64
		want string
	}{
		{0, "0"}, {1e-9, "1.0e-09"}, {0.05234, "0.0523"}, {0.5, "0.500"}, {0.09995, "0.100"}, {0.9994, "0.999"}, {0.9996, "1.00"},
		{1.234, "1.23"}, {9.996, "10.0"}, {12.34, "12.3"}, {99.96, "100"}, {199.8, "200"}, {1234.5, "1,235"},
		{1e30, "1.00e30"}, {-12.34, "-12.3"}, {math.NaN(), "-"}, {math.Inf(1), "-"}, {math.Inf(-1), "-"},
	} {
		if got := reports.FormatNumber(tt.x); got != tt.want {
			t.Errorf("FormatNumber(%v) = %q, want %q", tt.x, got, tt.want)
		}
	}
}

func TestFormatShare(t *testing.T) {
	for _, tt := range []struct {
		x    float64
		want string
	}{
		{0, "0%"}, {1, "100%"}, {0.5, "50.00%"}, {0.99999999, "99.99%"}, {1e-12, "0.01%"}, {0.12345, "12.35%"},
		{1.5, "150.00%"}, {math.NaN(), "-"}, {math.Inf(1), "-"},
	} {
		if got := reports.FormatShare(tt.x); got != tt.want {
			t.Errorf("FormatShare(%v) = %q, want %q", tt.x, got, tt.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Float64Range(0, 1).Draw(t, "share")
		s := reports.FormatShare(x)
		if (s == "100%") != (x == 1) || (s == "0%") != (x == 0) || strings.HasPrefix(s, "100.") {
			t.Fatalf("%v is printed as %q", x, s)
		}
	})
}
