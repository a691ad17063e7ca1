package main_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"

	"causeway/cmd/causeway/app"
	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// settings are what tests have different in config.yaml.
type settings struct {
	Server   string // component port of the XMPP server
	Secret   string // of the component
	Centre   string // address of the SMS centre
	Password string // of the bind
	Allow    string // a list of YAML
	Pool     []string
	LogLevel string
	Account  int    // limit of an account
	Bridges  string // instead of the one to the SMS centre
	Extra    string // appended to the file
	Env      []string
	Program  string // the built command; empty: the usual one
	Alone    bool   // without a keeper
	Public   bool   // the world reads files from it
	// These the gateway fills in.
	Dir, HTTP string
}

var configFile = template.Must(template.New("config").Parse(`server: {address: "{{.Server}}"}
store: "sqlite:{{.Dir}}/causeway.db"
http: {listen: "{{.HTTP}}"{{if .Public}}, public_url: "http://{{.HTTP}}"{{end}}}
log: {level: {{.LogLevel}}}
bridges:
{{- if .Bridges}}
{{.Bridges}}
{{- else}}
  - domain: sms.localhost
    network: sms
    secret: {{printf "%q" .Secret}}
    allow: [{{.Allow}}]
    limits: {account: {{.Account}}}
    region: US
    numbers: {pool: [{{range $i, $n := .Pool}}{{if $i}}, {{end}}"{{$n}}"{{end}}]}
    connectors:
      - smpp: {address: "{{.Centre}}", system_id: causeway, password: "{{.Password}}"}
{{- end}}
{{.Extra}}`))

// patience bounds one step on a busy machine.
const patience = 2 * time.Minute

func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// gateway is the program with a configuration and a directory of its own.
type gateway struct {
	*peer.Process // the latest that was started, the keeper; nil before
	before        []*peer.Process
	t             testing.TB
	set           settings
	config, log   string // files
}

// newGateway writes a configuration and starts nothing. Empty settings become
// those of package lab, all users of localhost, and a pool of ten numbers.
func newGateway(t testing.TB, s settings) *gateway {
	t.Helper()
	ports, err := peer.Ports(1)
	if err != nil {
		t.Fatal(err)
	}
	s.Dir, s.HTTP = t.TempDir(), peer.Local(ports[0])
	for _, d := range []struct {
		at   *string
		with string
	}{{&s.Secret, peer.Secret}, {&s.Password, peer.Secret}, {&s.Allow, peer.Domain}, {&s.LogLevel, "debug"}, {&s.Program, program}} {
		if *d.at == "" {
			*d.at = d.with
		}
	}
	if s.Pool == nil {
		s.Pool = numbers("+120255502%02d", 10)
	}
	if s.Account == 0 {
		s.Account = 1000
	}
	g := &gateway{t: t, set: s, config: filepath.Join(s.Dir, "config.yaml"), log: filepath.Join(s.Dir, "log")}
	g.configure(func(*settings) {})
	t.Cleanup(g.end)
	return g
}

func numbers(pattern string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(pattern, i)
	}
	return all
}

// configure changes the settings and writes the file.
func (g *gateway) configure(change func(*settings)) {
	g.t.Helper()
	change(&g.set)
	f, err := os.OpenFile(g.config, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		g.t.Fatal(err)
	}
	if err := errors.Join(configFile.Execute(f, g.set), f.Close()); err != nil {
		g.t.Fatal(err)
	}
}

// start runs the program and blocks until it is ready: link and bind are up.
func (g *gateway) start() {
	g.t.Helper()
	g.launch(g.ready)
}

func (g *gateway) launch(ready func() error) {
	g.t.Helper()
	args := []string{"run", "--config", g.config}
	if g.set.Alone {
		args = append(args, "--no-keeper")
	}
	p, err := peer.Start(within(g.t), peer.Spec{
		Path: g.set.Program, Args: args, Log: g.log, Ready: ready,
		Env: g.set.Env, Family: true,
	})
	if err != nil {
		g.t.Fatal(err)
	}
	if g.Process != nil {
		g.before = append(g.before, g.Process)
	}
	g.Process = p
}

