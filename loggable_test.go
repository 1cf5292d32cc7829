package bailiwick_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
)

// refused is an error as drivers of PostgreSQL return it.
type refused struct{}

func (refused) Error() string {
	return `ERROR: invalid input syntax for type integer: "4929123412341234"`
}
func (refused) SQLState() string { return "22P02" }

func TestLoggable(t *testing.T) {
	const secret = "4929123412341234"
	var card struct {
		Card int8 `json:"card"`
	}
	decoded := json.Unmarshal([]byte(`{"card":`+secret+`}`), &card)
	_, number := strconv.Atoi(secret + "x")
	_, date := time.Parse(time.RFC3339, secret)
	scan := fmt.Errorf(`sql: Scan error on column index 0, name "card": converting driver.Value type string ("%s \" )(") to a int64: invalid syntax`, secret)
	for _, c := range []struct {
		err  error
		want string
	}{
		{refused{}, "SQLSTATE 22P02"},
		{fmt.Errorf("insert the card: %w", refused{}), "insert the card: SQLSTATE 22P02"},
		{&bailiwick.Error{Code: bailiwick.Poison, Op: "read", Err: decoded, Do: "correct it"}, "read: json: cannot unmarshal number into card of type int8 (poison): correct it"},
		{errors.Join(number, fmt.Errorf("then %w", date)), "strconv.Atoi: invalid syntax\nthen parsing a time failed"},
		{scan, `sql: Scan error on column index 0, name "card": converting driver.Value type string to a int64: invalid syntax`},
		{errors.New("the credit limit is reached"), "the credit limit is reached"},
		{nil, ""},
	} {
		if got := bailiwick.Loggable(c.err); got != c.want || strings.Contains(got, secret) {
			t.Errorf("of %v came %q, want %q", c.err, got, c.want)
		}
	}
}
