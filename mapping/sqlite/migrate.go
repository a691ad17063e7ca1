package sqlite

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

//go:embed migrations/*.sql
var migrations embed.FS

// applicationID marks a database as ours ("CWAY").
const applicationID = 0x43574159

// migration is one numbered file, applied once and never changed.
type migration struct {
	number int64
	script string
}

// allMigrations returns the migrations in order.
func allMigrations() ([]migration, error) {
	entries, err := migrations.ReadDir("migrations")
	if err != nil {
		return nil, err
	}
	var all []migration
	for _, e := range entries {
		digits, _, _ := strings.Cut(e.Name(), "_")
		n, err := strconv.ParseInt(digits, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("sqlite: migration %s: %w", e.Name(), err)
		}
		b, err := migrations.ReadFile(path.Join("migrations", e.Name()))
		if err != nil {
			return nil, err
		}
		all = append(all, migration{n, string(b)})
	}
	slices.SortFunc(all, func(a, b migration) int { return int(a.number - b.number) })
	return all, nil
}

// migrate brings the tables to the newest version. It refuses a database that
// is not ours or that a newer program wrote.
func migrate(c *sqlite.Conn) error {
	all, err := allMigrations()
	if err != nil {
		return err
	}
	version, err := identify(c, all)
	if err != nil {
		return err
	}
	for _, m := range all {
		if m.number <= version {
			continue
		}
		if err := apply(c, m); err != nil {
			return err
		}
	}
	return nil
}

// apply runs one migration, all of it or nothing.
func apply(c *sqlite.Conn, m migration) error {
	script := fmt.Sprintf("%s\nPRAGMA application_id = %d;\nPRAGMA user_version = %d;", m.script, applicationID, m.number)
	if err := sqlitex.ExecuteScript(c, script, nil); err != nil {
		return fmt.Errorf("migration %d: %w", m.number, err)
	}
	return nil
}

// identify returns the version of the tables, 0 in an empty database. A
// database that is not ours or that a newer program wrote is an error.
func identify(c *sqlite.Conn, all []migration) (version int64, err error) {
	if version, err = pragma(c, "user_version"); err != nil {
		return 0, err
	}
	id, err := pragma(c, "application_id")
	if err != nil {
		return 0, err
	}
	tables, err := queryInt(c, "SELECT count(*) FROM sqlite_schema")
	if err != nil {
		return 0, err
	}
	if id != applicationID && tables > 0 {
		return 0, fmt.Errorf("the file is a database of another program")
	}
	if newest := all[len(all)-1].number; version > newest {
		return 0, fmt.Errorf("the database has version %d, this program knows up to %d: run the newer program", version, newest)
	}
	return version, nil
}

func pragma(c *sqlite.Conn, name string) (int64, error) {
	return queryInt(c, "PRAGMA "+name)
}

func queryInt(c *sqlite.Conn, query string) (n int64, err error) {
	err = sqlitex.ExecuteTransient(c, query, &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
		n = s.ColumnInt64(0)
		return nil
	}})
	return n, err
}