// end stops the program and looks into its log for what must never be there.
func (g *gateway) end() {
	for _, p := range g.before {
		p.Kill()
	}
	if g.Process != nil {
		if err := g.Stop(); err != nil {
			g.t.Error(err)
		}
	}
	text, _ := os.ReadFile(g.log)
	for _, bad := range []string{"DATA RACE", "panic", "SECRET-"} {
		if strings.Contains(string(text), bad) {
			g.t.Errorf("the log has %q", bad)
		}
	}
	if g.t.Failed() && len(text) > 0 {
		g.t.Logf("causeway:\n%s", peer.Tail(g.log))
	}
}

// stop stops the program in order.
func (g *gateway) stop() {
	g.t.Helper()
	if err := g.Stop(); err != nil {
		g.t.Fatal(err)
	}
	if code := g.ExitCode(); code != 0 {
		g.t.Fatalf("exit status %d after SIGTERM", code)
	}
}

// reload sends SIGHUP and waits for a line in the log.
func (g *gateway) reload(line string) {
	g.t.Helper()
	before := g.count(line)
	if err := syscall.Kill(g.PID(), syscall.SIGHUP); err != nil {
		g.t.Fatal(err)
	}
	lab.Await(g.t, line, func() bool { return g.count(line) > before })
}

// count tells how often the log has a text.
func (g *gateway) count(text string) int {
	log, err := os.ReadFile(g.log)
	if err != nil {
		return 0
	}
	return strings.Count(string(log), text)
}

// get asks the program's web server.
func (g *gateway) get(path string) (status int, body string, err error) {
	ctx, cancel := context.WithTimeout(g.t.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+g.set.HTTP+path, nil)
	if err != nil {
		return 0, "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return resp.StatusCode, string(text), err
}

func (g *gateway) ready() error {
	status, body, err := g.get("/readyz")
	if err == nil && status != http.StatusOK {
		err = errors.New(body)
	}
	return err
}

// awaitDown waits until the program says that it cannot work, in these words.
func (g *gateway) awaitDown(words string) {
	g.t.Helper()
	lab.Await(g.t, "not ready: "+words, func() bool {
		err := g.ready()
		return err != nil && strings.Contains(err.Error(), words)
	})
}

// status is what the program says about its one bridge.
func (g *gateway) status() app.BridgeStatus {
	g.t.Helper()
	s := g.wholeStatus()
	if len(s.Bridges) != 1 {
		g.t.Fatalf("status: %+v", s)
	}
	return s.Bridges[0]
}

func (g *gateway) wholeStatus() app.Status {
	g.t.Helper()
	s, err := g.askStatus()
	if err != nil {
		g.t.Fatalf("status: %v", err)
	}
	return s
}

func (g *gateway) askStatus() (s app.Status, err error) {
	_, body, err := g.get("/status")
	if err == nil {
		err = json.Unmarshal([]byte(body), &s)
	}
	return s, err
}

// metric returns the sum of a metric over its labels that hold a text.
func (g *gateway) metric(name, labels string) int {
	g.t.Helper()
	_, body, err := g.get("/metrics")
	if err != nil {
		g.t.Fatal(err)
	}
	sum := 0.0
	line := regexp.MustCompile(`(?m)^` + name + `(\{.*\})? (\S+)$`)
	for _, m := range line.FindAllStringSubmatch(body, -1) {
		var v float64
		if _, err := fmt.Sscan(m[2], &v); err == nil && strings.Contains(m[1], labels) {
			sum += v
		}
	}
	return int(sum)
}

// command runs another command of the program with this configuration.
func (g *gateway) command(args ...string) (status int, output string) {
	g.t.Helper()
	return causeway(g.t, append(args, "--config", g.config)...)
}

// causeway runs a command line.
func causeway(t testing.TB, args ...string) (status int, output string) {
	t.Helper()
	cmd := exec.CommandContext(within(t), program, args...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}
