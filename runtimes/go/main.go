// SPDX-License-Identifier: MIT

// tailrace-target-go: goroutines, Go's own scheduler and network poller.
package main

import (
	"os"
	"runtime"
	"runtime/debug"

	"tailrace/internal/files"
	"tailrace/internal/protocol"
	"tailrace/internal/serving"
	"tailrace/internal/timers"
)

var version = "unknown" // of Tailrace, by the build (CMakeLists.txt)

var inProcess = []string{"timer", "file-read"} // workloads that have no client

func main() {
	os.Exit(protocol.Main(describe(), start))
}

func start(request *protocol.Request) (protocol.Target, error) {
	runtime.GOMAXPROCS(request.Workers)
	debug.SetGCPercent(int(request.Options.Int("gogc")))
	switch request.Workload {
	case "timer":
		sleeping, err := timers.Start(request)
		if err != nil {
			return nil, err
		}
		return measured{sleeping}, nil
	case "file-read":
		reading, err := files.Start(request)
		if err != nil {
			return nil, err
		}
		return measured{reading}, nil
	}
	server, err := serving.Start(request)
	if err != nil {
		return nil, err // not `server`: a nil *Server in a Target is no nil Target
	}
	return measured{server}, nil
}

func describe() *protocol.Description {
	options := serving.Options()
	options = append(options, timers.Options()...)
	options = append(options, files.Options()...)
	options = append(options, protocol.Integer("gogc", "how far the heap grows between two "+
		"collections, in per cent (GOGC)", 100, 10, 10_000))
	return &protocol.Description{
		Protocol: 2,
		ID:       "go",
		Family:   "peer",
		Order:    130,
		Language: "Go",
		Summary: "goroutines over Go's network poller; workers=N is GOMAXPROCS, the processors " +
			"that share all of them",
		Versions:           versions(),
		Backend:            "epoll",
		TimerGranularityNS: 1,
		OneWorker:          "nothing is stolen, for there is no other worker",
		Allocator:          "own",
		Workloads:          append(serving.Workloads, inProcess...),
		InProcess:          inProcess,
		Options:            options,
		Forms: map[string]map[string]string{
			"best":    {"buffer": "lent", "buffer_bytes": "65536"},
			"default": {},
		},
		Needs:     map[string]string{"kernel": "3.2"},
		Available: true,
	}
}

// versions are those of the build: the compiler, its settings, the locked modules.
func versions() map[string]string {
	all := map[string]string{
		"tailrace": version,
		"go":       runtime.Version(),
		"compiler": runtime.Compiler,
	}
	info, has := debug.ReadBuildInfo()
	if !has {
		return all
	}
	for _, setting := range info.Settings {
		if setting.Key == "GOAMD64" || setting.Key == "-tags" || setting.Key == "-gcflags" {
			all["flags"] = setting.Key + "=" + setting.Value
		}
	}
	for _, module := range info.Deps {
		all[module.Path] = module.Version
	}
	return all
}

// measured adds to a target's result what Go counts about itself.
type measured struct{ protocol.Target }

func (m measured) Finish() protocol.Outcome {
	var memory runtime.MemStats
	outcome := m.Target.Finish()
	runtime.ReadMemStats(&memory)
	outcome.Metrics = map[string]any{
		"gc_cycles":   memory.NumGC,
		"gc_pause_ns": memory.PauseTotalNs,
		"heap_bytes":  memory.HeapAlloc,
		"stack_bytes": memory.StackInuse,
	}
	return outcome
}
