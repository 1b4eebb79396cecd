// SPDX-License-Identifier: MIT

package protocol

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
)

// Request is a run command, read.
type Request struct {
	Workload string
	Workers  int
	Host     netip.Addr // IPv4
	Port     uint16
	Options  Values
}

// parse reads the words after the program's name: a nil request is `describe`. The harness has
// checked what it gives; the error is one sentence about what cannot be understood.
func parse(description *Description, words []string) (*Request, error) {
	switch {
	case slices.Equal(words, []string{"describe"}):
		return nil, nil
	case len(words) > 0 && words[0] == "run":
		return parseRun(description, words[1:])
	}
	return nil, errors.New("it is run by tailrace; by hand: describe, or run --workload W " +
		"[--workers N] [--host A] [--port P] [--set name=value ...]")
}

func parseRun(description *Description, words []string) (*Request, error) {
	request := &Request{Host: netip.IPv4Unspecified()}
	var settings []string
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&request.Workload, "workload", "", "")
	flags.IntVar(&request.Workers, "workers", 1, "")
	flags.TextVar(&request.Host, "host", request.Host, "")
	port := flags.Uint("port", 0, "")
	flags.Func("set", "", func(text string) error {
		settings = append(settings, text)
		return nil
	})
	if err := flags.Parse(words); err != nil {
		return nil, fmt.Errorf("run: %w", err)
	}
	request.Port = uint16(*port)
	switch {
	case flags.NArg() > 0:
		return nil, fmt.Errorf("run takes no argument %q", flags.Arg(0))
	case !slices.Contains(description.Workloads, request.Workload):
		return nil, fmt.Errorf("no workload %q: it has %s", request.Workload,
			strings.Join(description.Workloads, ", "))
	case request.Workers < 1 || !request.Host.Is4() || uint(request.Port) != *port:
		return nil, fmt.Errorf("no %d workers at %v:%d", request.Workers, request.Host, *port)
	}
	var err error
	request.Options, err = resolve(description.Options, request.Workload, settings)
	return request, err
}
