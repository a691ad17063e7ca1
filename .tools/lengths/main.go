// Command lengths fails when a Go file has more than 400 lines or a function
// more than 60. Its argument is the directory to look through.
package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const maxFile, maxFunc = 400, 60

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: lengths DIRECTORY")
		os.Exit(2)
	}
	long := 0
	err := filepath.WalkDir(os.Args[1], func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != os.Args[1] && (d.Name()[0] == '.' || d.Name() == "node_modules"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go"):
			return nil
		}
		n, err := check(path)
		long += n
		return err
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	if err != nil || long > 0 {
		os.Exit(1)
	}
}

// check prints what is too long in a file and returns how much is.
func check(path string) (long int, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, text, parser.SkipObjectResolution)
	if err != nil {
		return 0, err
	}
	if n := bytes.Count(text, []byte("\n")); n > maxFile {
		fmt.Printf("%s: %d lines, at most %d\n", path, n, maxFile)
		long++
	}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		start := fset.Position(f.Pos())
		if n := fset.Position(f.End()).Line - start.Line + 1; n > maxFunc {
			fmt.Printf("%s:%d: %s has %d lines, at most %d\n", path, start.Line, f.Name.Name, n, maxFunc)
			long++
		}
	}
	return long, nil
}
