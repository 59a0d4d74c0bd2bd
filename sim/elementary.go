package sim

import "math"

// The functions of package math differ in their last bits between machines:
// some have assembly of their own, and the compiler may fuse a multiplication
// with an addition. The versions here give the same bits everywhere: they are
// Go alone, and each product is converted to float64, which the language
// defines to round (spec, "Floating-point operators"); a test sees to it. math.Sqrt and math.Float64bits are exact by definition.

const (
	ln2Hi = 6.93147180369123816490e-01
	ln2Lo = 1.90821492927058770002e-10
	log2e = 1.44269504088896338700e+00
)

// log returns the natural logarithm of x, at most 1 ulp off. log(0) is -Inf;
// of a negative x, NaN.
//
// The method and its constants are those of FreeBSD's msun/src/e_log.c, whose
// notice is:
//
//	Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved.
//	Developed at SunPro, a Sun Microsystems, Inc. business. Permission to
//	use, copy, modify, and distribute this software is freely granted,
//	provided that this notice is preserved.
func log(x float64) float64 {
	k := 0
	if !(x >= 0x1p-1022 && x <= math.MaxFloat64) {
		switch {
		case math.IsNaN(x) || math.IsInf(x, 1):
			return x
		case x < 0:
			return math.NaN()
		case x == 0:
			return math.Inf(-1)
		}
		x *= 0x1p54
		k = -54
	}
	// x = 2^k · (1+f) with √2/2 ≤ 1+f < √2, by its bits: which half of them x is in is
	// not for a processor to guess.
	word := math.Float64bits(x)
	above := word - math.Float64bits(math.Sqrt2/2)
	k += int(int64(above) >> 52)
	f := math.Float64frombits(word-above&^(1<<52-1)) - 1

	s := f / (2 + f)
	s2 := float64(s * s)
	s4 := float64(s2 * s2)
	t1 := float64(s2 * (6.666666666666735130e-01 + float64(s4*(2.857142874366239149e-01+
		float64(s4*(1.818357216161805012e-01+float64(s4*1.479819860511658591e-01)))))))
	t2 := float64(s4 * (3.999999999940941908e-01 + float64(s4*(2.222219843214978396e-01+
		float64(s4*1.531383769920937332e-01)))))
	r := t1 + t2
	h := float64(0.5 * f * f)
	n := float64(k)
	return float64(n*ln2Hi) - ((h - (float64(s*(h+r)) + float64(n*ln2Lo))) - f)
}

// exp returns e^x, at most 1 ulp off: +Inf above 709.78, 0 below -745.13.
//
// The method and its constants are those of FreeBSD's msun/src/e_exp.c, whose
// notice is:
//
//	Copyright (C) 2004 by Sun Microsystems, Inc. All rights reserved.
//	Permission to use, copy, modify, and distribute this software is freely
//	granted, provided that this notice is preserved.
func exp(x float64) float64 {
	if !(x >= -7.45133219101941108420e+02 && x <= 7.09782712893383973096e+02) {
		switch {
		case math.IsNaN(x):
			return x
		case x > 0:
			return math.Inf(1)
		}
		return 0
	}
	// x = k·ln 2 + r with |r| ≤ ln 2 / 2, r = hi - lo
	k := int(float64(log2e*x) + math.Copysign(0.5, x))
	hi := x - float64(float64(k)*ln2Hi)
	lo := float64(float64(k) * ln2Lo)
	r := hi - lo
	t := float64(r * r)
	c := r - float64(t*(1.66666666666666657415e-01+float64(t*(-2.77777777770155933842e-03+
		float64(t*(6.61375632143793436117e-05+float64(t*(-1.65339022054652515390e-06+
			float64(t*4.13813679705723846039e-08)))))))))
	y := 1 - ((lo - float64(r*c)/(2-c)) - hi)
	return scale(y, k)
}

// scale returns y·2^k for y in [½, 2) and k in [-1075, 1024], rounded once.
func scale(y float64, k int) float64 {
	switch {
	case k > 1023:
		return float64(y * 2 * power2(k-1))
	case k < -1021:
		return float64(y * power2(k+128) * 0x1p-128)
	}
	return float64(y * power2(k))
}

// power2 returns 2^k for k in [-1022, 1023].
func power2(k int) float64 { return math.Float64frombits(uint64(k+1023) << 52) }
