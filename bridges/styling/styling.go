// Package styling turns texts with the styling of XEP-0393 (1.1.1) into HTML, and
// HTML into such texts: what networks with formatted texts need.
package styling

import (
	"strings"
)

// directives are what spans begin and end with: strong, emphasis, strike-through
// and preformatted.
const directives = "*_~`"

// fence begins and ends a preformatted block.
const fence = "```"

// maxQuotes bounds how deep quotations are nested: what is deeper is text.
const maxQuotes = 16

// joiner is U+2060, the word joiner. It is not seen, and is no white space: a
// directive behind it opens nothing.
const joiner = "\u2060"

// form is what a block is.
type form uint8

const (
	plain form = iota // lines with spans
	pre               // lines as they are
	quote             // blocks
)

// block is a part of a text.
type block struct {
	form  form
	info  string // what stands behind the fence
	lines []string
	inner []block
}

// lineFeeds are what clients take for the end of a line.
var lineFeeds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// parse reads a text.
func parse(text string) []block { return blocks(strings.Split(lineFeeds.Replace(text), "\n"), 0) }

// blocks reads lines. Those inside of a quotation have their leading spaces
// trimmed, but for one in preformatted blocks, of which the rest is the text.
func blocks(lines []string, depth int) (all []block) {
	for len(lines) > 0 {
		n, b := 0, block{}
		switch line := trimmed(lines[0], depth); {
		case strings.HasPrefix(line, fence):
			n, b = fenced(lines, depth)
		case quoted(line, depth):
			n, b = quotation(lines, depth)
		default:
			n, b = 1, block{lines: []string{line}}
			if last := len(all) - 1; last >= 0 && all[last].form == plain {
				all[last].lines = append(all[last].lines, line)
				lines = lines[1:]
				continue
			}
		}
		all, lines = append(all, b), lines[n:]
	}
	return all
}

func trimmed(line string, depth int) string {
	if depth == 0 {
		return line
	}
	return strings.TrimLeft(line, " ")
}

func quoted(line string, depth int) bool { return depth < maxQuotes && strings.HasPrefix(line, ">") }

// fenced reads a preformatted block: to a fence alone on its line, or to the end.
func fenced(lines []string, depth int) (n int, b block) {
	b = block{form: pre, info: strings.TrimPrefix(trimmed(lines[0], depth), fence)}
	for n = 1; n < len(lines); n++ {
		if trimmed(lines[n], depth) == fence {
			return n + 1, b
		}
		b.lines = append(b.lines, lines[n])
	}
	return n, b
}

// quotation reads the lines of a quotation.
func quotation(lines []string, depth int) (n int, b block) {
	var inside []string
	for n < len(lines) {
		line := trimmed(lines[n], depth)
		if !quoted(line, depth) {
			break
		}
		inside = append(inside, strings.TrimPrefix(line[1:], " "))
		n++
	}
	return n, block{form: quote, inner: blocks(inside, depth+1)}
}
