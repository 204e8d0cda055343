package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// history is what was typed on a console, the latest last.
type history struct {
	// file is where it is kept; empty keeps it in memory alone.
	file    string
	entries []string
	changed bool
}

// What a history holds at most.
const (
	maxEntries    = 1000
	maxEntryBytes = 4096
)

// openHistory reads the history in file. One that cannot be read is empty: it
// is a convenience.
func openHistory(file string) *history {
	h := &history{file: file}
	if file == "" {
		return h
	}
	f, err := os.Open(file)
	if err != nil {
		return h
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxEntries*maxEntryBytes))
	if err != nil {
		return h
	}
	for line := range strings.Lines(string(content)) {
		h.Add(strings.TrimRight(line, "\r\n"))
	}
	h.changed = false
	return h
}

// Add adds a line. Empty ones, repetitions and those that hold anything but text
// are dropped: an entry is shown on a terminal.
func (h *history) Add(line string) {
	unsafe := func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }
	if strings.TrimSpace(line) == "" || len(line) > maxEntryBytes || strings.ContainsFunc(line, unsafe) {
		return
	}
	if n := len(h.entries); n > 0 && h.entries[n-1] == line {
		return
	}
	h.entries, h.changed = append(h.entries, line), true
	if over := len(h.entries) - maxEntries; over > 0 {
		h.entries = h.entries[over:]
	}
}

// Len is the number of entries.
func (h *history) Len() int { return len(h.entries) }

// At returns an entry; 0 is the latest.
func (h *history) At(i int) string { return h.entries[len(h.entries)-1-i] }

// save keeps the history for the next console, readable by its owner alone.
func (h *history) save() error {
	if h.file == "" || !h.changed {
		return nil
	}
	temp, err := os.CreateTemp(filepath.Dir(h.file), ".console_history-*")
	if err != nil {
		return fmt.Errorf("save the history of the console: %w", err)
	}
	_, err = temp.WriteString(strings.Join(h.entries, "\n") + "\n")
	if err = errors.Join(err, temp.Close()); err == nil {
		err = os.Rename(temp.Name(), h.file)
	}
	if err != nil {
		_ = os.Remove(temp.Name())
		return fmt.Errorf("save the history of the console: %w", err)
	}
	return nil
}
