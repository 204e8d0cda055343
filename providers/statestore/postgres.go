package statestore

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/rollcall-dev/rollcall/providers"
)

// The tables. A row of rollcall_states is one state with its lock: whoever
// writes, to the journal too, holds that row in the same transaction, so that
// the lock cannot go to somebody else in between. Its generation counts the
// holders.
const (
	tablesVersion = 1
	createTables  = `
CREATE TABLE IF NOT EXISTS rollcall_states (
	name text PRIMARY KEY,
	version int NOT NULL,
	generation bigint NOT NULL,
	holder text,
	holder_id text,
	lease_ends timestamptz,
	lineage text NOT NULL DEFAULT '',
	serial bigint NOT NULL DEFAULT 0,
	body bytea NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS rollcall_journal (
	name text NOT NULL,
	n bigint NOT NULL,
	frame bytea NOT NULL,
	PRIMARY KEY (name, n)
);
CREATE TABLE IF NOT EXISTS rollcall_log (
	name text NOT NULL,
	first bigint NOT NULL,
	lines bytea NOT NULL,
	PRIMARY KEY (name, first)
)`
)

// postgres is a [service] in a PostgreSQL database. It needs no session of the
// server beyond a transaction, so that it works behind PgBouncer too.
type postgres struct {
	config *pgx.ConnConfig
	name   string
	// redact takes the password out of what the server or the driver say.
	redact *strings.Replacer
}

var _ service = (*postgres)(nil)

// String names server, database and state.
func (p *postgres) String() string {
	return fmt.Sprintf("the PostgreSQL database %q at %s, under the name %q", p.config.Database, p.config.Host, p.name)
}

// use hands a connection to do and closes it.
func (p *postgres) use(ctx context.Context, do func(*pgx.Conn) error) error {
	conn, err := pgx.ConnectConfig(ctx, p.config)
	if err != nil {
		return p.explain(err)
	}
	// The answer is here; a server that does not say goodbye is none of our business.
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	return p.explain(do(conn))
}

// explain marks what trying again does not mend, and takes out the password.
func (p *postgres) explain(err error) error {
	if err == nil || final(err) {
		return err
	}
	safe := errors.New(p.redact.Replace(err.Error()))
	if errors.Is(err, context.DeadlineExceeded) {
		safe = fmt.Errorf("the database did not answer in time: %w", safe)
	}
	var said *pgconn.PgError
	if errors.As(err, &said) && !passing(said.Code) {
		return &refusal{safe}
	}
	return safe
}

// passing reports whether an SQLSTATE may be another one at the next try:
// connections, resources, an operator's restart, and transactions that met.
func passing(code string) bool {
	switch code[:min(2, len(code))] {
	case "08", "40", "53", "57", "58":
		return true
	}
	return false
}

// snapshot runs do in a transaction that sees one moment and cannot write.
func snapshot(ctx context.Context, conn *pgx.Conn, do func(pgx.Tx) error) error {
	return pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, do)
}

func (p *postgres) read(ctx context.Context) (c *contents, err error) {
	err = p.use(ctx, func(conn *pgx.Conn) error {
		c, err = p.contents(ctx, conn)
		return err
	})
	return c, err
}

// contents reads what is kept; nothing where the tables are yet to be made.
func (p *postgres) contents(ctx context.Context, conn *pgx.Conn) (*contents, error) {
	c := &contents{}
	err := snapshot(ctx, conn, func(tx pgx.Tx) error {
		if made, err := tablesMade(ctx, tx); err != nil || !made {
			return err
		}
		var version int
		err := tx.QueryRow(ctx, `SELECT version, serial, body FROM rollcall_states WHERE name = $1`, p.name).Scan(&version, &c.serial, &c.state)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err == nil {
			err = checkTables(version)
		}
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `SELECT frame FROM rollcall_journal WHERE name = $1 ORDER BY n`, p.name)
		if err != nil {
			return err
		}
		c.frames, err = pgx.CollectRows(rows, pgx.RowTo[[]byte])
		return err
	})
	return c, err
}

func tablesMade(ctx context.Context, tx pgx.Tx) (made bool, err error) {
	err = tx.QueryRow(ctx, `SELECT to_regclass('rollcall_states') IS NOT NULL AND to_regclass('rollcall_journal') IS NOT NULL`).Scan(&made)
	return made, err
}

func checkTables(version int) error {
	if version > tablesVersion {
		return refuse("the tables were written by a newer rollcall (version %d, this program reads up to %d); upgrade rollcall", version, tablesVersion)
	}
	return nil
}

func (p *postgres) holder(ctx context.Context) (h providers.LockInfo, held bool, err error) {
	err = p.use(ctx, func(conn *pgx.Conn) error {
		return snapshot(ctx, conn, func(tx pgx.Tx) error {
			if made, err := tablesMade(ctx, tx); err != nil || !made {
				return err
			}
			h, held, err = p.holderIn(ctx, tx)
			return err
		})
	})
	return h, held, err
}

