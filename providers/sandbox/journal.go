package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"runtime"
)

// The file is lines of JSON. The first says what it is. Each further line is one
// batch of records that reached the disk together, with its checksum in front:
//
//	["8c736521",[{"op":"put",…},{"op":"put",…}]]
//
// A batch is whole or it is not there: a crash can only spoil the last line,
// which was not acknowledged then, and which the next write cuts off. A spoilt
// line with others behind it is damage, and is refused.
const header = `{"format":"rollcall-sandbox","version":1}` + "\n"

const (
	linePrefix = len(`["00000000",`)
	lineSuffix = len("]\n")
)

// batchLine renders one batch.
func batchLine(records []*record) ([]byte, error) {
	body, err := json.Marshal(records)
	if err != nil {
		return nil, fmt.Errorf("encode %d records: %w", len(records), err)
	}
	line := make([]byte, 0, len(body)+linePrefix+lineSuffix)
	line = fmt.Appendf(line, `["%08x",`, crc32.ChecksumIEEE(body))
	line = append(line, body...)
	return append(line, "]\n"...), nil
}

// readBatch reads a line, which ends in a newline.
func readBatch(line []byte) ([]*record, error) {
	if len(line) < linePrefix+lineSuffix {
		return nil, fmt.Errorf("the line is cut off")
	}
	body := line[linePrefix : len(line)-lineSuffix]
	frame := fmt.Appendf(nil, `["%08x",`, crc32.ChecksumIEEE(body))
	if !bytes.Equal(frame, line[:linePrefix]) || !bytes.HasSuffix(line, []byte("]\n")) {
		return nil, fmt.Errorf("the checksum does not match")
	}
	var records []*record
	if err := json.Unmarshal(body, &records); err != nil {
		return nil, fmt.Errorf("decode: %w", err)
	}
	for _, r := range records {
		if err := r.index(); err != nil {
			return nil, fmt.Errorf("decode attributes of %q: %w", r.ID, err)
		}
	}
	return records, nil
}

// load replays data into db and returns how many bytes of it are good. What is
// behind them is a write that a crash cut short.
func load(db *database, data []byte) (good int, err error) {
	if len(data) == 0 {
		return 0, nil
	}
	if !bytes.HasPrefix(data, []byte(header)) {
		if bytes.HasPrefix([]byte(header), data) {
			return 0, nil // torn while it was made
		}
		return 0, fmt.Errorf("this is not a sandbox file: the first line should be %s", bytes.TrimSpace([]byte(header)))
	}
	good = len(header)
	line := 1
	for part := range decodeParts(data[good:]) {
		for i, batch := range part.batches {
			for _, r := range batch {
				if err := db.apply(r); err != nil {
					return good, fmt.Errorf("line %d: %w", line+i+1, err)
				}
			}
		}
		line += len(part.batches)
		good += part.good
		if part.err != nil && part.damaged {
			return good, fmt.Errorf("line %d is damaged: %w", line+1, part.err)
		}
	}
	return good, nil
}

// part is a run of lines and what they decode to.
type part struct {
	data    []byte
	last    bool // nothing comes behind
	batches [][]*record
	good    int // bytes of the lines that decoded
	// err is why the line behind those did not; damaged says that it cannot have
	// been spoilt by a crash, as others follow.
	err     error
	damaged bool
}

// partSize is how much one goroutine decodes at a time.
const partSize = 1 << 20

// decodeParts decodes lines on all processors, and yields them in order.
func decodeParts(data []byte) iter.Seq[*part] {
	return func(yield func(*part) bool) {
		pending := make(chan chan *part, runtime.GOMAXPROCS(0))
		stop := make(chan struct{})
		defer close(stop)
		go decodeAhead(data, pending, stop)
		for result := range pending {
			if p := <-result; !yield(p) || p.err != nil {
				return
			}
		}
	}
}

// decodeAhead starts to decode parts, as many as pending has room for, until
// there are no more or stop is closed.
func decodeAhead(data []byte, pending chan<- chan *part, stop <-chan struct{}) {
	defer close(pending)
	for len(data) > 0 {
		p, result := cutPart(&data), make(chan *part, 1)
		select {
		case pending <- result:
		case <-stop:
			return
		}
		go func() {
			p.decode()
			result <- p
		}()
	}
}

// cutPart takes a run of whole lines off the front of data.
func cutPart(data *[]byte) *part {
	all := *data
	end := len(all)
	if end > partSize {
		if n := bytes.IndexByte(all[partSize:], '\n'); n >= 0 {
			end = partSize + n + 1
		}
	}
	*data = all[end:]
	return &part{data: all[:end], last: end == len(all)}
}

func (p *part) decode() {
	for p.good < len(p.data) {
		end := bytes.IndexByte(p.data[p.good:], '\n') + 1
		if end == 0 {
			p.err = errors.New("the line has no end")
			return
		}
		records, err := readBatch(p.data[p.good : p.good+end])
		if err != nil {
			p.err = err
			p.damaged = !p.last || p.good+end < len(p.data)
			return
		}
		p.batches = append(p.batches, records)
		p.good += end
	}
}

// snapshotBatch is how many records share a line of a snapshot.
const snapshotBatch = 1000

// writeSnapshot writes the file that rebuilds db with no history.
func writeSnapshot(w io.Writer, db *database) error {
	if _, err := io.WriteString(w, header); err != nil {
		return err
	}
	batch := make([]*record, 0, snapshotBatch)
	flush := func() error {
		line, err := batchLine(batch)
		if err == nil {
			_, err = w.Write(line)
		}
		batch = batch[:0]
		return err
	}
	for r := range db.records {
		if batch = append(batch, r); len(batch) == snapshotBatch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if len(batch) == 0 {
		return nil
	}
	return flush()
}
