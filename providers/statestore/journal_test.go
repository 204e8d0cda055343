package statestore

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
)

// memory is a medium that counts what is appended.
type memory struct {
	medium
	bytes.Buffer
	appends int
	asked   func()
}

func (m *memory) held() error { m.asked(); return nil }

func (m *memory) append(frame []byte) error {
	m.appends++
	_, err := m.Write(frame)
	return err
}

func TestRecordsAddedAtTheSameTimeShareAFlush(t *testing.T) {
	t.Parallel()
	const others = 20
	arrived, goOn := make(chan struct{}), make(chan struct{})
	var first sync.Once
	m := &memory{asked: func() { first.Do(func() { close(arrived); <-goOn }) }}
	j := newJournal(m, nil)
	var all sync.WaitGroup
	add := func() {
		if err := j.add(record{Kind: kindIntent, Intent: &intent{}}); err != nil {
			t.Error(err)
		}
	}
	all.Go(add)
	<-arrived
	for range others {
		all.Go(add)
	}
	for waiting(j) < others {
		runtime.Gosched()
	}
	close(goOn)
	all.Wait()
	if m.appends != 2 {
		t.Errorf("%d records took %d flushes, want 2", others+1, m.appends)
	}
	if frames := bytes.Count(m.Bytes(), []byte("\n")); frames != 2 {
		t.Errorf("%d records are in %d frames, want 2", others+1, frames)
	}
}

func waiting(j *journal) int {
	j.joining.Lock()
	defer j.joining.Unlock()
	return len(j.next.records)
}

func TestFilesAreForTheirOwnerAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "data", "state.json")
	f := NewFile(path, func() string { return "l" }, time.Now)
	session, err := f.Lock(context.Background(), providers.LockInfo{ID: "a"}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := session.Save(context.Background(), &planner.State{}); err != nil {
		t.Fatal(err)
	}
	if err := session.Intend(create("user.a")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{
		filepath.Dir(path): os.ModeDir | 0o700, path: 0o600, f.journalPath(): 0o600, f.lockPath(): 0o600,
	} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s has mode %v, want %v", filepath.Base(name), info.Mode(), want)
		}
	}
	if err := session.Unlock(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func FuzzReplay(f *testing.F) {
	whole, err := firstFrame(begin{Version: journalVersion, Lineage: "l", Serial: 3}, []planner.Intent{{App: "a", Kind: "user", Key: "k"}}, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(appendFrame(whole, [][]byte{[]byte(`{"kind":"done","change":{},"outcome":{}}`), []byte(`{"kind":"failed","intent":{}}`)}))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := replay(bytes.NewReader(b), nil)
		if h == nil {
			return
		}
		if err != nil && h.size > int64(len(b)) {
			t.Fatalf("%d bytes are whole of %d", h.size, len(b))
		}
		again, err := replay(bytes.NewReader(b[:h.size]), nil)
		if err != nil || again.size != h.size || len(again.done) != len(h.done) || len(again.open) != len(h.open) {
			t.Fatalf("the whole part reads as %+v, %v, want %+v", again, err, h)
		}
	})
}

// BenchmarkJournal is the cost of one durable record, for several writers at once.
func BenchmarkJournal(b *testing.B) {
	for _, writers := range []int{1, 32} {
		b.Run(fmt.Sprint(writers), func(b *testing.B) {
			f := NewFile(filepath.Join(b.TempDir(), "state.json"), func() string { return "l" }, time.Now)
			session, err := f.Lock(context.Background(), providers.LockInfo{ID: "a"}, 0)
			if err != nil {
				b.Fatal(err)
			}
			c := create("user.a")
			b.SetParallelism(max(1, writers/runtime.GOMAXPROCS(0)))
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := session.Settle(c, planner.Outcome{RemoteID: "u1"}, nil); err != nil {
						b.Error(err)
					}
				}
			})
			if err := session.Unlock(context.Background()); err != nil {
				b.Fatal(err)
			}
		})
	}
}
