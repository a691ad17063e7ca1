package main_test

import (
	"crypto/sha1"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// snippetGrants are the privileges that are used, and no others: with that of
// presence a server sends everybody's.
var snippetGrants = map[string]string{
	"prosody":  `["` + domain + `"] = { roster = "both", message = "outgoing", iq = { ["urn:xmpp:http:upload:0"] = "get" } },`,
	"ejabberd": "#   mod_privilege:\n#     roster: {both: causeway}\n#     message: {outgoing: causeway}\n",
}

// TestSnippet pastes what the program prints into a server's configuration,
// where it says so, and connects.
func TestSnippet(t *testing.T) {
	for server, paste := range map[string]func(t *testing.T, s *lab.Server, text string){
		"prosody": pasteProsody, "ejabberd": pasteEjabberd,
	} {
		t.Run(server, func(t *testing.T) {
			t.Parallel()
			s := lab.Servers[server](t, peer.Options{Components: []string{"other.localhost"}})
			c := lab.StartCentre(t, peer.Node, peer.Secret)
			g := newGateway(t, settings{Server: s.Component, Centre: c.Address, Secret: `it's "new" \ here`})
			if server == "ejabberd" { // its listeners each have a port of their own
				ports, err := peer.Ports(1)
				if err != nil {
					t.Fatal(err)
				}
				g.configure(func(s *settings) { s.Server = peer.Local(ports[0]) })
			}
			status, text := g.command("snippet", server)
			if status != 0 || !strings.Contains(text, snippetGrants[server]) {
				t.Fatalf("exit status %d, want %q in %s", status, snippetGrants[server], text)
			}
			s.Kill()
			paste(t, s, text)
			s.Restart()
			g.start()
			r := &rig{t: t, server: s, centre: c, gateway: g}
			mayUpload(t, g, r.registered(t, "alice"))
		})
	}
}

func pasteProsody(t *testing.T, s *lab.Server, text string) {
	global, components, ok := strings.Cut(text, "-- At the end of the file:")
	_, access, found := strings.Cut(text, "\n--     http_file_share_access = ")
	if !ok || !found {
		t.Fatalf("the snippet says nothing about the end of the file, or about files:\n%s", text)
	}
	access, _, _ = strings.Cut(access, "\n")
	edit(t, filepath.Join(s.Dir, "prosody.cfg.lua"), func(file string) string {
		before, hosts, _ := strings.Cut(file, "\nVirtualHost ")
		hosts = strings.Replace(hosts, "\thttp_file_share_size_limit", "\thttp_file_share_access = "+access+"\n\thttp_file_share_size_limit", 1)
		return before + "\n" + global + "\nVirtualHost " + hosts + "\n" + components
	})
}

func pasteEjabberd(t *testing.T, s *lab.Server, text string) {
	listen, grants, ok := strings.Cut(text, "with these names:\n")
	if !ok {
		t.Fatalf("the snippet says nothing about grants:\n%s", text)
	}
	parts, part := map[string]string{}, ""
	for line := range strings.Lines(grants) {
		if line = strings.TrimPrefix(line, "# "); !strings.HasPrefix(line, " ") {
			part = line
			continue
		}
		parts[part] += line
	}
	rule, _, _ := strings.Cut(strings.TrimPrefix(parts["modules:\n"], "  mod_http_upload:\n"), "\n")
	edit(t, filepath.Join(s.Dir, "ejabberd.yml"), func(file string) string {
		for _, key := range []string{"acl:\n", "access_rules:\n"} {
			file = strings.Replace(file, "\n"+key, "\n"+key+parts[key], 1)
		}
		file = strings.Replace(file, "    access: all\n", rule+"\n", 1)
		return strings.Replace(file, "\nlisten:\n", "\nlisten:\n"+listen+"\n", 1)
	})
}

// mayUpload wants the server to let a component and a user upload a file (xeps.md F13).
func mayUpload(t *testing.T, g *gateway, alice *user) {
	t.Helper()
	const slot = "<request xmlns='urn:xmpp:http:upload:0' filename='a.png' size='5' content-type='image/png'/>"
	alice.Do(map[string]any{"do": "iq", "to": "upload.localhost", "xml": slot})
	if e := alice.Wait("a slot", func(e peer.Event) bool { return e.Event == "iq" && e.From == "upload.localhost" }); !strings.Contains(e.XML, "<slot ") {
		t.Errorf("a user gets %s", e.XML)
	}
	g.stop()
	conn, err := net.Dial("tcp", g.set.Server)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if deadline, ok := within(t).Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	says := func(text, until string) []string {
		t.Helper()
		answer, found := "", []string(nil)
		_, err := io.WriteString(conn, text)
		for part := make([]byte, 4096); err == nil && found == nil; found = regexp.MustCompile(until).FindStringSubmatch(answer) {
			var n int
			n, err = conn.Read(part)
			answer += string(part[:n])
		}
		if found == nil {
			t.Fatalf("%v behind %s", err, answer)
		}
		return found
	}
	id := says("<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' to='"+domain+"'>", ` id=['"]([^'"]+)['"]`)
	says(fmt.Sprintf("<handshake>%x</handshake>", sha1.Sum([]byte(id[1]+g.set.Secret))), "handshake")
	if a := says("<iq type='get' id='u1' from='"+domain+"' to='upload.localhost'>"+slot+"</iq>", "<iq .*</iq>")[0]; !strings.Contains(a, "<slot ") {
		t.Errorf("0363.2: the component gets %s", a)
	}
}

func edit(t *testing.T, file string, change func(string) string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(change(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
}
