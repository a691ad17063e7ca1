package peer

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"time"
)

//go:embed ejabberd.yml
var ejabberdConfig string

// Ejabberd starts an ejabberd and blocks until it is ready. The caller owes
// Stop or Kill. The Erlang node is without distribution: no epmd, no name, any
// number of them side by side.
func Ejabberd(ctx context.Context, o Options) (*Server, error) {
	return kind{
		name: "ejabberd", config: ejabberdConfig, file: "ejabberd.yml",
		spec:     ejabberdSpec,
		prepare:  func(string, Options) error { return nil },
		populate: registerUsers,
	}.start(ctx, o)
}

func ejabberdSpec(dir string, _ Options) (Spec, error) {
	if _, err := Find("erl"); err != nil {
		return Spec{}, err
	}
	lib, err := findFile(ejabberdLibs)
	return Spec{
		Path: "erl", Dir: dir,
		// The inner quotes belong to the argument: it is an Erlang term.
		Args: []string{
			"-noinput", "+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none",
			"-mnesia", "dir", fmt.Sprintf("%q", filepath.Join(dir, "spool")), "-s", "ejabberd",
		},
		Env: []string{
			"HOME=" + dir, "ERL_LIBS=" + filepath.Dir(lib), "ERL_CRASH_DUMP_BYTES=0",
			"EJABBERD_CONFIG_PATH=" + filepath.Join(dir, "ejabberd.yml"),
			"EJABBERD_LOG_PATH=" + filepath.Join(dir, "ejabberd.log"),
		},
	}, err
}

func registerUsers(s *Server, o Options) error {
	for _, u := range o.Users {
		if err := s.call("register", map[string]string{"user": u, "host": Domain, "password": Secret}); err != nil {
			return err
		}
	}
	return nil
}

// call runs a command of ejabberdctl by its HTTP API. That a user is there
// already, from an earlier run, is no error.
func (s *Server) call(command string, arguments any) error {
	body, err := json.Marshal(arguments)
	if err != nil {
		return err
	}
	client := http.Client{Timeout: 20 * time.Second}
	resp, err := client.Post("http://"+s.HTTP+"/api/"+command, "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if err == nil && resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusConflict {
		err = fmt.Errorf("ejabberd %s: %s %s", command, resp.Status, text)
	}
	return err
}
