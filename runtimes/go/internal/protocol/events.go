// SPDX-License-Identifier: MIT

package protocol

import (
	"encoding/json"
	"os"

	"golang.org/x/sys/unix"
)

// Counts of a workload by name.
type Counts map[string]int64

// printLine writes one object in one piece; the main goroutine alone calls it. A harness that has
// gone away is not our failure.
func printLine(object any) {
	line, err := json.Marshal(object)
	if err != nil {
		panic(err) // texts and numbers always have a JSON text
	}
	_, _ = os.Stdout.Write(append(line, '\n'))
}

func printReady(ready Ready, request *Request) {
	granted := map[string]any{}
	for name, value := range request.Options {
		granted[name] = value
	}
	for name, value := range ready.Granted {
		granted[name] = value
	}
	addresses := ready.Addresses
	if addresses == nil {
		addresses = []string{}
	}
	printLine(map[string]any{
		"event":     "ready",
		"pid":       os.Getpid(),
		"addresses": addresses,
		"backend":   ready.Backend,
		"workers":   request.Workers,
		"granted":   granted,
	})
}

func printSample(counts Counts) {
	printLine(map[string]any{"event": "sample", "t_ns": monotonicNS(), "counts": counts})
}

func printResult(outcome Outcome) {
	metrics, histograms := outcome.Metrics, outcome.Histograms
	if metrics == nil {
		metrics = map[string]any{}
	}
	if histograms == nil {
		histograms = map[string][][2]int64{}
	}
	printLine(map[string]any{
		"event":      "result",
		"counts":     outcome.Counts,
		"metrics":    metrics,
		"histograms": histograms,
	})
}

func printError(message, remedy string) {
	printLine(map[string]any{"event": "error", "message": message, "remedy": remedy})
}

// monotonicNS is CLOCK_MONOTONIC, which time.Now() also has inside but does not give away.
func monotonicNS() int64 {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		panic(err) // every Linux has this clock
	}
	return now.Nano()
}
