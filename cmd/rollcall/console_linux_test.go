package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// typist sits at a terminal on which a rollcall runs.
type typist struct {
	t       *testing.T
	command *exec.Cmd
	master  *os.File
	screen  syncBuffer
	// seen is how much of the screen earlier waits have read.
	seen int
}

// consoleFiles is a configuration to ask about.
const consoleFiles = `
variable "network" { default = "acme" }
locals {
  leads = [user.alice.login]
  lines = 1
}
user "alice" { login = "alice@example.com" }
user "alvin" { login = "alvin@example.com" }
`

// sitDown starts rollcall in dir on a terminal of its own.
func sitDown(t *testing.T, dir string, args ...string) *typist {
	t.Helper()
	master, slave := openTerminal(t)
	y := &typist{t: t, master: master, command: exec.Command(binary(t), args...)}
	y.command.Dir, y.command.Env = dir, []string{"TERM=xterm", "HOME=" + dir, "NO_COLOR=1"}
	y.command.Stdin, y.command.Stdout, y.command.Stderr = slave, slave, slave
	y.command.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := y.command.Start(); err != nil {
		t.Fatal(err)
	}
	_ = slave.Close()
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			_, _ = y.screen.Write(buf[:n])
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { _ = y.command.Process.Kill(); _ = y.command.Wait() })
	return y
}

// openTerminal opens a pseudo terminal of 100 columns.
func openTerminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = master.Close() })
	fd := int(master.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: 100}); err != nil {
		t.Fatal(err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return master, slave
}

// types presses keys.
func (y *typist) types(keys string) {
	y.t.Helper()
	if _, err := y.master.WriteString(keys); err != nil {
		y.t.Fatal(err)
	}
}

// sees waits for text on the screen, beyond what was seen before.
func (y *typist) sees(text string) {
	y.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		if at := strings.Index(y.screen.String()[y.seen:], text); at >= 0 {
			y.seen += at + len(text)
			return
		}
	}
	y.t.Fatalf("%q does not come; the screen is\n%q", text, y.screen.String())
}

// leaves waits until the program has ended well.
func (y *typist) leaves() {
	y.t.Helper()
	if err := y.command.Wait(); err != nil {
		y.t.Fatalf("rollcall ended with %v; the screen is\n%q", err, y.screen.String())
	}
}

func consoleDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.hcl"), []byte(consoleFiles), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestConsoleOnATerminalEditsCompletesAndContinuesLines(t *testing.T) {
	t.Parallel()
	y := sitDown(t, consoleDir(t), "console")
	y.sees("> ")

	y.types("var.networt\x7fk\r") // backspace
	y.sees(`"acme"`)
	y.sees("> ")
	y.types("\x1b[A\r") // up: the line before
	y.sees(`"acme"`)
	y.sees("> ")

	y.types("us\t") // to user, then to what both people begin with
	y.sees("er")
	y.types(".\t\t") // and then both are listed
	y.sees("user.alice  user.alvin")
	y.types("ice.logi\t\r")
	y.sees(`"alice@example.com"`)
	y.sees("> ")

	y.types("[\r")
	y.sees("| ")
	y.types("1, 2\r")
	y.sees("| ")
	y.types("]\r")
	y.sees("  2,\r\n]")
	y.sees("> ")

	y.types("nope\r")
	y.sees("on expression line 1:")
	y.sees("> ")
	y.types("help\r")
	y.sees("Ctrl-D leaves")
	y.sees("> ")
	y.types("\x04")
	y.leaves()
}

func TestConsoleOnATerminalAbandonsAnExpressionWithCtrlC(t *testing.T) {
	t.Parallel()
	y := sitDown(t, consoleDir(t), "console")
	y.sees("> ")
	y.types("half a line\x03")
	y.sees("> ")
	y.types("[\r")
	y.sees("| ")
	y.types("1,\r")
	y.sees("| ")
	y.types("2\x03")
	y.sees("> ")
	y.types("40 + 2\r")
	y.sees("\n42\r\n")
	y.sees("> ")
	y.types("exit\r")
	y.leaves()
	if strings.Contains(y.screen.String(), "Error") {
		t.Errorf("what was abandoned was evaluated:\n%q", y.screen.String())
	}
}

func TestConsoleKeepsItsHistoryWhereTheDataFolderIs(t *testing.T) {
	t.Parallel()
	dir := consoleDir(t)
	y := sitDown(t, dir, "console")
	y.sees("> ")
	y.types("1 + 1\r")
	y.sees("\n2\r\n")
	y.types("exit\r")
	y.leaves()
	if _, err := os.Stat(filepath.Join(dir, ".rollcall")); !os.IsNotExist(err) {
		t.Errorf("the console has made the data folder: %v", err)
	}

	if err := os.Mkdir(filepath.Join(dir, ".rollcall"), 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, ".rollcall", "console_history")
	if err := os.WriteFile(file, []byte("20 + 1\n\x1b[2Jevil\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	y = sitDown(t, dir, "console")
	y.sees("> ")
	y.types("\x1b[A\r")
	y.sees("\n21\r\n")
	y.sees("> ")
	y.types("3 + 3\r")
	y.sees("\n6\r\n")
	y.sees("> ")
	y.types("\x04")
	y.leaves()
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if want := []byte("20 + 1\n3 + 3\n"); !bytes.Equal(got, want) {
		t.Errorf("the history is %q, want %q", got, want)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the history is %v, %v: want it to be its owner's alone", info.Mode(), err)
	}
}

func TestConsoleGivesTheTerminalBackWhenItIsStopped(t *testing.T) {
	t.Parallel()
	y := sitDown(t, consoleDir(t), "console")
	lineByLine := func() bool {
		modes, err := unix.IoctlGetTermios(int(y.master.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		return modes.Lflag&unix.ICANON != 0
	}
	y.sees("> ")
	if lineByLine() {
		t.Error("the terminal is not raw while a line is edited")
	}
	if err := y.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = y.command.Wait()
	if code := y.command.ProcessState.ExitCode(); code != 130 || !lineByLine() {
		t.Errorf("exit code %d, line by line again: %v; want 130 and true", code, lineByLine())
	}
}
