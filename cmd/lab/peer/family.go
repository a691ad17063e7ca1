package peer

import (
	"bytes"
	"crypto/rand"
	_ "embed"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

//go:embed guard.sh
var guardScript string

// familyName is the environment variable by which a family is found: all that
// a program starts inherits it, whatever becomes of the program.
const familyName = "PEER_FAMILY"

// family is a program with what it has started and may leave behind.
type family struct {
	mark  string
	guard *exec.Cmd
	alive *os.File // the guard kills the family when this is closed, also by our death
}

// newFamily starts the guard of a family.
func newFamily() (*family, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer read.Close()
	f := &family{mark: familyName + "=" + rand.Text(), alive: write}
	f.guard = exec.Command("sh", "-c", guardScript, "guard", f.mark)
	f.guard.Stdin = read
	f.guard.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C shall not end it
	if err := f.guard.Start(); err != nil {
		return nil, errors.Join(err, write.Close())
	}
	return f, nil
}

// end kills all that is left and waits for it. It may be called again.
func (f *family) end() {
	if f != nil && f.alive.Close() == nil {
		_ = f.guard.Wait()
	}
}

// members returns the process ids of a family.
func (f *family) members() []int {
	files, _ := filepath.Glob("/proc/[0-9]*/environ") // the pattern is right
	var all []int
	for _, file := range files {
		env, err := os.ReadFile(file)
		if err == nil && bytes.Contains(env, []byte(f.mark)) {
			pid, _ := strconv.Atoi(strings.Split(file, "/")[2])
			all = append(all, pid)
		}
	}
	return all
}

// Family returns the processes that a program has started and that run, without
// itself; it is for those with Spec.Family.
func (p *Process) Family() []int {
	var all []int
	for _, pid := range p.family.members() {
		if pid != p.PID() && Parent(pid) != 0 {
			all = append(all, pid)
		}
	}
	return all
}

// Parent returns the parent of a process; 0 when it has ended, also if nobody
// has waited for it yet.
func Parent(pid int) int {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if errors.Is(err, fs.ErrNotExist) || err != nil {
		return 0
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:])) // after the name: state, parent
	if len(fields) < 2 || fields[0] == "Z" || fields[0] == "X" {
		return 0
	}
	parent, _ := strconv.Atoi(fields[1])
	return parent
}
