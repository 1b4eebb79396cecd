// SPDX-License-Identifier: MIT

package protocol

import (
	"errors"
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
		Integer("tasks", "", 3, 0, 100).For("idle"),
	},
}

func parsed(words string) (*Request, error) {
	return parse(description, strings.Fields(words))
}

func TestWholeRequest(t *testing.T) {
	request, err := parsed("run --workload idle --workers 2 --cpus 0,2-3 --host 127.0.0.1 --port 7 " +
		"--set tasks=9")
	if err != nil {
		t.Fatal(err)
	}
	if request.Workload != "idle" || request.Workers != 2 || request.Port != 7 ||
		request.Host != "127.0.0.1" || !slices.Equal(request.CPUs, []int{0, 2, 3}) {
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
	if request.Workers != 1 || request.Port != 0 || request.Host != "0.0.0.0" || request.CPUs != nil {
		t.Errorf("%+v", request)
	}
	if _, has := request.Options["tasks"]; has {
		t.Error("an option of another workload is in force")
	}
}

func TestDescribeAndHelp(t *testing.T) {
	if request, err := parsed("describe"); request != nil || err != nil {
		t.Error(request, err)
	}
	for _, words := range []string{"--help", "run --help"} {
		if _, err := parsed(words); !errors.Is(err, errHelp) {
			t.Error(words, err)
		}
	}
}

func TestBadUsageIsOneSentence(t *testing.T) {
	for _, words := range []string{
		"", "fly", "describe more", "run", "run --workload fly", "run --workload echo --fly",
		"run --workload echo more", "run --workload echo --workers 0",
		"run --workload echo --workers 1025", "run --workload echo --workers two",
		"run --workload echo --port 70000", "run --workload echo --port -1",
		"run --workload echo --cpus zero", "run --workload echo --cpus=",
		"run --workload echo --host here", "run --workload echo --host ::1",
		"run --workload echo --set buffer", "run --workload echo --set buffer=none",
		"run --workload echo --set tasks=1", "run --workload idle --set tasks=101",
		"run --workload idle --set tasks=-0", "run --workload idle --set tasks=1 --set tasks=1",
		"run --workload echo --set",
	} {
		if _, err := parsed(words); err == nil || strings.ContainsRune(err.Error(), '\n') {
			t.Errorf("%q: %v", words, err)
		}
	}
}

func TestCPULists(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0", "3,0,2-3,7-8": "0,2-3,7-8", "0-1023": "0-1023",
	} {
		cpus, err := parseCPUs(text)
		if err != nil || cpuText(cpus) != want {
			t.Errorf("%q: %v, %v", text, cpus, err)
		}
	}
	for _, bad := range []string{
		"", ",", "0,", "a", "-1", "1-", "2-1", "1-2-3", "99999", "0 1", "+1", " 1", "1024",
	} {
		if cpus, err := parseCPUs(bad); err == nil {
			t.Errorf("%q: %v", bad, cpus)
		}
	}
}

func commandsOf(input io.Reader) []string {
	var seen []string
	readCommands(input, func(line string) { seen = append(seen, line) })
	return seen
}

func TestCommandIsALineAndNotARead(t *testing.T) {
	seen := commandsOf(iotest.OneByteReader(strings.NewReader("sample\nstop\r\n\nrest")))
	if !slices.Equal(seen, []string{"sample", "stop", ""}) {
		t.Errorf("%q", seen)
	}
}

func TestOverlongLineComesOnce(t *testing.T) {
	seen := commandsOf(strings.NewReader(strings.Repeat("x", 100_000) + "\nstop\n"))
	if len(seen) != 2 || len(seen[0]) != lineBytesMax+1 || seen[1] != "stop" {
		t.Errorf("%d lines", len(seen))
	}
}
