package statestore

import (
	"context"
	"errors"
	"io"
	"path/filepath"
)

// Terraform's protocol keeps one document and has no place for a log that grows,
// so that the audit log of such a state is a file where rollcall runs.

func (h *httpState) logPieces() func(context.Context) ([]byte, error) {
	var log io.ReadCloser
	return func(context.Context) ([]byte, error) {
		if log == nil {
			var err error
			if log, err = h.logged.open(); err != nil {
				return nil, &refusal{err}
			}
		}
		buffer := make([]byte, 1<<16)
		n, err := log.Read(buffer)
		switch {
		case n > 0:
			return buffer[:n], nil
		case errors.Is(err, io.EOF):
			return nil, errors.Join(io.EOF, log.Close())
		case err != nil:
			return nil, &refusal{errors.Join(err, log.Close())}
		}
		return buffer[:0], nil
	}
}

func (c *httpClaim) lastLogged(context.Context) ([]byte, error) {
	last, _, err := c.logged.tail()
	if err != nil {
		return nil, &refusal{err}
	}
	return last, nil
}

// log asks the server first whether the lock is still ours: the file does not know.
func (c *httpClaim) log(ctx context.Context, _ uint64, lines []byte) error {
	if err := c.beat(ctx); err != nil {
		return err
	}
	err := c.logged.disk.MkdirAll(filepath.Dir(c.logged.path))
	if err == nil {
		err = c.logged.append(lines)
	}
	if err != nil {
		return &refusal{err} // a disk that is full does not mend itself
	}
	return nil
}
