// SPDX-License-Identifier: MIT

// Package protocol is the target protocol, version 2 (runtimes/PROTOCOL.md): command line, events,
// commands. It knows nothing of workloads.
package protocol

import (
	"errors"
	"fmt"
	"syscall"
)

// Description is what a target says of itself, as `describe` prints it.
type Description struct {
	Protocol           int                          `json:"protocol"`
	ID                 string                       `json:"id"`
	Family             string                       `json:"family"`
	Order              int                          `json:"order"` // where reports list it
	Language           string                       `json:"language"`
	Summary            string                       `json:"summary"`
	Versions           map[string]string            `json:"versions"`
	Backend            string                       `json:"backend"`
	TimerGranularityNS int                          `json:"timer_granularity_ns"`
	OneWorker          string                       `json:"one_worker"` // what is not so with one
	Allocator          string                       `json:"allocator"`
	Workloads          []string                     `json:"workloads"`
	InProcess          []string                     `json:"in_process"` // of them: no client
	Options            []Option                     `json:"options"`
	Forms              map[string]map[string]string `json:"forms"` // option values
	Needs              map[string]string            `json:"needs"`
	Available          bool                         `json:"available"`
}

// Refused is a run that cannot start: it becomes one error event and exit code 1.
type Refused struct {
	Message, Remedy string
}

func (r *Refused) Error() string {
	return r.Message + ": " + r.Remedy
}

// RefusedByKernel says what was attempted, why it failed, and what to do about it.
func RefusedByKernel(what string, err error) *Refused {
	remedies := map[syscall.Errno]string{
		syscall.EADDRINUSE:    "choose another --port, or 0 for any free one",
		syscall.EADDRNOTAVAIL: "choose a --host that this machine has, such as 127.0.0.1",
		syscall.EACCES:        "choose a --port from 1024 up",
		syscall.EMFILE:        "raise the open-file limit (ulimit -n)",
		syscall.ENFILE:        "raise fs.file-max, or end what holds so many files open",
		syscall.ENOMEM:        "lower the load asked for, or free memory",
	}
	var number syscall.Errno
	remedy := "look the error up in the manual page of the call"
	if errors.As(err, &number) && remedies[number] != "" {
		remedy = remedies[number]
	}
	return &Refused{fmt.Sprintf("%s: %v", what, err), remedy}
}
