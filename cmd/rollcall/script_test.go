package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/cli"
	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/providers/forge/forgetest"
	"github.com/rollcall-dev/rollcall/providers/sandbox"
	"github.com/rollcall-dev/rollcall/providers/statestore"
)

// noExitSleep keeps every process of a test under the race detector from
// sleeping for a second before it ends.
const noExitSleep = "atexit_sleep_ms=0"

// testsAtOnce is how many tests run together for each processor. Most of them
// wait: for a process that they started, for its disk, or for the time that it
// has to wait for itself.
const testsAtOnce = 4

func TestMain(m *testing.M) {
	// What is given as -parallel comes after this, and wins.
	if err := flag.Set("test.parallel", strconv.Itoa(testsAtOnce*runtime.GOMAXPROCS(0))); err != nil {
		panic(err)
	}
	testscript.Main(m, map[string]func(){
		"rollcall": func() { os.Exit(cli.Main(os.Args[1:])) },
		"sealed":   sealed,
		"cramped":  cramped,
	})
}

func TestScript(t *testing.T) {
	t.Parallel()
	testscript.RunT(watched{t}, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE") != "",
		Setup: func(e *testscript.Env) error {
			setCanary(e)
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("GORACE", noExitSleep)
			e.Setenv("esc", "\x1b")
			e.Values[services{}] = map[string]*service{}
			e.Values[storesOf{}] = map[string]http.Handler{}
			e.Values[forgesOf{}] = map[string]*forgetest.Service{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":      exits,
			"json":       checkJSON,
			"target":     startTarget,
			"fault":      injectFault,
			"mend":       mend,
			"counts":     counts,
			"same":       same,
			"interrupt":  interrupt,
			"abort":      abort,
			"kill9":      kill9,
			"send":       send,
			"wrote":      wrote,
			"hold":       holdLock,
			"await":      awaitText,
			"store":      startStore,
			"cutstate":   cutState,
			"hidden":     hidden,
			"point":      point,
			"merged":     mergeAt,
			"posted":     postAt,
			"setjson":    setJSON,
			"forge":      startForge,
			"posts":      forgeHas,
			"forgefault": forgeFault,
			"backdate":   backdate,
			"agekey":     newAgeKey,
		},
	})
}

// services is the key of a script's targets by name.
type services struct{}

// service is a target of a script, served by the test's own process.
type service struct {
	*sandbox.Service
	address string
}

// newAgeKey makes an age identity: agekey FILE VARIABLE. The variable is set to
// its recipient.
func newAgeKey(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: agekey FILE VARIABLE")
	}
	identity, err := age.GenerateX25519Identity()
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte("# made for a test\n"+identity.String()+"\n"), 0o600))
	ts.Setenv(args[1], identity.Recipient().String())
}

// exits runs a command and checks its exit code: exits CODE COMMAND….
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		failed := (*exec.ExitError)(nil)
		if !errors.As(err, &failed) {
			ts.Fatalf("run %s: %v", args[1], err)
		}
		got = failed.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// checkJSON compares one value of a JSON document, or of its last line that
// has the value where there are many: json FILE PATH WANT. PATH is written
// a.0.b; a.# is a length. Negated it checks that the value differs.
func checkJSON(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: json FILE PATH WANT")
	}
	decoder := json.NewDecoder(strings.NewReader(ts.ReadFile(args[0])))
	got, found := "", false
	for decoder.More() {
		var document any
		ts.Check(decoder.Decode(&document))
		if value, ok := lookup(document, strings.Split(args[1], ".")); ok {
			got, found = value, true
		}
	}
	if !found {
		ts.Fatalf("%s has no value at %s", args[0], args[1])
	}
	if (got == args[2]) == neg {
		ts.Fatalf("%s at %s is %s, want it to be %s: %t", args[0], args[1], got, args[2], !neg)
	}
}

// lookup walks down a document and prints what it finds.
func lookup(v any, path []string) (string, bool) {
	for _, name := range path {
		switch node := v.(type) {
		case map[string]any:
			child, ok := node[name]
			if !ok {
				return "", false
			}
			v = child
		case []any:
			if name == "#" {
				return strconv.Itoa(len(node)), true
			}
			i, err := strconv.Atoi(name)
			if err != nil || i >= len(node) {
				return "", false
			}
			v = node[i]
		default:
			return "", false
		}
	}
	if text, ok := v.(string); ok {
		return text, true
	}
	b, err := json.Marshal(v)
	return string(b), err == nil
}

