package pager

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// The document shows the adapter and its suite as they are, and the adapter is as
// short as it says.
func TestDocument(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/adding-a-network.md")
	if err != nil {
		t.Fatal(err)
	}
	for file, from := range map[string]string{"pager.go": "// Package", "pager_test.go": "func TestSuite("} {
		code, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		shown := code[bytes.Index(code, []byte(from)):]
		if !strings.Contains(string(doc), "\n```go\n"+string(shown)+"```\n") {
			t.Errorf("the document does not have %s, from %q on, as it is", file, from)
		}
		if n := bytes.Count(code, []byte("\n")); file == "pager.go" && n > 150 {
			t.Errorf("the adapter has %d lines", n)
		}
	}
}
