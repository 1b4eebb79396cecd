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

const workersMax = 1024

// errHelp is asked for help, which is no failure.
var errHelp = flag.ErrHelp

// parse reads the words after the program's name: a nil request is `describe`. The error is one
// sentence, or errHelp.
func parse(description *Description, words []string) (*Request, error) {
	if len(words) == 0 {
		return nil, errors.New("a command is needed: describe or run")
	}
	switch words[0] {
	case "describe":
		if len(words) > 1 {
			return nil, fmt.Errorf("describe takes no arguments, not '%s'", excerpt(words[1]))
		}
		return nil, nil
	case "run":
		return parseRun(description, words[1:])
	case "help", "-h", "-help", "--help":
		return nil, errHelp
	}
	return nil, fmt.Errorf("no command '%s': it has describe and run", excerpt(words[0]))
}

func parseRun(description *Description, words []string) (*Request, error) {
	request := &Request{}
	var cpus string
	var settings []string
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&request.Workload, "workload", "", "")
	flags.IntVar(&request.Workers, "workers", 1, "")
	flags.StringVar(&cpus, "cpus", "", "")
	flags.StringVar(&request.Host, "host", "0.0.0.0", "")
	flags.IntVar(&request.Port, "port", 0, "")
	flags.Func("set", "", func(text string) error {
		settings = append(settings, text)
		return nil
	})
	if err := flags.Parse(words); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil, errHelp
		}
		return nil, errors.New(oneLine(err.Error(), 300))
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("run takes no argument '%s'", excerpt(flags.Arg(0)))
	}
	given := map[string]bool{}
	flags.Visit(func(one *flag.Flag) { given[one.Name] = true })
	if given["cpus"] {
		var err error
		if request.CPUs, err = parseCPUs(cpus); err != nil {
			return nil, fmt.Errorf("--cpus: %w", err)
		}
	}
	return request, validate(description, request, settings)
}

func validate(description *Description, request *Request, settings []string) error {
	if !slices.Contains(description.Workloads, request.Workload) {
		return fmt.Errorf("no workload '%s': --workload is one of %s", excerpt(request.Workload),
			strings.Join(description.Workloads, ", "))
	}
	if request.Workers < 1 || request.Workers > workersMax {
		return fmt.Errorf("--workers is from 1 to %d, not %d", workersMax, request.Workers)
	}
	if request.Port < 0 || request.Port > 65535 {
		return fmt.Errorf("--port is from 0 to 65535, not %d", request.Port)
	}
	if address, err := netip.ParseAddr(request.Host); err != nil || !address.Is4() {
		return fmt.Errorf("--host takes an IPv4 address such as 127.0.0.1, not '%s'",
			excerpt(request.Host))
	}
	var err error
	request.Options, err = resolve(description.Options, request.Workload, settings)
	return err
}

func helpText(description *Description) string {
	return fmt.Sprintf(`%s

Usage: tailrace-target-%s describe
       tailrace-target-%s run --workload W [--workers N] [--cpus LIST] [--host A] [--port P]
                              [--set name=value ...]

Workloads: %s. What each option means is in the output of describe.
`, description.Summary, description.ID, description.ID, strings.Join(description.Workloads, ", "))
}
