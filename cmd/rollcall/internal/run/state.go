package run

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/sealed"
	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/providers/statestore"
	"github.com/rollcall-dev/rollcall/schema"
)

// store opens the state's store. Nothing is read or written by that.
func (p *Project) store() (providers.Store, error) { return p.storeWith(p.Cipher()) }

// storeWith opens it for another cipher.
func (p *Project) storeWith(c sealed.Cipher) (providers.Store, error) {
	store, err := p.storeOf(p.Config.Settings.State, c)
	if err != nil {
		return nil, p.stateError(err)
	}
	return store, nil
}

func (p *Project) storeOf(s schema.StateStore, c sealed.Cipher) (providers.Store, error) {
	if s.Kind != "" && s.Kind != "file" && p.options.Offline {
		return p.copyOfState(s.Kind, c)
	}
	o := statestore.RemoteOptions{NewLineage: p.options.Random, Now: p.options.Now, AllowedHosts: p.options.AllowedHosts, Cipher: c}
	switch s.Kind {
	case "postgres":
		address, err := s.Secrets["url"].Reveal()
		if err != nil {
			return nil, err
		}
		return statestore.NewPostgres(statestore.PostgresOptions{RemoteOptions: o, URL: address, Name: s.Arguments["name"]})
	case "s3":
		return statestore.NewS3(statestore.S3Options{
			RemoteOptions: o, Bucket: s.Arguments["bucket"], Key: s.Arguments["key"],
			Region: s.Arguments["region"], Endpoint: s.Arguments["endpoint"], Proxy: http.ProxyFromEnvironment,
		})
	case "http":
		log, err := p.dataFile("", httpLogFile)
		if err != nil {
			return nil, err
		}
		return statestore.NewHTTP(p.httpState(s, o, log))
	}
	file, err := p.dataFile(s.Path, stateFile)
	if err != nil {
		return nil, err
	}
	return statestore.NewFile(file, p.options.Random, p.options.Now).Encrypted(c), nil
}

// stateFile is the state's name in the data folder.
const stateFile = "state.json"

// httpLogFile is the audit log's name in the data folder, for a state whose
// store has no place for one.
const httpLogFile = "audit.log"

// httpLog is where the audit log is of a state whose store has no place for one.
func (p *Project) httpLog() string {
	file, err := p.dataFile("", httpLogFile)
	if err != nil {
		return ""
	}
	return file
}

// copyOfState is what an offline run has of a state that is kept elsewhere.
func (p *Project) copyOfState(kind string, c sealed.Cipher) (providers.Store, error) {
	file, err := p.dataFile("", stateFile)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(file); err != nil {
		return nil, fmt.Errorf("an offline run opens no socket, and the state is kept in a store of kind %q; "+
			"where one may be opened, run \"rollcall state pull > %s\", and give this run that file", kind, file)
	}
	p.options.Notice("Offline: the state is the copy in " + file + ".")
	return statestore.NewFile(file, p.options.Random, p.options.Now).Encrypted(c), nil
}

// httpState says how a state is reached by Terraform's protocol. Without a
// password, the one that is bound to the host goes with it, if there is any.
func (p *Project) httpState(s schema.StateStore, o statestore.RemoteOptions, log string) statestore.HTTPOptions {
	h := statestore.HTTPOptions{
		Log:           log,
		RemoteOptions: o, Address: s.Arguments["address"],
		LockAddress: s.Arguments["lock_address"], UnlockAddress: s.Arguments["unlock_address"],
		UpdateMethod: s.Arguments["update_method"], LockMethod: s.Arguments["lock_method"], UnlockMethod: s.Arguments["unlock_method"],
		Username: s.Arguments["username"], Password: s.Secrets["password"], Proxy: http.ProxyFromEnvironment,
	}
	if h.Password != nil {
		return h
	}
	if u, err := url.Parse(h.Address); err == nil {
		if token, err := p.options.Token(u.Hostname()); err == nil {
			h.Password = token
		}
	}
	return h
}

// readState reads the state beside whoever writes it.
func (p *Project) readState(ctx context.Context, store providers.Store) (*planner.State, error) {
	state, err := store.Read(ctx)
	if err != nil {
		return nil, p.stateError(err)
	}
	return state, nil
}

