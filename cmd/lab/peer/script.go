package peer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// What cmd/lab/deps.sh brings and is not there.
var (
	ErrNoModules     = errors.New("the Node packages are not installed; install them with: make deps")
	ErrNoEnvironment = errors.New("the Python packages are not installed; install them with: make deps")
)

// Modules returns the directory of the installed Node packages, those of
// package-lock.json in cmd/lab/node. It is found beside this source file.
func Modules() (string, error) {
	dir, ok := beside("node", "node_modules")
	if _, err := os.Stat(filepath.Join(dir, ".package-lock.json")); !ok || err != nil {
		return "", ErrNoModules
	}
	return dir, nil
}

// environment returns the interpreter that sees the Python packages of
// cmd/lab/python/requirements.txt.
func environment() (string, error) {
	dir, ok := beside("python", ".venv")
	if _, err := os.Stat(filepath.Join(dir, ".sum")); !ok || err != nil {
		return "", ErrNoEnvironment
	}
	return filepath.Join(dir, "bin", "python"), nil
}

// beside returns a path in cmd/lab, which is above this source file.
func beside(path ...string) (string, bool) {
	_, file, _, ok := runtime.Caller(0)
	return filepath.Join(append([]string{filepath.Dir(file), ".."}, path...)...), ok
}

// Interpreter is what runs a script.
type Interpreter string

// The interpreters.
const (
	Node   Interpreter = "node"
	Python Interpreter = python
	Perl   Interpreter = "perl"
)

// Script starts a script that talks in lines of JSON. Node finds the packages
// of cmd/lab/node by require. dir takes its log. The caller
// owes Stop.
func Script(ctx context.Context, dir string, with Interpreter, file string, args ...string) (*Lines, error) {
	s := Spec{
		Name: filepath.Base(file), Path: string(with), Args: append([]string{file}, args...),
		Log: filepath.Join(dir, filepath.Base(file)+".log"),
	}
	if _, err := os.Stat(file); err != nil {
		return nil, fmt.Errorf("script: %w", err)
	}
	switch with {
	case Node:
		modules, err := Modules()
		if err != nil {
			return nil, err
		}
		s.Env = []string{"NODE_PATH=" + modules}
	case Perl:
		if _, err := findFile(netSMPPFile); err != nil {
			return nil, err
		}
	}
	return StartLines(ctx, s)
}