// holderIn says who holds the lock, by the clock of the database.
func (p *postgres) holderIn(ctx context.Context, tx pgx.Tx) (h providers.LockInfo, held bool, err error) {
	var text string
	var ends time.Time
	err = tx.QueryRow(ctx, `SELECT holder, lease_ends FROM rollcall_states
		WHERE name = $1 AND holder IS NOT NULL AND lease_ends >= clock_timestamp()`, p.name).Scan(&text, &ends)
	if errors.Is(err, pgx.ErrNoRows) {
		return h, false, nil
	}
	if err != nil {
		return h, false, err
	}
	h = parseHolder([]byte(text)).info()
	h.Expires = ends.UTC()
	return h, true, nil
}

// parseHolder reads who holds a lock, as far as it says so.
func parseHolder(text []byte) holder {
	var h holder
	if err := json.Unmarshal(text, &h); err != nil {
		return holderOf(unknownHolder)
	}
	return h
}

// take takes the lock if it is free, or ours by a request whose answer was lost.
func (p *postgres) take(ctx context.Context, h holder, lease time.Duration) (claim, error) {
	conn, err := pgx.ConnectConfig(ctx, p.config)
	if err != nil {
		return nil, p.explain(err)
	}
	c := &pgClaim{postgres: p, conn: conn, lease: lease}
	if err := c.take(ctx, h); err != nil {
		c.close(ctx)
		return nil, p.explain(err)
	}
	return c, nil
}

// prepare makes the tables and the row of the state where there are none.
func (p *postgres) prepare(ctx context.Context, tx pgx.Tx) error {
	var commits string
	if err := tx.QueryRow(ctx, `SHOW synchronous_commit`).Scan(&commits); err != nil {
		return err
	}
	if commits == "off" {
		return refuse("the database says that something is written before it is (synchronous_commit is off), and a state needs to know; " +
			"run ALTER ROLE … SET synchronous_commit = on, or use another database")
	}
	made, err := tablesMade(ctx, tx)
	if err != nil {
		return err
	}
	logMade, err := logTableMade(ctx, tx)
	if err != nil {
		return err
	}
	if !made || !logMade {
		// Tables that two make at the same time are an error to one of them.
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(7526769811)`); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, createTables, pgx.QueryExecModeSimpleProtocol); err != nil {
			return fmt.Errorf("make the tables rollcall_states, rollcall_journal and rollcall_log: %w", err)
		}
	}
	_, err = tx.Exec(ctx, `INSERT INTO rollcall_states (name, version, generation) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING`, p.name, tablesVersion)
	return err
}

func (p *postgres) free(ctx context.Context, id string) error {
	return p.use(ctx, func(conn *pgx.Conn) error {
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			if made, err := tablesMade(ctx, tx); err != nil || !made {
				return errors.Join(err, ErrNotLocked)
			}
			tag, err := tx.Exec(ctx, `UPDATE rollcall_states SET holder = NULL, holder_id = NULL, generation = generation + 1
				WHERE name = $1 AND holder_id = $2`, p.name, id)
			if err != nil || tag.RowsAffected() == 1 {
				return err
			}
			h, held, err := p.holderIn(ctx, tx)
			switch {
			case err != nil:
				return err
			case held:
				return &providers.LockedError{Holder: h}
			}
			return ErrNotLocked
		})
	})
}

// pgClaim is the lock on a row, under one generation.
type pgClaim struct {
	*postgres
	lease time.Duration
	// using guards conn, which is nil after it failed and until it is needed again.
	using      chan struct{}
	conn       *pgx.Conn
	generation int64
	at         begin
}

func (c *pgClaim) take(ctx context.Context, h holder) error {
	c.using = make(chan struct{}, 1)
	text, err := json.Marshal(h)
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, c.conn, func(tx pgx.Tx) error {
		if err := c.prepare(ctx, tx); err != nil {
			return err
		}
		var version int
		err := tx.QueryRow(ctx, `UPDATE rollcall_states
			SET generation = generation + 1, holder = $2, holder_id = $3, lease_ends = clock_timestamp() + $4 * interval '1 microsecond'
			WHERE name = $1 AND (holder IS NULL OR lease_ends < clock_timestamp() OR holder_id = $3)
			RETURNING generation, version`, c.name, string(text), h.ID, c.lease.Microseconds()).Scan(&c.generation, &version)
		if err == nil {
			return checkTables(version)
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		now, held, err := c.holderIn(ctx, tx)
		if err == nil && !held {
			now = unknownHolder // it went this instant
		}
		if err != nil {
			return err
		}
		return &providers.LockedError{Holder: now}
	})
}

// do hands the connection to one user at a time, and makes another one after it
// failed.
func (c *pgClaim) do(ctx context.Context, use func(*pgx.Conn) error) error {
	select {
	case c.using <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-c.using }()
	if c.conn == nil || c.conn.IsClosed() {
		conn, err := pgx.ConnectConfig(ctx, c.config)
		if err != nil {
			return c.explain(err)
		}
		c.conn = conn
	}
	return c.explain(use(c.conn))
}

// write runs do in a transaction in which the lock is ours and stays so.
func (c *pgClaim) write(ctx context.Context, do func(pgx.Tx) error) error {
	return c.do(ctx, func(conn *pgx.Conn) error {
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			var ours bool
			err := tx.QueryRow(ctx, `SELECT true FROM rollcall_states
				WHERE name = $1 AND generation = $2 AND holder IS NOT NULL FOR SHARE`, c.name, c.generation).Scan(&ours)
			if errors.Is(err, pgx.ErrNoRows) {
				return errLost
			}
			if err != nil {
				return err
			}
			return do(tx)
		})
	})
}

func (c *pgClaim) renew(ctx context.Context) error {
	return c.do(ctx, func(conn *pgx.Conn) error {
		tag, err := conn.Exec(ctx, `UPDATE rollcall_states SET lease_ends = clock_timestamp() + $3 * interval '1 microsecond'
			WHERE name = $1 AND generation = $2 AND holder IS NOT NULL`, c.name, c.generation, c.lease.Microseconds())
		if err == nil && tag.RowsAffected() == 0 {
			return errLost
		}
		return err
	})
}

func (c *pgClaim) load(ctx context.Context) (k *contents, err error) {
	err = c.do(ctx, func(conn *pgx.Conn) error {
		if k, err = c.contents(ctx, conn); err != nil {
			return err
		}
		if c.at, err = k.head(); err != nil {
			return &refusal{err}
		}
		return nil
	})
	return k, err
}

func (c *pgClaim) begin(ctx context.Context, frame []byte) error {
	return c.write(ctx, func(tx pgx.Tx) error { return c.replaceJournal(ctx, tx, frame) })
}

func (c *pgClaim) replaceJournal(ctx context.Context, tx pgx.Tx, frame []byte) error {
	if _, err := tx.Exec(ctx, `DELETE FROM rollcall_journal WHERE name = $1`, c.name); err != nil || frame == nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO rollcall_journal (name, n, frame) VALUES ($1, 1, $2)`, c.name, frame)
	return err
}

