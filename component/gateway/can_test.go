package gateway

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var declared = regexp.MustCompile(`(?m)^\t(Can[A-Z]\w*)`)

// TestEveryAbilityIsUsed: a bridge cannot say of its network what would change
// nothing.
func TestEveryAbilityIsUsed(t *testing.T) {
	can, err := os.ReadFile("../../bridges/can.go")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var source bytes.Buffer
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		source.Write(text)
	}
	all := declared.FindAllSubmatch(can, -1)
	if len(all) == 0 {
		t.Fatal("none is declared")
	}
	for _, m := range all {
		if !regexp.MustCompile(`\bbridges\.` + string(m[1]) + `\b`).Match(source.Bytes()) {
			t.Errorf("%s makes no difference", m[1])
		}
	}
}
