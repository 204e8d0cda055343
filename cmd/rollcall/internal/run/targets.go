package run

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/providers/sandbox"
	"github.com/rollcall-dev/rollcall/providers/scim"
	"github.com/rollcall-dev/rollcall/providers/twingate"
	"github.com/rollcall-dev/rollcall/schema"
)

// embedded is the dialect of the SCIM service inside this program.
const embedded = "sandbox"

// purpose says what a run wants of its targets.
type purpose int

const (
	reading purpose = iota
	writing
)

// connection is one target that can be spoken to. target is nil for a run that
// only reads.
type connection struct {
	block   *schema.Target
	scim    *scim.Target
	reader  providers.Reader
	target  providers.Target
	settle  time.Duration
	service *sandbox.Service
}

// connections are those of all targets that apps use, in the order of addresses.
type connections []*connection

// of returns the connection to the target at address, or nil.
func (cs connections) of(address schema.Address) *connection {
	for _, c := range cs {
		if c.block.Address == address {
			return c
		}
	}
	return nil
}

// close ends what the connections keep open.
func (cs connections) close() {
	for _, c := range cs {
		c.scim.Close()
		if c.service != nil {
			_ = c.service.Close()
		}
	}
}

// capabilities returns what each declared target can do, without asking it.
func (p *Project) capabilities() (map[schema.Address]planner.Capabilities, error) {
	all := make(map[schema.Address]planner.Capabilities, len(p.Config.Targets))
	for i := range p.Config.Targets {
		t := &p.Config.Targets[i]
		d, err := scim.DialectFor(*t)
		if err != nil {
			return nil, &PlaceError{What: t.Address, Origin: t.Origin, Err: err}
		}
		all[t.Address] = d.Capabilities()
	}
	return all, nil
}

// connect prepares every target that has to be read. It sends nothing.
func (p *Project) connect(ctx context.Context, why purpose, state *planner.State) (connections, error) {
	var all connections
	for i := range p.Config.Targets {
		t := p.Config.Targets[i]
		if !p.used(t.Address, state) {
			continue
		}
		c, err := p.connectOne(ctx, t, why)
		if err != nil {
			all.close()
			return nil, &PlaceError{What: t.Address, Origin: t.Origin, Err: err}
		}
		all = append(all, c)
	}
	return all, nil
}

// used reports whether a run has to read the target: an app is kept there, or
// may have been before its block went.
func (p *Project) used(target schema.Address, state *planner.State) bool {
	only := p.options.Only
	if only.Type() != "app" {
		only = ""
	}
	if slices.ContainsFunc(p.Config.Apps, func(a schema.App) bool {
		return a.Target == target && (only == "" || a.Address == only)
	}) {
		return true
	}
	return only == "" && slices.ContainsFunc(state.Apps, func(a planner.AppState) bool {
		return p.targetOf(a.App) == ""
	})
}

// newTarget makes the client that c's dialect asks for.
func newTarget(c scim.Config) (*scim.Target, error) {
	if c.Target.Dialect == "twingate" {
		return twingate.New(c)
	}
	return scim.New(c)
}

// connectOne prepares one target.
func (p *Project) connectOne(ctx context.Context, t schema.Target, why purpose) (*connection, error) {
	if p.options.Parallelism > 0 {
		t.Limits.Parallelism = p.options.Parallelism
	}
	config := scim.Config{Target: t, ReadOnly: why == reading, Paths: p.paths(t.Address), HTTP: p.client()}
	if p.options.Reading != nil {
		config.Progress = func(what string, done, total int) { p.options.Reading(t.Address, what, done, total) }
	}
	c := &connection{}
	var err error
	if t.Dialect == embedded {
		c.service, err = p.startSandbox(ctx, &config)
	} else {
		err = p.authorise(&config)
	}
	if err != nil {
		return nil, err
	}
	if c.scim, err = newTarget(config); err != nil {
		if c.service != nil {
			_ = c.service.Close()
		}
		return nil, err
	}
	c.block, c.reader, c.settle = &config.Target, c.scim, c.scim.Dialect().Lookup.Settle
	if why == writing {
		c.target = c.scim
	}
	return c, nil
}

// client holds what requests to every target have in common.
func (p *Project) client() providers.ClientOptions {
	return providers.ClientOptions{
		AllowedHosts: p.options.AllowedHosts,
		Proxy:        http.ProxyFromEnvironment,
		UserAgent:    "rollcall/" + p.options.Version,
		Clock:        providers.Clock{Now: p.options.Now},
		Observe:      p.observe,
	}
}

// observe logs a request that was sent. Neither headers nor bodies are in it.
func (p *Project) observe(e providers.Exchange) {
	log := p.options.Log.With("method", e.Method, "path", e.Path, "attempt", e.Attempt, "took", e.Elapsed)
	switch {
	case e.Retry:
		log.Warn("request is sent again", "status", e.Status, "err", e.Err, "wait", e.Wait)
	case e.Err != nil:
		log.Warn("request failed", "err", e.Err)
	default:
		log.Debug("request", "status", e.Status)
	}
}

// authorise finds the token of a target that does not give its own.
func (p *Project) authorise(c *scim.Config) error {
	if c.Target.Token != nil {
		return nil
	}
	u, err := url.Parse(c.Target.BaseURL)
	if err != nil || u.Hostname() == "" {
		return errors.New("the base URL names no host")
	}
	if c.Token, err = p.options.Token(u.Hostname()); err != nil {
		return &TokenError{err}
	}
	return nil
}

// startSandbox starts the SCIM service of a sandbox target on loopback, with a
// token that nobody else knows, and points c to it. It outlives an interrupt,
// so that requests in flight get their answers.
func (p *Project) startSandbox(ctx context.Context, c *scim.Config) (*sandbox.Service, error) {
	token := p.options.Random()
	file, err := p.dataFile(c.Target.Path, "sandbox.json")
	if err != nil {
		return nil, err
	}
	service, err := sandbox.Open(sandbox.Options{
		Path: file, Dialect: c.Target.SandboxDialect,
		Token: token, Clock: p.options.Now,
	})
	if err != nil {
		return nil, err
	}
	address, err := service.Listen(context.WithoutCancel(ctx), "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, service.Close())
	}
	c.Target.BaseURL = address
	c.Identity = embedded + ":" + filepath.ToSlash(c.Target.Path)
	c.Token = schema.NewSecret(func() (string, error) { return token, nil })
	c.HTTP.AllowedHosts = nil
	return service, nil
}

// paths lists the attributes that apps at the target care about.
func (p *Project) paths(target schema.Address) []string {
	paths := scim.DefaultPaths()
	for i := range p.Config.Apps {
		app := &p.Config.Apps[i]
		if app.Target != target {
			continue
		}
		for _, m := range app.Attributes {
			paths = append(paths, m.Path)
		}
		for j := range p.Config.Assignments {
			if p.Config.Assignments[j].App != app.Address {
				continue
			}
			for _, v := range p.Config.Assignments[j].Profile {
				paths = append(paths, v.Path)
			}
		}
	}
	return paths
}
