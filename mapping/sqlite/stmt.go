package sqlite

import (
	"fmt"
	"strconv"
	"time"

	"zombiezen.com/go/sqlite"
)

// bind prepares a query, which is kept with the connection, and binds args.
func bind(c *sqlite.Conn, query string, args []any) (*sqlite.Stmt, error) {
	s, err := c.Prepare(query)
	if err != nil {
		return nil, err
	}
	for i, a := range args {
		switch a := a.(type) {
		case string:
			s.BindText(i+1, a)
		case []byte:
			s.BindBytes(i+1, a)
		case int64:
			s.BindInt64(i+1, a)
		case uint64:
			s.BindInt64(i+1, int64(a))
		case int:
			s.BindInt64(i+1, int64(a))
		case bool:
			s.BindBool(i+1, a)
		case time.Time:
			s.BindInt64(i+1, nanos(a))
		default:
			panic(fmt.Sprintf("sqlite: cannot bind %T", a))
		}
	}
	return s, nil
}

// exec runs a statement without rows.
func exec(c *sqlite.Conn, query string, args ...any) error {
	s, err := bind(c, query, args)
	if err != nil {
		return err
	}
	if _, err = s.Step(); err != nil {
		return err
	}
	return s.Reset()
}

// query calls row for each row of the result.
func query(c *sqlite.Conn, text string, row func(*sqlite.Stmt), args ...any) error {
	s, err := bind(c, text, args)
	if err != nil {
		return err
	}
	for {
		more, err := s.Step()
		if err != nil {
			return err
		}
		if !more {
			return s.Reset()
		}
		row(s)
	}
}

// limit is the clause that bounds the rows of a query. It has no parameter: SQLite
// plans a query anew each time that one is bound there, which takes 70 µs.
func limit(rows int) string { return " LIMIT " + strconv.Itoa(rows) }

// nanos is how times are stored: 0 for none.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func fromNanos(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n)
}

// blob returns a copy of a column.
func blob(s *sqlite.Stmt, col int) []byte {
	b := make([]byte, s.ColumnLen(col))
	s.ColumnBytes(col, b)
	return b
}