// patience is how long a run waits for a lock at least: somebody may just be
// looking whether it is held.
const patience = 100 * time.Millisecond

// lock takes the right to write the state.
func (p *Project) lock(ctx context.Context, store providers.Store, operation string) (providers.Session, error) {
	if err := p.checkKeys(); err != nil {
		return nil, err
	}
	session, err := store.Lock(ctx, p.locked(operation), max(p.options.LockWait, patience))
	if err != nil {
		return nil, p.stateError(err)
	}
	return session, nil
}

// awaitWriter waits for whoever writes the state now: a plan of what is half
// done tells nothing. It takes no lock, because it writes nothing.
func (p *Project) awaitWriter(ctx context.Context, store providers.Store) error {
	if p.options.NoLock {
		return nil
	}
	deadline := p.options.Now().Add(max(p.options.LockWait, patience))
	for {
		holder, held, err := store.Holder(ctx)
		if err != nil {
			return p.stateError(err)
		}
		if !held {
			return nil
		}
		if p.options.Now().After(deadline) {
			return p.stateError(&providers.LockedError{Holder: holder})
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(patience / 2):
		}
	}
}

// State reads the state with what its journal has beyond it.
func (p *Project) State(ctx context.Context) (*planner.State, error) {
	store, err := p.store()
	if err != nil {
		return nil, err
	}
	return p.readState(ctx, store)
}

// SavedState reads the state as it was saved last, without its journal.
func (p *Project) SavedState(ctx context.Context) (*planner.State, error) {
	store, err := p.store()
	if err != nil {
		return nil, err
	}
	state, err := store.Saved(ctx)
	if err != nil {
		return nil, p.stateError(err)
	}
	return state, nil
}

// CheckState proves that the state can be read, locked and written beside, and
// returns where it is.
func (p *Project) CheckState(ctx context.Context) (string, error) {
	store, err := p.store()
	if err != nil {
		return "", err
	}
	session, err := p.lock(ctx, store, "init")
	if err != nil {
		return "", err
	}
	_, err = p.readState(ctx, store)
	return store.String(), errors.Join(err, session.Unlock(context.WithoutCancel(ctx)))
}

// UnlockedError says that a lock was broken, and why that is not in the audit log.
type UnlockedError struct{ Err error }

// Error says first that the lock is broken.
func (e *UnlockedError) Error() string {
	return fmt.Sprintf("the lock was broken, but that could not be recorded: %v", e.Err)
}

// Unwrap returns the cause.
func (e *UnlockedError) Unwrap() error { return e.Err }

// ForceUnlock breaks the state's lock called id, and records that. Where it
// cannot be recorded, as without the key of a log that is encrypted, the lock is
// broken all the same, and the error is [*UnlockedError].
func (p *Project) ForceUnlock(ctx context.Context, id string) error {
	store, err := p.store()
	if err != nil {
		return err
	}
	holder, _, _ := store.Holder(ctx) // for the log alone
	if err := store.ForceUnlock(ctx, id); err != nil {
		return p.stateError(err)
	}
	if err := p.noteUnlocked(ctx, store, holder); err != nil {
		return &UnlockedError{p.keyHint(err)}
	}
	return nil
}

// noteUnlocked records that a lock was broken, as its next holder.
func (p *Project) noteUnlocked(ctx context.Context, store providers.Store, holder providers.LockInfo) (err error) {
	session, err := store.Lock(ctx, p.locked("force-unlock"), 10*time.Second)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, session.Unlock(context.WithoutCancel(ctx))) }()
	state, err := store.Read(ctx)
	if err != nil {
		return err
	}
	if err := p.closeLeft(ctx, session, state); err != nil {
		return err
	}
	return p.note(ctx, session, "force-unlock", fmt.Sprintf("took the lock %s from %s (%s)", holder.ID, holder.Who, holder.Operation), state)
}

// save writes the ledger, also where the run was interrupted: it is what the
// next run knows.
func save(ctx context.Context, session providers.Session, state *planner.State) error {
	if err := session.Save(context.WithoutCancel(ctx), state); err != nil {
		return fmt.Errorf("save the state (what was done is in its journal, and the next run reads it): %w", err)
	}
	return nil
}
