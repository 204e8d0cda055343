package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
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
	for n := 2; good < len(data); n++ {
		end := bytes.IndexByte(data[good:], '\n')
		if end < 0 {
			return good, nil
		}
		line := data[good : good+end+1]
		records, err := readBatch(line)
		if err != nil {
			if good+len(line) == len(data) {
				return good, nil
			}
			return good, fmt.Errorf("line %d is damaged: %w", n, err)
		}
		for _, r := range records {
			if err := db.apply(r); err != nil {
				return good, fmt.Errorf("line %d: %w", n, err)
			}
		}
		good += len(line)
	}
	return good, nil
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
