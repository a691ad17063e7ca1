package componenttest

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Hostile is one case of hostile input: a file of component/testdata/hostile.
//
// A file has lines "about:", "counter:", "answer:" and "ends:", all but the
// first two only where needed, an empty line, and the bytes up to its last line
// end. In them {{NAME}} stands for a value, {{bytes C0 AF}} for bytes, and
// {{N of TEXT}} for N repetitions of TEXT, in which %d is the number of the
// repetition.
type Hostile struct {
	Name  string // of the file, without its ending
	About string
	// Counter is what rises: a reason of causeway_link_skipped_total, "handled"
	// for a stanza that the handler gets, "ends" for a stream that the link
	// ends, or "nothing".
	Counter string
	// Answer is the condition of the error that the sender gets from the link.
	Answer string
	// Ends is the stream error that the link ends the stream with.
	Ends string

	body string
}

// Corpus reads the cases of a directory. A damaged file fails the test.
func Corpus(t testing.TB, dir string) (cases []Hostile) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.case"))
	if err != nil || len(files) == 0 {
		t.Fatalf("componenttest: no cases in %s: %v", dir, err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		c, err := parseHostile(string(text))
		if err != nil {
			t.Fatalf("componenttest: %s: %v", f, err)
		}
		c.Name = strings.TrimSuffix(filepath.Base(f), ".case")
		cases = append(cases, c)
	}
	return cases
}

func parseHostile(text string) (c Hostile, err error) {
	head, body, ok := strings.Cut(text, "\n\n")
	if !ok {
		return c, fmt.Errorf("no empty line")
	}
	c.body = strings.TrimSuffix(body, "\n")
	fields := map[string]*string{"about": &c.About, "counter": &c.Counter, "answer": &c.Answer, "ends": &c.Ends}
	for line := range strings.Lines(head) {
		k, v, _ := strings.Cut(strings.TrimSpace(line), ": ")
		to := fields[k]
		if to == nil || *to != "" || v == "" {
			return c, fmt.Errorf("bad line %q", line)
		}
		*to = v
	}
	if c.About == "" || c.Counter == "" || (c.Counter == "ends") != (c.Ends != "") {
		return c, fmt.Errorf("about, counter or ends is missing")
	}
	return c, nil
}

// Has tells whether the bytes of a case name a value.
func (c *Hostile) Has(name string) bool { return strings.Contains(c.body, "{{"+name+"}}") }

// Play writes the bytes of a case, which may be very many, in pieces of some
// 64 KiB. It fails as w does, and for a directive that nobody can read.
func (c *Hostile) Play(w io.Writer, values map[string]string) error {
	b := bufio.NewWriterSize(w, 64<<10)
	rest := c.body
	for {
		plain, directive, ok := strings.Cut(rest, "{{")
		if _, err := b.WriteString(plain); err != nil || !ok {
			return orFlush(b, err)
		}
		if directive, rest, ok = strings.Cut(directive, "}}"); !ok {
			return fmt.Errorf("componenttest: %s: {{ without }}", c.Name)
		}
		if err := expand(b, directive, values); err != nil {
			return fmt.Errorf("componenttest: %s: {{%s}}: %w", c.Name, directive, err)
		}
	}
}

func orFlush(b *bufio.Writer, err error) error {
	if err != nil {
		return err
	}
	return b.Flush()
}

func expand(b *bufio.Writer, directive string, values map[string]string) error {
	if v, ok := values[directive]; ok {
		_, err := b.WriteString(v)
		return err
	}
	if digits, ok := strings.CutPrefix(directive, "bytes "); ok {
		raw, err := hex.DecodeString(strings.ReplaceAll(digits, " ", ""))
		if err != nil {
			return err
		}
		_, err = b.Write(raw)
		return err
	}
	count, text, ok := strings.Cut(directive, " of ")
	n, err := strconv.Atoi(count)
	if !ok || err != nil {
		return fmt.Errorf("unknown")
	}
	return repeat(b, n, text)
}

// repeat writes text n times, without ever holding all of it.
func repeat(b *bufio.Writer, n int, text string) error {
	if strings.Contains(text, "%d") {
		for i := range n {
			if _, err := b.WriteString(strings.ReplaceAll(text, "%d", strconv.Itoa(i))); err != nil {
				return err
			}
		}
		return nil
	}
	many := max(1, 32<<10/max(1, len(text)))
	block := strings.Repeat(text, many)
	for ; n > 0; n -= many {
		if _, err := b.WriteString(block[:len(text)*min(n, many)]); err != nil {
			return err
		}
	}
	return nil
}
