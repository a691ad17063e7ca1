package main_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"causeway/cmd/lab/peer"
)

// extensions is what docs/xeps.md says.
type extensions struct {
	numbers    map[string]bool     // of rows, and of what is not done
	versions   map[string]string   // by number
	features   map[string][]string // by place
	identities map[string][]string // by place
	tests      []string
}

var (
	// A row: number, version, words, features, places, tests.
	extensionRow = regexp.MustCompile(`(?m)^\| (\d{4}) \| (\S+) \| .+ \|([^|\n]*)\|([^|\n]*)\|([^|\n]*)\|$`)
	identityRow  = regexp.MustCompile(`(?m)^\| (gateway|contact|resource) \| ([^|]*) \|$`)
	// What is not done, or is only recognised, with the reason.
	reasonRow = regexp.MustCompile(`(?m)^- ((?:\d{4}(?:, | and )?)+)`)
	quoted    = regexp.MustCompile("`([^`]+)`")
)

// codes are the words between backticks.
func codes(text string) (words []string) {
	for _, m := range quoted.FindAllStringSubmatch(text, -1) {
		words = append(words, m[1])
	}
	return words
}

func readExtensions(t *testing.T) *extensions {
	t.Helper()
	text, err := os.ReadFile("../../docs/xeps.md")
	if err != nil {
		t.Fatal(err)
	}
	x := &extensions{numbers: map[string]bool{}, versions: map[string]string{}, features: map[string][]string{}, identities: map[string][]string{}}
	for _, row := range extensionRow.FindAllStringSubmatch(string(text), -1) {
		if had := x.versions[row[1]]; had != "" && had != row[2] {
			t.Errorf("%s has the versions %s and %s", row[1], had, row[2])
		}
		x.versions[row[1]], x.numbers[row[1]] = row[2], true
		x.tests = append(x.tests, codes(row[5])...)
		for place := range strings.SplitSeq(row[4], ",") {
			place = strings.TrimSpace(place)
			x.features[place] = append(x.features[place], codes(row[3])...)
		}
	}
	for _, row := range reasonRow.FindAllStringSubmatch(string(text), -1) {
		for _, number := range xepNumber.FindAllString(row[1], -1) {
			x.numbers[number] = true
		}
	}
	if len(x.features[""]) > 0 {
		t.Errorf("announced nowhere: %q", x.features[""])
	}
	for _, row := range identityRow.FindAllStringSubmatch(string(text), -1) {
		x.identities[row[1]] = codes(row[2])
	}
	return x
}

// TestExtensions compares docs/xeps.md with what is announced, both ways: a
// stranger asks for it, so that it is what everybody may know (xeps.md 0030.1,
// .2, .5).
func TestExtensions(t *testing.T) {
	each(t, func(t *testing.T, server string) {
		x := readExtensions(t)
		u := newRig(t, server, peer.Node).login(t, "alice")
		const name = "474f4f474c45;phone-context=alphanumeric@" + domain
		x.features["name"] = append(x.features["name"], x.features["contact"]...)
		x.identities["name"] = x.identities["contact"]
		for place, jid := range map[string]string{"gateway": domain, "contact": contact, "resource": contact + "/gateway", "name": name} {
			u.Do(map[string]any{"do": "discover", "to": jid})
			info := u.Wait("disco#info of the "+place, answer)
			var identities []string
			for _, i := range info.Identities {
				identities = append(identities, strings.Join(i, "/"))
			}
			sameSet(t, place+": feature", x.features[place], info.Features)
			sameSet(t, place+": identity", x.identities[place], identities)
		}
	})
}

// sameSet names what only one of two lists has.
func sameSet(t *testing.T, what string, documented, announced []string) {
	t.Helper()
	for _, d := range documented {
		if !slices.Contains(announced, d) {
			t.Errorf("%s %s is documented and not announced", what, d)
		}
	}
	for _, a := range announced {
		if !slices.Contains(documented, a) {
			t.Errorf("%s %s is announced and not documented", what, a)
		}
	}
}

var (
	sourceTest    = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	sourceMention = regexp.MustCompile(`XEP-(\d{4})(?: \(([\d.]+)\))?`)
	xepNumber     = regexp.MustCompile(`\d{4}`)
	// A namespace of an extension, or what begins one, in code.
	sourceSpace   = regexp.MustCompile("[\"`](urn:xmpp:|http://jabber\\.org/|jabber:|vcard-temp|eu\\.siacs\\.)[^\"`]*[\"`]")
	sourceSpecify = regexp.MustCompile(`XEP-(\d{4})|RFC \d{4}`)
)

// TestExtensionsOfTheSource: the tests that docs/xeps.md names exist, and each
// extension that the source names, or whose namespace it uses, is there, in the
// same version.
func TestExtensionsOfTheSource(t *testing.T) {
	x, tests := readExtensions(t), map[string]bool{}
	eachSource(t, func(file, text string) {
		if strings.HasSuffix(file, "_test.go") {
			for _, m := range sourceTest.FindAllStringSubmatch(text, -1) {
				tests[m[1]] = true
			}
			return
		}
		x.specified(t, file, text)
		for _, m := range sourceMention.FindAllStringSubmatch(text, -1) {
			switch version, number := x.versions[m[1]], m[1]; {
			case !x.numbers[number]:
				t.Errorf("%s names XEP-%s, which is not documented", file, number)
			case version != "" && m[2] != "" && version != m[2]:
				t.Errorf("%s names version %s of XEP-%s, not %s", file, m[2], number, version)
			}
		}
	})
	for _, name := range x.tests {
		if !tests[name] {
			t.Errorf("there is no test %s", name)
		}
	}
}

// specified wants the number of its extension, or of its RFC, behind or above
// each namespace in a file, or at the head of the file.
func (x *extensions) specified(t *testing.T, file, text string) {
	t.Helper()
	head := text[:max(0, strings.Index(text, "\npackage "))]
	above := "" // the comment there
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "//") {
			above += line
			continue
		}
		code, comment, _ := strings.Cut(line, " // ")
		said := []string{comment, above, head}
		above = ""
		space := sourceSpace.FindString(code)
		if space == "" {
			continue
		}
		var m []string
		for i := 0; i < len(said) && m == nil; i++ {
			m = sourceSpecify.FindStringSubmatch(said[i])
		}
		switch {
		case m == nil:
			t.Errorf("%s does not say what %s is of", file, space)
		case m[1] != "" && !x.numbers[m[1]]:
			t.Errorf("%s uses %s of XEP-%s, which is not documented", file, space, m[1])
		}
	}
}

// eachSource calls f with each Go file of the module and what is in it.
func eachSource(t *testing.T, f func(file, text string)) {
	t.Helper()
	err := filepath.WalkDir("../..", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == "node_modules":
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(file, ".go"):
			return nil
		}
		text, err := os.ReadFile(file)
		f(file, string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
