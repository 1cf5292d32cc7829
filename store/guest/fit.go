package guest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bailiwick/bailiwick"
)

// Check compares the tables that a database has with those that parts need. A
// table, column or index that is missing has the code [bailiwick.NotFound]; one
// that differs so that programs would stumble over it has
// [bailiwick.SchemaChanged]. What a service added is left alone, unless it has to
// be filled.
func (s Schema) Check(op string, parts Parts, have []Table) error {
	want, err := s.Tables(parts)
	if err != nil {
		return err
	}
	var missing, wrong []string
	for _, w := range want {
		i := slices.IndexFunc(have, func(t Table) bool { return t.Name == w.Name })
		if i < 0 {
			missing = append(missing, "table "+w.Name)
			continue
		}
		lacks, differs := compare(w, have[i])
		missing, wrong = append(missing, lacks...), append(wrong, differs...)
	}
	switch {
	case len(missing) > 0:
		return s.Missing(op, parts, 0, missing)
	case len(wrong) > 0:
		return &bailiwick.Error{Code: bailiwick.SchemaChanged, Op: op, Err: fmt.Errorf("the schema does not fit: %s", strings.Join(wrong, "; ")),
			Do: "make it what \"" + s.Command(parts, 0) + "\" writes, with a migration of the service"}
	}
	return nil
}

// Missing is the error of a database that lacks something that its service's
// migrations have to bring.
func (s Schema) Missing(op string, parts Parts, since int, what []string) error {
	return &bailiwick.Error{Code: bailiwick.NotFound, Op: op, Err: fmt.Errorf("there is no %s", strings.Join(what, ", no ")),
		Do: "apply what \"" + s.Command(parts, since) + "\" writes, with the service's migrations"}
}

// Without is the error of a call that needs a part whose tables a database does not
// have.
func Without(op, engine string, part Parts) error {
	return Schema{Engine: engine}.Missing(op, part, 0, []string{map[Parts]string{Outbox: "log", Inbox: "inbox"}[part] + " in this database"})
}

// compare returns what a table lacks, and what differs in it.
func compare(want, have Table) (missing, wrong []string) {
	for _, w := range want.Columns {
		name := want.Name + "." + w.Name
		i := slices.IndexFunc(have.Columns, func(c Column) bool { return c.Name == w.Name })
		if i < 0 {
			missing = append(missing, "column "+name)
			continue
		}
		switch h := have.Columns[i]; {
		case h.Type != w.Type:
			wrong = append(wrong, fmt.Sprintf("%s is %s and should be %s", name, h.Type, w.Type))
		case h.Key != w.Key:
			wrong = append(wrong, fmt.Sprintf("the primary key of %s is another", want.Name))
		case w.Counts && !h.Counts:
			wrong = append(wrong, fmt.Sprintf("%s does not count by itself", name))
		case w.Default && !h.Default:
			wrong = append(wrong, fmt.Sprintf("%s has no default", name))
		case h.NotNull && !w.NotNull && !w.Key && !h.Default:
			wrong = append(wrong, fmt.Sprintf("%s must be allowed to be NULL", name))
		}
	}
	for _, h := range have.Columns {
		ours := slices.ContainsFunc(want.Columns, func(c Column) bool { return c.Name == h.Name })
		if !ours && h.NotNull && !h.Default {
			wrong = append(wrong, fmt.Sprintf("%s.%s was added, must be filled and has no default", want.Name, h.Name))
		}
	}
	for _, index := range want.Indexes {
		if !slices.Contains(have.Indexes, index) {
			missing = append(missing, "index "+index)
		}
	}
	return missing, wrong
}