// startTarget serves a SCIM target on loopback and puts its address into the
// environment as NAME_URL; what it is asked goes to NAME.log: target NAME [DIALECT].
func startTarget(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: target NAME [DIALECT]")
	}
	dialect := ""
	if len(args) == 2 {
		dialect = args[1]
	}
	log, err := os.Create(ts.MkAbs(args[0] + ".log"))
	ts.Check(err)
	ts.Defer(func() { ts.Check(log.Close()) })
	s, err := sandbox.Open(sandbox.Options{
		Dialect: dialect, Token: canary,
		Log: func(e sandbox.Exchange) { fmt.Fprintln(log, e.Method, e.Path, e.Status, e.ID) },
	})
	ts.Check(err)
	address, err := s.Listen(context.Background(), "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { ts.Check(s.Close()) })
	ts.Value(services{}).(map[string]*service)[args[0]] = &service{s, address}
	ts.Setenv(args[0]+"_URL", address)
}

func target(ts *testscript.TestScript, name string) *service {
	s := ts.Value(services{}).(map[string]*service)[name]
	if s == nil {
		ts.Fatalf("no target is called %q", name)
	}
	return s
}

// injectFault makes a target fail: fault NAME FAULT.
func injectFault(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: fault NAME FAULT")
	}
	f, err := sandbox.ParseFault(args[1])
	ts.Check(err)
	target(ts, args[0]).Inject(f)
}

// mend takes all faults away: mend NAME.
func mend(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: mend NAME")
	}
	target(ts, args[0]).ClearFaults()
}

// counts checks how many resources of a type a target has: counts NAME Users 3.
func counts(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: counts NAME Users|Groups N")
	}
	_, answer := target(ts, args[0]).ask(ts, http.MethodGet, "/"+args[1]+"?count=0", "")
	var list struct{ TotalResults int }
	ts.Check(json.Unmarshal(answer, &list))
	if got := strconv.Itoa(list.TotalResults); got != args[2] {
		ts.Fatalf("%s has %s %s, want %s", args[0], got, args[1], args[2])
	}
}

// send does something at a target behind rollcall's back: send NAME METHOD
// PATH [BODY]. {id:Users:NAME} in PATH and BODY stands for the id of a resource.
func send(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || len(args) > 4 {
		ts.Fatalf("usage: send NAME METHOD PATH [BODY]")
	}
	s := target(ts, args[0])
	body := ""
	if len(args) == 4 {
		body = s.ids(ts, args[3])
	}
	status, answer := s.ask(ts, args[1], s.ids(ts, args[2]), body)
	if status >= 300 {
		ts.Fatalf("%s %s: %d %s", args[1], args[2], status, answer)
	}
}

// ask sends one request to the service.
func (s *service) ask(ts *testscript.TestScript, method, path, body string) (int, []byte) {
	request, err := http.NewRequest(method, s.address+path, strings.NewReader(body))
	ts.Check(err)
	request.Header.Set("Authorization", "Bearer "+canary)
	request.Header.Set("Content-Type", "application/scim+json")
	answer, err := http.DefaultClient.Do(request)
	ts.Check(err)
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	ts.Check(err)
	return answer.StatusCode, content
}

// idOf matches what stands for an id.
var idOf = regexp.MustCompile(`\{id:(Users|Groups):([^}]+)\}`)

// ids puts ids in place of names.
func (s *service) ids(ts *testscript.TestScript, text string) string {
	return idOf.ReplaceAllStringFunc(text, func(m string) string {
		part := idOf.FindStringSubmatch(m)
		attribute := map[string]string{"Users": "userName", "Groups": "displayName"}[part[1]]
		filter := url.QueryEscape(attribute + ` eq "` + part[2] + `"`)
		_, answer := s.ask(ts, http.MethodGet, "/"+part[1]+"?filter="+filter, "")
		id, ok := "", false
		var list any
		ts.Check(json.Unmarshal(answer, &list))
		if id, ok = lookup(list, []string{"Resources", "0", "id"}); !ok {
			ts.Fatalf("no %s is called %q", part[1], part[2])
		}
		return id
	})
}

// wrote checks how many requests that may write a target was sent: wrote NAME N.
func wrote(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: wrote NAME N")
	}
	if got := target(ts, args[0]).written(); strconv.Itoa(got) != args[1] {
		ts.Fatalf("%s was sent %d requests that write, want %s", args[0], got, args[1])
	}
}

// written counts the requests that may write and have arrived.
func (s *service) written() int {
	got := 0
	for endpoint, n := range s.Requests() {
		if endpoint.Method != http.MethodGet {
			got += n
		}
	}
	return got
}

// holdLock takes the lock of the state in a file until the script ends, as
// another run would whose clock is ahead by AHEAD: hold FILE ID [AHEAD].
func holdLock(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: hold FILE ID [AHEAD]")
	}
	now := time.Now()
	if len(args) == 3 {
		ahead, err := time.ParseDuration(args[2])
		ts.Check(err)
		now = now.Add(ahead)
	}
	store := statestore.NewFile(ts.MkAbs(args[0]), func() string { return "lineage" }, func() time.Time { return now })
	session, err := store.Lock(context.Background(), providers.LockInfo{
		ID: args[1], Operation: "apply", Who: "ann@example", Created: now,
	}, 0)
	ts.Check(err)
	ts.Defer(func() { _ = session.Unlock(context.Background()) })
}

