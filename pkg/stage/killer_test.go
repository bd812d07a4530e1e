package stage

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/bus"
)

// killer is what a child process runs: its handler ends the process when it sees
// the page "killer".
func killer(url string) int {
	b, err := bus.Connect(context.Background(), bus.Options{URL: url, AckWait: time.Second})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	w, err := New(Options{
		Name: "normalize", Bus: b, Stream: bus.StreamPages, Consumer: bus.ConsumerNormalize, Workers: 4,
		RetryDelay: 5 * time.Millisecond,
		Handler: func(ctx context.Context, batch []*Msg) []Result {
			if batch[0].Header.Get(bus.HeaderID) == "killer" {
				os.Exit(7)
			}
			// Long enough to be in work when the killer strikes.
			time.Sleep(20 * time.Millisecond)
			return echo(ctx, batch)
		},
	})
	if err == nil {
		err = w.Run(context.Background())
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

const childVariable = "COPYDESK_TEST_STAGE_CHILD"

func TestMessageThatKillsTheWorkerIsBuried(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts processes")
	}
	s := newServer(t)
	r := newRig(t, bus.Options{InProcess: s})
	for i := range 20 {
		r.page(fmt.Sprintf("page-%d", i))
		if i == 5 {
			r.page("killer")
		}
	}
	died := 0
	for len(r.dead()) == 0 {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		cmd := exec.CommandContext(ctx, os.Args[0])
		cmd.Env = append(os.Environ(), childVariable+"="+s.ClientURL())
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		exited := make(chan error, 1)
		go func() { exited <- cmd.Wait() }()
		var err error
		eventually(t, "child dies or buries the killer", func() bool {
			select {
			case err = <-exited:
				exited <- err
				return true
			default:
				return len(r.dead()) > 0 && r.messages(bus.StreamPages) == 0
			}
		})
		if err != nil {
			died++
			if cmd.ProcessState.ExitCode() != 7 {
				t.Fatalf("child: %v", err)
			}
		}
		cancel()
		<-exited
	}
	if died != 5 {
		t.Errorf("the killer killed %d workers, want 5", died)
	}
	letters := r.dead()
	if len(letters) != 1 || letters[0].ID != "killer" || letters[0].Reason != ReasonPoison {
		t.Errorf("dead letters: %+v", letters)
	}
	if !strings.Contains(letters[0].Error, "did not survive") {
		t.Errorf("error: %s", letters[0].Error)
	}
	r.wantExactly(20)
}
