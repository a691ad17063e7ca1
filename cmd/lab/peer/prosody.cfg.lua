-- One server for one demo or test: loopback only, no TLS, nothing of the
-- system's own Prosody.
local here = {{printf "%q" .Dir}}

run_as_root  = true -- needed as root, no effect otherwise
pidfile      = here .. "/prosody.pid"
data_path    = here .. "/data"
certificates = here .. "/certs"
log          = { { levels = { min = {{printf "%q" .LogLevel}} }, to = "console" } }

interfaces           = { "127.0.0.1" }
c2s_ports            = { {{.C2SPort}} }
component_ports      = { {{.ComponentPort}} }
component_interfaces = { "127.0.0.1" }
http_ports           = { {{.HTTPPort}} }
http_interfaces      = { "127.0.0.1" }
https_ports          = {}
http_default_host    = "localhost" -- requests name 127.0.0.1
http_external_url    = "http://127.0.0.1:{{.HTTPPort}}/"

authentication               = "internal_plain"
c2s_require_encryption       = false
allow_unencrypted_plain_auth = true
consider_websocket_secure    = true
consider_bosh_secure         = true

modules_disabled = { "s2s", "s2s_auth_certs" }
modules_enabled = {
	"posix", "roster", "saslauth", "tls", "disco", "ping", "time", "version", "register",
	"blocklist", "http", "bosh", "websocket",
{{- if not .Unprivileged}} "privilege",{{end}}
{{- if not .Bare}}
	"private", "vcard4", "vcard_legacy", "pep", "bookmarks",
	"carbons", "smacks", "csi_simple", "mam", "offline",
{{- end}}
}
archive_expires_after = "never"
{{.Extra}}
{{- if not .Unprivileged}}
local pubsub = "http://jabber.org/protocol/pubsub"
local all = {
	roster = "both", message = "outgoing", presence = "roster",
	iq = { [pubsub] = "both", [pubsub .. "#owner"] = "both", ["urn:xmpp:http:upload:0"] = "get" },
}
{{- end}}

VirtualHost "localhost"
{{- if not .Unprivileged}}
	privileged_entities = {
{{- range .Components}}
		[{{printf "%q" .}}] = all,
{{- end}}
	}
{{- end}}
{{range .Components}}
Component {{printf "%q" .}}
	component_secret = "secret"
{{- if not $.Unprivileged}}
	modules_enabled = { "privilege" }
{{- end}}
{{end}}
{{- if not .Bare}}
Component "upload.localhost" "http_file_share"
	http_host = "localhost"
	http_file_share_size_limit = 16 * 1024 * 1024

Component "rooms.localhost" "muc"
	modules_enabled = { "muc_mam" }
{{end -}}
