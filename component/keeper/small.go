//go:build linux

package keeper

import (
	"bufio"
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	"golang.org/x/sys/unix"
)

// shrink gives back the memory that the start of the program took: the heap,
// and the pages of its file, which the kernel maps again when one is used.
func shrink() {
	debug.FreeOSMemory()
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		return
	}
	defer f.Close()
	var from, to uintptr
	var flags string
	for s := bufio.NewScanner(f); s.Scan(); {
		key, value, _ := strings.Cut(s.Text(), " ")
		switch {
		case !strings.HasSuffix(key, ":"): // the line that begins a mapping
			_, _ = fmt.Sscanf(s.Text(), "%x-%x %s", &from, &to, &flags)
		case key == "Anonymous:" && strings.TrimSpace(value) == "0 kB" && strings.HasPrefix(flags, "r-") && flags[3] == 'p':
			_, _, _ = unix.Syscall(unix.SYS_MADVISE, from, to-from, unix.MADV_DONTNEED) // nothing of it is changed: it is what the file has
		}
	}
}
