// SPDX-License-Identifier: MIT

package protocol

import (
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

var description = &Description{
	ID:        "x",
	Workloads: []string{"echo", "idle"},
	Options: []Option{
		Choice("buffer", "", "owned", "lent"),
		Integer("tasks", "", 3, 0, 100).MultipleOf(3).For("idle"),
	},
}

func parsed(words string) (*Request, error) {
	return parse(description, strings.Fields(words))
}

func TestWholeRequest(t *testing.T) {
	request, err := parsed("run --workload idle --workers 2 --host 127.0.0.1 --port 7 --set tasks=9")
	if err != nil {
		t.Fatal(err)
	}
	if request.Workload != "idle" || request.Workers != 2 || request.Port != 7 ||
		request.Host.String() != "127.0.0.1" {
		t.Errorf("%+v", request)
	}
	if request.Options.Int("tasks") != 9 || request.Options.String("buffer") != "owned" {
		t.Errorf("%v", request.Options)
	}
}

func TestDefaults(t *testing.T) {
	request, err := parsed("run --workload echo")
	if err != nil {
		t.Fatal(err)
	}
	if request.Workers != 1 || request.Port != 0 || request.Host.String() != "0.0.0.0" {
		t.Errorf("%+v", request)
	}
	if _, has := request.Options["tasks"]; has {
		t.Error("an option of another workload is in force")
	}
}

func TestBadUsageIsOneSentence(t *testing.T) {
	if request, err := parsed("describe"); request != nil || err != nil {
		t.Error(request, err)
	}
	for _, words := range []string{
		"", "fly", "describe more", "run", "run --workload fly", "run --workload echo --fly",
		"run --workload echo more", "run --workload echo --workers 0",
		"run --workload echo --workers two", "run --workload echo --port 70000",
		"run --workload echo --port -1", "run --workload echo --host here",
		"run --workload echo --host ::1", "run --workload echo --set buffer",
		"run --workload echo --set buffer=none", "run --workload echo --set tasks=1",
		"run --workload idle --set tasks=-1", "run --workload idle --set tasks=10",
		"run --workload echo --set",
	} {
		if _, err := parsed(words); err == nil || strings.ContainsRune(err.Error(), '\n') {
			t.Errorf("%q: %v", words, err)
		}
	}
}

func commandsOf(input io.Reader) []string {
	var seen []string
	readCommands(input, func(line string) { seen = append(seen, line) })
	return seen
}

func TestCommandIsALineAndNotARead(t *testing.T) {
	seen := commandsOf(iotest.OneByteReader(strings.NewReader("sample\nstop\r\n\n")))
	if !slices.Equal(seen, []string{"sample", "stop", ""}) {
		t.Errorf("%q", seen)
	}
}

func TestOverlongLineComesOnce(t *testing.T) {
	seen := commandsOf(strings.NewReader(strings.Repeat("x", 100_000) + "\nstop\n"))
	if len(seen) != 2 || len(seen[0]) != commandBytesMax || seen[1] != "stop" {
		t.Errorf("%d lines", len(seen))
	}
}
