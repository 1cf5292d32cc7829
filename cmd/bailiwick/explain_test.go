package main_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/bailiwick/bailiwick"
)

func TestExplain(t *testing.T) {
	call(t, "explain", "schema_newer").expect(t, 0, "(exit code 3)", "What to do", "use the program that migrated it")
	list := call(t, "explain").expect(t, 0, "usage", "not_reconciled")
	for _, e := range bailiwick.Explanations() {
		if !strings.Contains(list.out, "\n"+string(e.Code)+" ") {
			t.Errorf("%s is missing in\n%s", e.Code, list.out)
		}
		var got struct {
			bailiwick.Explanation
			Exit int
		}
		call(t, "explain", string(e.Code), "--json").expect(t, 0).into(t, &got)
		if got.Meaning != e.Meaning || got.Exit == 0 {
			t.Errorf("%s: %+v", e.Code, got)
		}
	}
	var all []struct{ Code string }
	call(t, "explain", "--json").expect(t, 0).into(t, &all)
	if len(all) != len(bailiwick.Explanations())+2 {
		t.Errorf("%d codes are listed: %v", len(all), all)
	}
	call(t, "__complete", "explain", "").expect(t, 0, "forked")
}

func TestExplainUnknownCode(t *testing.T) {
	call(t, "explain", "foked").expect(t, 5, "did you mean forked?")
	call(t, "explain", "schema").expect(t, 5, "schema_newer or schema_changed")
	call(t, "explain", "xyzzy").expect(t, 5, "bailiwick explain")
	call(t, "explain", "a", "b").expect(t, 2)
	r := call(t, "explain", "foked", "--json")
	var e struct{ Code string }
	if err := json.Unmarshal([]byte(r.err), &e); err != nil || e.Code != "not_found" || r.code != 5 {
		t.Errorf("%v %d %s", err, r.code, r.err)
	}
}
