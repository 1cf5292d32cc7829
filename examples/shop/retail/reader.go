package retail

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/bailiwick/bailiwick"
)

// Reader reads lines from a file. It holds one at a time.
type Reader struct {
	csv    *csv.Reader
	number int // of the last line read
	words  words
	day    string // the date that was parsed last: neighbours share it
	date   time.Time
}

// NewReader begins to read a file, plain or gzipped, whatever its name says. A
// header other than [Columns] is an error.
func NewReader(r io.Reader) (*Reader, error) {
	buffered := bufio.NewReaderSize(r, 64<<10)
	reader := &Reader{words: words{}}
	magic, err := buffered.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, reader.failed(1, err)
	}
	plain := io.Reader(buffered)
	if bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		unpacked, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, reader.failed(1, err)
		}
		plain = unpacked
	}
	reader.csv = csv.NewReader(plain)
	reader.csv.FieldsPerRecord = -1 // counted below, to say more about it
	reader.csv.ReuseRecord = true
	header, err := reader.csv.Read()
	switch {
	case errors.Is(err, io.EOF):
		return nil, reader.failed(1, errors.New("the file is empty"))
	case err != nil:
		return nil, reader.failed(1, err)
	case !slices.Equal(header, Columns[:]):
		return nil, reader.failed(1, fmt.Errorf("the header is %q, not %q", strings.Join(header, ","), strings.Join(Columns[:], ",")))
	}
	reader.number = 1
	return reader, nil
}

// Read returns the next line, or io.EOF after the last one. Any other error has the
// code [bailiwick.Invalid] and names the line; nothing can be read after it.
func (r *Reader) Read() (Line, error) {
	record, err := r.csv.Read()
	if errors.Is(err, io.EOF) {
		return Line{}, io.EOF
	}
	if err != nil {
		return Line{}, r.failed(r.number+1, err)
	}
	r.number, _ = r.csv.FieldPos(0)
	if len(record) != len(Columns) {
		return Line{}, r.failed(r.number, fmt.Errorf("there are %d columns, not %d", len(record), len(Columns)))
	}
	line := Line{Number: r.number}
	if err := line.parse(record); err != nil {
		return Line{}, r.failed(r.number, err)
	}
	if record[4] != r.day {
		date, err := time.Parse(DateLayout, record[4])
		if err != nil {
			return Line{}, r.failed(r.number, fmt.Errorf("the date %q is not of the form %s", record[4], DateLayout))
		}
		r.day, r.date = strings.Clone(record[4]), date
	}
	line.Date = r.date
	r.words.share(&line)
	return line, nil
}

func (r *Reader) failed(number int, err error) error {
	var syntax *csv.ParseError
	if errors.As(err, &syntax) {
		number, err = syntax.Line, syntax.Err
	}
	return &bailiwick.Error{Code: bailiwick.Invalid, Op: fmt.Sprintf("retail: read line %d", number), Err: err,
		Do: "correct the file"}
}

// words keeps one copy of each text that comes again and again. A field of a record
// would otherwise keep its whole record in memory.
type words map[string]string

func (w words) share(l *Line) {
	l.Invoice, l.Code, l.Description = w.one(l.Invoice), w.one(l.Code), w.one(l.Description)
	l.Customer, l.Country = w.one(l.Customer), w.one(l.Country)
}

func (w words) one(s string) string {
	if known, ok := w[s]; ok {
		return known
	}
	s = strings.Clone(s)
	w[s] = s
	return s
}