// append is one statement, and so one transaction and one round trip.
func (c *pgClaim) append(ctx context.Context, n int, frame []byte) error {
	return c.do(ctx, func(conn *pgx.Conn) error {
		tag, err := conn.Exec(ctx, `WITH ours AS (
				SELECT 1 FROM rollcall_states WHERE name = $1 AND generation = $2 AND holder IS NOT NULL FOR SHARE
			) INSERT INTO rollcall_journal (name, n, frame) SELECT $1, $3, $4 FROM ours
			ON CONFLICT DO NOTHING`, c.name, c.generation, n, frame)
		if err != nil || tag.RowsAffected() == 1 {
			return err
		}
		return c.appended(ctx, conn, n, frame)
	})
}

// appended looks whether a frame that could not be added is there, by a request
// whose answer was lost.
func (c *pgClaim) appended(ctx context.Context, conn *pgx.Conn, n int, frame []byte) error {
	var have []byte
	err := conn.QueryRow(ctx, `SELECT frame FROM rollcall_journal j JOIN rollcall_states s USING (name)
		WHERE name = $1 AND generation = $2 AND holder IS NOT NULL AND n = $3`, c.name, c.generation, n).Scan(&have)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && !bytes.Equal(have, frame) {
		return errLost
	}
	return err
}

func (c *pgClaim) save(ctx context.Context, next begin, body, frame []byte) error {
	err := c.write(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE rollcall_states SET lineage = $2, serial = $3, body = $4
			WHERE name = $1 AND (lineage = $5 AND serial = $6 OR lineage = $2 AND serial = $3)`,
			c.name, next.Lineage, int64(next.Serial), body, c.at.Lineage, int64(c.at.Serial))
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return ErrChanged
		}
		return c.replaceJournal(ctx, tx, frame)
	})
	if err == nil {
		c.at = next
	}
	return err
}

// release frees the row. What was on its way is over with the transaction that
// it was in, so that it does not matter whether all writes were answered.
func (c *pgClaim) release(ctx context.Context, _ bool) error {
	err := c.do(ctx, func(conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, `UPDATE rollcall_states SET holder = NULL, holder_id = NULL
			WHERE name = $1 AND generation = $2`, c.name, c.generation)
		return err
	})
	c.close(ctx)
	return err
}

func (c *pgClaim) close(ctx context.Context) {
	if c.conn != nil {
		_ = c.conn.Close(context.WithoutCancel(ctx))
	}
}
