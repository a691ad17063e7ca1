package peer

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
)

// packages tells which Debian packages bring a program or file.
var packages = map[string]string{
	"prosody":          "prosody prosody-modules",
	"erl":              "ejabberd",
	ejabberdLibs:       "ejabberd",
	"/usr/bin/python3": "python3-slixmpp python3-aiohttp",
	slixmppFile:        "python3-slixmpp python3-aiohttp",
	"perl":             "perl libnet-smpp-perl",
	netSMPPFile:        "libnet-smpp-perl",
	"chromium":         "chromium",
	"node":             "nodejs npm",
	prosodyModules:     "prosody-modules",
}

const (
	ejabberdLibs   = "/usr/lib/*/ejabberd-*"
	slixmppFile    = "/usr/lib/python3/dist-packages/slixmpp/__init__.py"
	netSMPPFile    = "/usr/share/perl5/Net/SMPP.pm"
	prosodyModules = "/usr/lib/prosody/modules/mod_privilege*"
)

// ErrMissing is wrapped by errors about programs that are not installed. Their
// text names the one line that installs them.
var ErrMissing = errors.New("not installed")

// Find returns the path of a program, given by name or path.
func Find(program string) (string, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return "", missing(program)
	}
	return path, nil
}

// findFile returns the first file that fits a pattern of filepath.Match.
func findFile(pattern string) (string, error) {
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) == 0 {
		return "", missing(pattern)
	}
	return found[0], nil
}

func missing(what string) error {
	p, ok := packages[what]
	if !ok {
		return fmt.Errorf("%s is %w", what, ErrMissing)
	}
	return fmt.Errorf("%s is %w; install it with: apt-get install -y --no-install-recommends %s", what, ErrMissing, p)
}

// Chromium returns the path of the browser.
func Chromium() (string, error) { return Find("chromium") }
