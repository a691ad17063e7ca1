package main_test

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var (
	// assertion is one or a range, and more of the same kind behind it:
	// "0100.15", "0050.3-5", "0030.1, .2, .5".
	assertion     = regexp.MustCompile(`\b(\d{4}|5\.1|[Ss]poofing)\.(\d+)(?:-\.?(\d+))?((?:,[\s/]*\.\d+(?:-\.?\d+)?)*)`)
	moreOfTheKind = regexp.MustCompile(`\.(\d+)(?:-\.?(\d+))?`)
	fact          = regexp.MustCompile(`\bF\d+\b`)
)

// assertionsIn returns all that a text names, one by one.
func assertionsIn(text string) (ids []string) {
	for _, m := range assertion.FindAllStringSubmatch(text, -1) {
		kind := strings.ToLower(m[1])
		ids = append(ids, rangeOf(kind, m[2], m[3])...)
		for _, more := range moreOfTheKind.FindAllStringSubmatch(m[4], -1) {
			ids = append(ids, rangeOf(kind, more[1], more[2])...)
		}
	}
	return append(ids, fact.FindAllString(text, -1)...)
}

func rangeOf(kind, first, last string) (ids []string) {
	from, _ := strconv.Atoi(first)
	to, err := strconv.Atoi(last)
	if err != nil {
		to = from
	}
	for n := from; n <= to; n++ {
		ids = append(ids, kind+"."+strconv.Itoa(n))
	}
	return ids
}

// TestAssertions: each assertion that we claim is named by a test.
func TestAssertions(t *testing.T) {
	claims, err := os.ReadFile("testdata/assertions.txt")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	eachSource(t, func(file, text string) {
		if strings.HasSuffix(file, "_test.go") && !strings.HasSuffix(file, "/assertions_test.go") {
			for _, id := range assertionsIn(text) {
				named[id] = true
			}
		}
	})
	for line := range strings.Lines(string(claims)) {
		number, ids, _ := strings.Cut(strings.TrimSpace(line), " ")
		if number == "" || strings.HasPrefix(number, "#") {
			continue
		}
		claimed := assertionsIn(ids)
		if len(claimed) == 0 {
			t.Errorf("%s claims nothing", number)
		}
		for _, id := range claimed {
			if !named[id] {
				t.Errorf("%s: no test names %s", number, id)
			}
		}
	}
}
