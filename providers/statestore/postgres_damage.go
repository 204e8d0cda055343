package statestore

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// inspect reads the row of the state and its journal, whatever they hold.
func (c *pgClaim) inspect(ctx context.Context) (k *contents, err error) {
	err = c.do(ctx, func(conn *pgx.Conn) error {
		k, err = c.contents(ctx, conn)
		return err
	})
	return k, err
}

// displace copies the rows of state and journal under another name, in one
// transaction. The next save replaces the row as it is now.
func (c *pgClaim) displace(ctx context.Context, _ begin, name string) (string, error) {
	kept := c.name + name
	err := c.write(ctx, func(tx pgx.Tx) error {
		for _, statement := range []string{
			`INSERT INTO rollcall_states (name, version, generation, lineage, serial, body)
				SELECT $2::text, version, 0, lineage, serial, body FROM rollcall_states WHERE name = $1 ON CONFLICT DO NOTHING`,
			`INSERT INTO rollcall_journal (name, n, frame)
				SELECT $2::text, n, frame FROM rollcall_journal WHERE name = $1 ON CONFLICT DO NOTHING`,
		} {
			if _, err := tx.Exec(ctx, statement, c.name, kept); err != nil {
				return err
			}
		}
		var at begin
		var serial int64
		err := tx.QueryRow(ctx, `SELECT s.lineage, s.serial FROM rollcall_states s JOIN rollcall_states k ON k.body = s.body
			WHERE s.name = $1 AND k.name = $2`, c.name, kept).Scan(&at.Lineage, &serial)
		if errors.Is(err, pgx.ErrNoRows) {
			return refuse("there is another state under the name %q already", kept)
		}
		at.Serial = uint64(serial)
		c.at = at
		return err
	})
	return fmt.Sprintf("the same database, under the name %q", kept), err
}
