package guest

import (
	"database/sql"
	"regexp"
	"strings"
)

// A Table is what matters of one: as a schema makes it, or as an engine finds it.
type Table struct {
	Name    string
	Columns []Column
	Indexes []string // names, those of keys apart
}

// A Column is what matters of one.
type Column struct {
	Name, Type string
	Key        bool // of the primary key
	NotNull    bool
	Default    bool // it is filled where an INSERT leaves it out
	Counts     bool // by numbers that rise and never come again
}

// ReadTables returns the tables that an engine finds. The rows are a table's name and
// one of its columns, field by field, those of a table one after another. It closes
// them.
func ReadTables(rows *sql.Rows) ([]Table, error) {
	defer rows.Close()
	var list []Table
	for rows.Next() {
		var table string
		var c Column
		if err := rows.Scan(&table, &c.Name, &c.Type, &c.Key, &c.NotNull, &c.Default, &c.Counts); err != nil {
			return nil, err
		}
		if n := len(list); n == 0 || list[n-1].Name != table {
			list = append(list, Table{Name: table})
		}
		t := &list[len(list)-1]
		t.Columns = append(t.Columns, c)
	}
	return list, rows.Err()
}

var (
	createTable = regexp.MustCompile(`(?i)^CREATE\s+TABLE\s+\w+\s*\(`)
	createIndex = regexp.MustCompile(`(?is)^CREATE\s+(?:UNIQUE\s+)?INDEX\s+(\w+)\s+ON`)
	addColumn   = regexp.MustCompile(`(?is)^ALTER\s+TABLE\s+\w+\s+ADD\s+COLUMN\s+(.*)$`)
	primaryKey  = regexp.MustCompile(`(?is)^PRIMARY\s+KEY\s*\((.*)\)$`)
)

// Tables returns the tables that parts need, as the engine's schema makes them.
func (s Schema) Tables(parts Parts) ([]Table, error) {
	all, err := s.statements()
	if err != nil {
		return nil, err
	}
	needed, err := s.tables(parts)
	if err != nil {
		return nil, err
	}
	var list []Table
	at := map[string]int{}
	for _, st := range all {
		if !needed(st.Table) {
			continue
		}
		text := bare(st.Text)
		if head := createTable.FindString(text); head != "" {
			at[st.Table] = len(list)
			list = append(list, Table{Name: st.Table, Columns: columns(items(text[len(head):]))})
			continue
		}
		t := &list[at[st.Table]]
		if made := createIndex.FindStringSubmatch(text); made != nil {
			t.Indexes = append(t.Indexes, made[1])
		} else if added := addColumn.FindStringSubmatch(text); added != nil {
			t.Columns = append(t.Columns, column(added[1]))
		}
	}
	return list, nil
}

// columns reads what stands between the parentheses of CREATE TABLE.
func columns(body []string) []Column {
	var list []Column
	for _, item := range body {
		key := primaryKey.FindStringSubmatch(item)
		if key == nil {
			list = append(list, column(item))
			continue
		}
		for _, name := range items(key[1]) {
			for i := range list {
				list[i].Key = list[i].Key || list[i].Name == name
			}
		}
	}
	return list
}

func column(text string) Column {
	words := strings.Fields(text)
	rest := " " + strings.ToUpper(strings.Join(words[2:], " ")) + " "
	c := Column{Name: words[0], Type: strings.ToLower(words[1])}
	c.Key = strings.Contains(rest, " PRIMARY KEY ")
	c.NotNull = strings.Contains(rest, " NOT NULL ")
	c.Counts = strings.Contains(rest, " IDENTITY ") || strings.Contains(rest, " AUTOINCREMENT ")
	c.Default = strings.Contains(rest, " DEFAULT ") || c.Counts
	return c
}

// items takes a list apart at its commas. It ends with the text, or at the
// parenthesis that closes it.
func items(text string) []string {
	var list []string
	depth, begin, end := 0, 0, len(text)
	for i := 0; i < end; i++ {
		switch text[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth < 0 {
				end = i
			}
		case ',':
			if depth == 0 {
				list = append(list, strings.TrimSpace(text[begin:i]))
				begin = i + 1
			}
		}
	}
	return append(list, strings.TrimSpace(text[begin:end]))
}
