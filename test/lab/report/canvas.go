package report

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// canvas collects the elements of an SVG, and the boxes of its texts, so that a test can
// see whether any two overlap.
type canvas struct {
	width, height float64
	elements      strings.Builder
	boxes         []box
}

// box is where a text stands.
type box struct {
	text                     string
	left, top, right, bottom float64
}

// Anchors of a text.
const (
	atStart  = "start"
	atMiddle = "middle"
	atEnd    = "end"
)

// text writes a line of text with its baseline at y. Its width is estimated for DejaVu
// Sans, one of the widest fonts that stand in for "sans-serif".
func (c *canvas) text(x, y float64, class, anchor string, size float64, text string) {
	width := estimate(text, size, strings.Contains(class, "mono") || strings.Contains(class, "bold"))
	left := x
	switch anchor {
	case atMiddle:
		left -= width / 2
	case atEnd:
		left -= width
	}
	c.boxes = append(c.boxes, box{text, left, y - 0.75*size, left + width, y + 0.2*size})
	fmt.Fprintf(&c.elements, `<text x="%s" y="%s" class="%s" text-anchor="%s" font-size="%s">%s</text>`+"\n",
		number(x), number(y), class, anchor, number(size), escape(text))
}

// estimate is about how wide a text is.
func estimate(text string, size float64, wide bool) float64 {
	perCharacter := 0.55
	if wide {
		perCharacter = 0.61
	}
	return float64(len([]rune(text))) * size * perCharacter
}

func (c *canvas) rect(x, y, width, height, radius float64, class string) {
	fmt.Fprintf(&c.elements, `<rect x="%s" y="%s" width="%s" height="%s" rx="%s" class="%s"/>`+"\n",
		number(x), number(y), number(max(width, 0.5)), number(height), number(radius), class)
}

func (c *canvas) line(x1, y1, x2, y2 float64, class string) {
	fmt.Fprintf(&c.elements, `<line x1="%s" y1="%s" x2="%s" y2="%s" class="%s"/>`+"\n",
		number(x1), number(y1), number(x2), number(y2), class)
}

func (c *canvas) path(class, d string) {
	fmt.Fprintf(&c.elements, `<path class="%s" d="%s"/>`+"\n", class, d)
}

// cross marks the place of a cut: a shape, for those who do not see the colour.
func (c *canvas) cross(x, y, size float64) {
	c.path("cross", fmt.Sprintf("M%s %sL%s %sM%s %sL%s %s",
		number(x-size), number(y-size), number(x+size), number(y+size),
		number(x-size), number(y+size), number(x+size), number(y-size)))
}

// svg is the whole picture. It brings its own background: the page around it may be light
// or dark, and the reader's setting decides here, not the page's.
func (c *canvas) svg(title, description string) []byte {
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]s %[2]s" width="%[1]s" height="%[2]s" role="img" aria-labelledby="t d">
<title id="t">%[3]s</title>
<desc id="d">%[4]s</desc>
<style>%[5]s</style>
<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="6" height="6" class="hatchback"/><rect width="2.5" height="6" class="hatchline"/></pattern></defs>
<rect width="%[1]s" height="%[2]s" rx="8" class="page"/>
%[6]s</svg>
`, number(c.width), number(c.height), escape(title), escape(description), style, c.elements.String())
}

// style: plain system fonts; light, and dark where the reader's system is dark.
const style = `
text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", Arial, sans-serif; fill: #1f2328 }
.mono { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #0550ae }
.bold { font-weight: 600 }
.muted { fill: #59636e }
.bad { fill: #b31d28 }
.page { fill: #ffffff; stroke: #d1d9e0 }
.grid { stroke: #eaeef2 }
.rule { stroke: #d1d9e0 }
.event { stroke: #59636e; stroke-dasharray: 3 3 }
.alive { fill: #2da44e }
.cut { fill: #e5534b }
.waiting { fill: #d4a72c }
.cross { stroke: #b31d28; stroke-width: 2.4; fill: none; stroke-linecap: round }
.arrow { fill: #2da44e }
.failed { fill: #b31d28; stroke: #ffffff }
.mark { fill: #ffffff }
.hatchback { fill: #fff8c5 }
.hatchline { fill: #bf8700 }
.hang { fill: url(#hatch); stroke: #bf8700 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.mono { fill: #79c0ff }
.muted { fill: #9198a1 }
.bad { fill: #ff7b72 }
.page { fill: #0d1117; stroke: #3d444d }
.grid { stroke: #21262d }
.rule { stroke: #3d444d }
.event { stroke: #9198a1 }
.alive, .arrow { fill: #3fb950 }
.cut { fill: #da3633 }
.cross { stroke: #ff7b72 }
.failed { fill: #ff7b72; stroke: #0d1117 }
.mark { fill: #0d1117 }
.hatchback { fill: #3b2e0a }
.hatchline { fill: #d29922 }
.hang { stroke: #d29922 }
}
`

// number writes a coordinate without needless digits: the file is committed.
func number(f float64) string {
	text := fmt.Sprintf("%.1f", f)
	return strings.TrimSuffix(text, ".0")
}

func escape(text string) string {
	var out strings.Builder
	_ = xml.EscapeText(&out, []byte(text)) // a strings.Builder takes everything
	return out.String()
}
