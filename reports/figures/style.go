package figures

import (
	"image/color"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The palette of Okabe and Ito, as far as it is used, and greys.
var (
	orange     = rgb(0xE69F00)
	okTint     = rgb(0x9CD0F0) // sky blue, paler
	yellow     = rgb(0xF0E442)
	blue       = rgb(0x0072B2)
	vermillion = rgb(0xD55E00)
	purple     = rgb(0xCC79A7)
	black      = rgb(0x000000)

	ink       = rgb(0x222222) // text
	secondary = rgb(0x6B6B6B) // text that explains
	axisGrey  = rgb(0x8A8A8A)
	gridGrey  = rgb(0xDADADA)
	bandGrey  = rgb(0xF3F4F6) // every other phase
	bandFault = rgb(0xFCE6D6) // phases with faults
	edgeFault = rgb(0xE0A27A)
	textFault = rgb(0x8F3D00)
	white     = rgb(0xFFFFFF)
)

func rgb(v uint32) color.NRGBA {
	return color.NRGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: 0xFF}
}

// translucent is a colour that lets what is under it shine through.
func translucent(c color.NRGBA, alpha uint8) color.NRGBA {
	c.A = alpha
	return c
}

// letters is a text style in gonum's embedded Liberation Sans, so that the
// places of texts do not depend on the fonts of a machine.
func letters(size vg.Length, c color.Color, weight xfont.Weight) text.Style {
	return text.Style{
		Color:   c,
		Font:    font.Font{Typeface: "Liberation", Variant: "Sans", Weight: weight, Size: size},
		XAlign:  draw.XLeft,
		YAlign:  draw.YBottom,
		Handler: plot.DefaultTextHandler,
	}
}

var (
	titleStyle   = letters(13, ink, xfont.WeightBold)
	subStyle     = letters(8.5, secondary, xfont.WeightNormal)
	legendStyle  = letters(8.5, ink, xfont.WeightNormal)
	headStyle    = letters(9.5, ink, xfont.WeightBold)
	settingStyle = letters(8, secondary, xfont.WeightNormal)
	factStyle    = letters(8.5, ink, xfont.WeightNormal)
	tickStyle    = letters(8, ink, xfont.WeightNormal)
	labelStyle   = letters(8, secondary, xfont.WeightNormal)
	phaseStyle   = letters(8, ink, xfont.WeightBold)
	faultStyle   = letters(7.5, textFault, xfont.WeightNormal)
	messageStyle = letters(9, secondary, xfont.WeightNormal)
	noteStyle    = letters(7.5, secondary, xfont.WeightNormal)
)

func right(s text.Style) text.Style {
	s.XAlign = draw.XRight
	return s
}

func center(s text.Style) text.Style {
	s.XAlign = draw.XCenter
	return s
}

// fit shortens s until it is at most w wide; "" when not even a letter is.
func fit(s string, style text.Style, w vg.Length) string {
	if style.Width(s) <= w {
		return s
	}
	runes := []rune(s)
	lo, hi := 0, len(runes) // the longest prefix that fits with its ellipsis
	for lo < hi {
		mid := (lo + hi + 1) / 2
		if style.Width(string(runes[:mid])+"…") <= w {
			lo = mid
		} else {
			hi = mid - 1
		}
	}
	if lo == 0 {
		return ""
	}
	return string(runes[:lo]) + "…"
}
