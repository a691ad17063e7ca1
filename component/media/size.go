package media

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

var units = []struct {
	name string
	size int64
}{
	{"GiB", 1 << 30},
	{"GB", 1e9},
	{"MiB", 1 << 20},
	{"MB", 1e6},
	{"KiB", 1 << 10},
	{"kB", 1e3},
}

// maxMaxSize bounds Config.MaxSize, in bytes.
const maxMaxSize = 1 << 40

// ParseSize reads a number of bytes from 1 to 2^40, with a unit or without:
// 100MB, 10 MiB, 1.5GB, 5000000. The case of the unit does not matter.
func ParseSize(text string) (int64, error) {
	number, factor := strings.TrimSpace(text), int64(1)
	for _, u := range units {
		if i := len(number) - len(u.name); i > 0 && strings.EqualFold(number[i:], u.name) {
			number, factor = strings.TrimRight(number[:i], " "), u.size
			break
		}
	}
	if strings.Trim(number, "0123456789.") != "" { // as inf or 0x1p4
		return 0, fmt.Errorf("media: no size")
	}
	f, err := strconv.ParseFloat(number, 64)
	if n := math.Round(f * float64(factor)); err == nil && n >= 1 && n <= maxMaxSize {
		return int64(n), nil
	}
	return 0, fmt.Errorf("media: no size")
}
