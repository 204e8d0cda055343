package statestore

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/jackc/pgx/v5"
)

// The audit log in a database is a row for whatever was appended at once. It is
// only ever inserted into: a role without UPDATE and DELETE on rollcall_log does.

func logTableMade(ctx context.Context, tx pgx.Tx) (made bool, err error) {
	err = tx.QueryRow(ctx, `SELECT to_regclass('rollcall_log') IS NOT NULL`).Scan(&made)
	return made, err
}

func (p *postgres) logPieces() func(context.Context) ([]byte, error) {
	behind := int64(0)
	return func(ctx context.Context) (lines []byte, err error) {
		err = p.use(ctx, func(conn *pgx.Conn) error {
			return snapshot(ctx, conn, func(tx pgx.Tx) error {
				if made, err := logTableMade(ctx, tx); err != nil || !made {
					return err
				}
				rows, err := tx.Query(ctx, `SELECT first, lines FROM rollcall_log
					WHERE name = $1 AND first > $2 ORDER BY first LIMIT 50`, p.name, behind)
				if err != nil {
					return err
				}
				lines = nil
				var first int64
				var some []byte
				_, err = pgx.ForEachRow(rows, []any{&first, &some}, func() error {
					lines = append(lines, some...)
					return nil
				})
				if err == nil && lines != nil {
					behind = first
				}
				return err
			})
		})
		if err == nil && lines == nil {
			return nil, io.EOF
		}
		return lines, err
	}
}

func (c *pgClaim) lastLogged(ctx context.Context) (lines []byte, err error) {
	err = c.do(ctx, func(conn *pgx.Conn) error {
		err := conn.QueryRow(ctx, `SELECT lines FROM rollcall_log WHERE name = $1 ORDER BY first DESC LIMIT 1`, c.name).Scan(&lines)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	return lines, err
}

func (c *pgClaim) log(ctx context.Context, first uint64, lines []byte) error {
	return c.write(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `INSERT INTO rollcall_log (name, first, lines) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
			c.name, int64(first), lines)
		if err != nil || tag.RowsAffected() == 1 {
			return err
		}
		var have []byte
		err = tx.QueryRow(ctx, `SELECT lines FROM rollcall_log WHERE name = $1 AND first = $2`, c.name, int64(first)).Scan(&have)
		if err == nil && !bytes.Equal(have, lines) {
			return errLogMoved
		}
		return err
	})
}