// awaitText waits until a file holds a text: await FILE TEXT.
func awaitText(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: await FILE TEXT")
	}
	waitFor(ts, args[0], args[1])
}

// hidden checks that the token of the targets is in no file of the script's
// folder yet; when the script ends that is checked anyway.
func hidden(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: hidden")
	}
	ts.Check(searchFiles(ts.Getenv("WORK")))
}

// point writes the addresses of targets into files: $NAME_URL becomes what the
// environment has. point FILE….
func point(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: point FILE…")
	}
	for _, name := range args {
		content := os.Expand(ts.ReadFile(name), func(variable string) string {
			if strings.HasSuffix(variable, "_URL") {
				return ts.Getenv(variable)
			}
			return "$" + variable
		})
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(content), 0o600))
	}
}

// setJSON puts a value of a JSON document into the environment: setjson NAME FILE PATH.
func setJSON(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: setjson NAME FILE PATH")
	}
	var document any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &document))
	value, ok := lookup(document, strings.Split(args[2], "."))
	if !ok {
		ts.Fatalf("%s has no value at %s", args[1], args[2])
	}
	ts.Setenv(args[0], value)
}

// same checks that two files have the same bytes: same A B.
func same(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: same A B")
	}
	if equal := ts.ReadFile(args[0]) == ts.ReadFile(args[1]); equal == neg {
		ts.Fatalf("%s and %s have the same bytes: %t, want %t", args[0], args[1], equal, !neg)
	}
}

// interrupt runs a command, sends Ctrl-C once a file holds a text, and checks
// the exit code: interrupt CODE FILE TEXT COMMAND….
func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: interrupt CODE FILE TEXT COMMAND…")
	}
	code, said := signalled(ts, os.Interrupt, args[1:])
	if code != args[0] {
		ts.Fatalf("exit code %s, want %s; it said\n%s", code, args[0], said)
	}
	if !strings.Contains(said, "Interrupted") {
		ts.Fatalf("want a word about the interrupt, got\n%s", said)
	}
}

// kill9 runs a command and kills it, without a chance to save anything, once a
// file holds a text: kill9 FILE TEXT COMMAND….
func kill9(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: kill9 FILE TEXT COMMAND…")
	}
	if code, said := signalled(ts, os.Kill, args); code != "-1" {
		ts.Fatalf("it ended by itself with %s:\n%s", code, said)
	}
}

// abort runs a command and sends Ctrl-C once a target has so many requests that
// write, answered or not, and again once the command has said that it was
// interrupted: abort NAME N COMMAND….
func abort(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: abort NAME N COMMAND…")
	}
	said, err := os.Create(ts.MkAbs("said"))
	ts.Check(err)
	defer said.Close()
	command := inScript(ts, args[2:])
	command.Stderr = said
	ts.Check(command.Start())
	for deadline := time.Now().Add(20 * time.Second); strconv.Itoa(target(ts, args[0]).written()) != args[1]; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			ts.Fatalf("%s was never sent %s requests that write", args[0], args[1])
		}
	}
	ts.Check(command.Process.Signal(os.Interrupt))
	waitFor(ts, "said", "Interrupted")
	ts.Check(command.Process.Signal(os.Interrupt))
	_ = command.Wait()
	if code := command.ProcessState.ExitCode(); code != 130 {
		ts.Fatalf("exit code %d, want 130", code)
	}
}

// inScript is a command in the folder of a script, with the token of its targets.
func inScript(ts *testscript.TestScript, args []string) *exec.Cmd {
	command := exec.Command(args[0], args[1:]...)
	command.Dir = ts.MkAbs(".")
	command.Env = append(os.Environ(), "ROLLCALL_TOKEN_127_0_0_1="+canary)
	return command
}

// signalled runs a command, sends it a signal once a file holds a text, and
// returns its exit code and what it said: FILE TEXT COMMAND….
func signalled(ts *testscript.TestScript, signal os.Signal, args []string) (code, said string) {
	command := inScript(ts, args[2:])
	var out strings.Builder
	command.Stdout, command.Stderr = &out, &out
	ts.Check(command.Start())
	waitFor(ts, args[0], args[1])
	ts.Check(command.Process.Signal(signal))
	_ = command.Wait()
	if strings.Contains(out.String(), canary) {
		ts.Fatalf("the token is in the output")
	}
	return strconv.Itoa(command.ProcessState.ExitCode()), out.String()
}

// waitFor returns once a file holds a text.
func waitFor(ts *testscript.TestScript, name, text string) {
	deadline := time.Now().Add(20 * time.Second)
	for {
		content, err := os.ReadFile(ts.MkAbs(name))
		if err == nil && strings.Contains(string(content), text) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s never held %q", name, text)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
