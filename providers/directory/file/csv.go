package file

import (
	"bufio"
	"bytes"
	"io"
)

// records reads CSV as RFC 4180 has it: fields separated by commas, quoted
// where they hold a comma, a quote (doubled) or a line end. Like encoding/csv
// it takes lines that end in LF alone and leaves empty lines out; unlike it, it
// gives bytes and the place of every field, and allocates nothing for a row.
type records struct {
	from *bufio.Reader
	// line is the number of the line read last.
	line uint32
	// long holds a line that did not fit the reader's buffer.
	long []byte
	// row holds the lines of a record with quotes, unquoted what its quoted
	// fields say. Where one of them grows, what was cut from it stays good.
	row, unquoted []byte
	fields        []field
}

// field is one field of a record and the place where it begins. row and start
// tell it cheaply: column counts what stands before start in row.
type field struct {
	text []byte
	line uint32
	row  []byte
	from int
}

func (f *field) position() position {
	at := position{f.line, 1}
	return at.after(f.row[:f.from])
}

func newRecords(r io.Reader) *records {
	return &records{from: bufio.NewReaderSize(r, 1<<18), unquoted: []byte{}}
}

// next returns the fields of the next record, which hold until the next call.
func (r *records) next() ([]field, error) {
	for {
		line, err := r.readLine()
		if err != nil {
			return nil, err
		}
		if len(line) > 0 {
			return r.split(line)
		}
	}
}

// readLine returns the next line without its end.
func (r *records) readLine() ([]byte, error) {
	line, err := r.from.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		r.long = append(r.long[:0], line...)
		for err == bufio.ErrBufferFull {
			line, err = r.from.ReadSlice('\n')
			r.long = append(r.long, line...)
		}
		line = r.long
	}
	if len(line) == 0 || err != nil && err != io.EOF {
		return nil, err
	}
	r.line++
	line = bytes.TrimSuffix(line, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r")), nil
}

// split cuts a line without quotes at its commas. With a quote in it, the
// record may go on in further lines.
func (r *records) split(line []byte) ([]field, error) {
	r.fields = r.fields[:0]
	if bytes.IndexByte(line, '"') >= 0 {
		return r.splitQuoted(line)
	}
	for from := 0; ; {
		n := bytes.IndexByte(line[from:], ',')
		if n < 0 {
			r.fields = append(r.fields, field{line[from:], r.line, line, from})
			return r.fields, nil
		}
		r.fields = append(r.fields, field{line[from : from+n], r.line, line, from})
		from += n + 1
	}
}

// splitQuoted cuts a record with quotes. Its lines are copied, because reading
// the next line would overwrite them.
func (r *records) splitQuoted(line []byte) ([]field, error) {
	r.row, r.unquoted = r.row[:0], r.unquoted[:0]
	line = r.copy(line)
	for from := 0; ; {
		f := field{line: r.line, row: line, from: from}
		var err error
		if from < len(line) && line[from] == '"' {
			f.text, line, from, err = r.quoted(line, from+1, f)
		} else {
			f.text, from, err = r.bare(line, from)
		}
		if err != nil {
			return nil, err
		}
		r.fields = append(r.fields, f)
		if from == len(line) {
			return r.fields, nil
		}
		from++ // the comma
	}
}

func (r *records) copy(line []byte) []byte {
	begin := len(r.row)
	r.row = append(r.row, line...)
	return r.row[begin:]
}

// bare reads an unquoted field and returns where it ends.
func (r *records) bare(line []byte, from int) ([]byte, int, error) {
	end := len(line)
	if n := bytes.IndexByte(line[from:], ','); n >= 0 {
		end = from + n
	}
	text := line[from:end]
	if i := bytes.IndexByte(text, '"'); i >= 0 {
		at := (&field{line: r.line, row: line, from: from + i}).position()
		return nil, 0, malformedf(at, "a quote stands inside of a field that is not quoted; quote the whole field, and double the quotes inside of it")
	}
	return text, end, nil
}

// quoted reads a field from behind its first quote, and returns the line that
// it ends in and where.
func (r *records) quoted(line []byte, from int, start field) (text, last []byte, end int, err error) {
	begin := len(r.unquoted)
	for {
		n := bytes.IndexByte(line[from:], '"')
		if n < 0 {
			r.unquoted = append(append(r.unquoted, line[from:]...), '\n')
			if line, err = r.readLine(); err != nil {
				return nil, nil, 0, unclosed(err, start)
			}
			line, from = r.copy(line), 0
			continue
		}
		r.unquoted = append(r.unquoted, line[from:from+n]...)
		from += n + 1
		switch {
		case from == len(line) || line[from] == ',':
			return r.unquoted[begin:], line, from, nil
		case line[from] == '"':
			r.unquoted = append(r.unquoted, '"')
			from++
		default:
			at := (&field{line: r.line, row: line, from: from}).position()
			return nil, nil, 0, malformedf(at, "text follows a closing quote; double the quotes that belong to a field")
		}
	}
}

func unclosed(err error, start field) error {
	if err != io.EOF {
		return err
	}
	return malformedf(start.position(), "a quote is opened here and never closed: the file is cut, or a quote is not doubled")
}
