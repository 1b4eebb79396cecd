// SPDX-License-Identifier: MIT

// Package protocol is the target protocol (runtimes/README.md): command line, events, commands.
// It knows nothing of workloads.
package protocol

import (
	"errors"
	"fmt"
	"syscall"
)

// Description is what a target says of itself.
type Description struct {
	ID, Language, Summary, Backend, Kernel string
	Versions                               map[string]string
	Workloads                              []string
	Options                                []Option
	Best, Default                          map[string]string // forms: option values
}

// object is what describe prints.
func (d *Description) object() map[string]any {
	options := []map[string]any{}
	for _, option := range d.Options {
		one := map[string]any{"name": option.Name, "default": option.Default,
			"values": option.allowed(), "help": option.Help}
		if option.Workloads != nil {
			one["workloads"] = option.Workloads
		}
		options = append(options, one)
	}
	return map[string]any{
		"protocol":  1,
		"id":        d.ID,
		"family":    "peer",
		"language":  d.Language,
		"summary":   d.Summary,
		"versions":  d.Versions,
		"backend":   d.Backend,
		"workloads": d.Workloads,
		"options":   options,
		"forms":     map[string]any{"best": d.Best, "default": d.Default},
		"needs":     map[string]any{"kernel": d.Kernel},
		"available": true,
	}
}

// Request is a validated run command.
type Request struct {
	Workload string
	Workers  int
	CPUs     []int // ascending; none: not confined
	Host     string
	Port     int
	Options  Values
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
